"""How large a shop is, and of which country and time."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a shop holds; `until` is when the last of it happened."""

    products: int = 60
    orders: int = 240
    locations: int = 3
    market: str = "br"
    seed: int = 1
    since: datetime = field(default=datetime.fromisoformat("2024-03-04T09:00:00+00:00"))
    until: datetime = field(default=datetime.fromisoformat("2026-10-20T21:00:00+00:00"))
