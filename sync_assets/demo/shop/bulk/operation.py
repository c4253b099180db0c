"""One bulk operation and what is said of it."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar


@dataclass(slots=True)
class Knobs:
    """How operations go, for tests to turn.

    Attributes:
        waits: seconds between CREATED and RUNNING.
        pace: seconds of rest after every hundred records of the root.
        fails_after: the next operation fails once it has written so many objects.
        error_code: what that one says: INTERNAL_SERVER_ERROR or TIMEOUT.
        leaves_partial_data: whether it offers what it had by then.
        url_lasts: by the shop's clock; afterwards the status is EXPIRED and the URL is dead.
        at_once: how many may be under way. Shopify allows five since 2026-01 and one before; the
            stricter is the default.
    """

    waits: float = 0.0
    pace: float = 0.0
    fails_after: int | None = None
    error_code: str = "INTERNAL_SERVER_ERROR"
    leaves_partial_data: bool = True
    url_lasts: timedelta = timedelta(days=7)
    at_once: int = 1


@dataclass(slots=True)
class Operation:
    """One operation, as its thread left it."""

    typename: ClassVar[str] = "BulkOperation"
    id: int
    app: str
    query: str
    path: Path
    created_at: datetime
    now: Callable[[], datetime]
    base_url: str
    fails_after: int | None
    state: str = "CREATED"
    error_code: str | None = None
    objects: int = 0
    roots: int = 0
    size: int | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    has_partial: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def left(self) -> int | None:
        """How many objects it may still write before it fails; None when it is not to fail."""
        return None if self.fails_after is None else max(0, self.fails_after - self.objects)

    @property
    def status(self) -> str:
        """EXPIRED is what a completed operation comes to."""
        return "EXPIRED" if self.state == "COMPLETED" and self.expired else self.state

    @property
    def expired(self) -> bool:
        """Whether the URL is dead."""
        return self.expires_at is not None and self.now() >= self.expires_at

    @property
    def key(self) -> str:
        """What makes the URL hard to guess."""
        return hashlib.sha256(f"{self.path}{self.id}".encode()).hexdigest()[:24]

    @property
    def _address(self) -> str:
        return f"{self.base_url}/bulk/{self.id}.jsonl?signature={self.key}"

    @property
    def url(self) -> str | None:
        """Where the whole result is; null for a result without a single object, as at Shopify."""
        good = self.status == "COMPLETED" and self.objects > 0
        return self._address if good else None

    @property
    def partial_data_url(self) -> str | None:
        """Where the beginning of a failed operation's result is."""
        return self._address if self.has_partial and not self.expired else None

    @property
    def file_size(self) -> int | None:
        """Bytes of the result, once there is one."""
        return self.size if self.state == "COMPLETED" else None


@dataclass(frozen=True, slots=True)
class UserError:
    """An entry of `userErrors`."""

    field: list[str] | None
    message: str
    code: str


@dataclass(frozen=True, slots=True)
class Payload:
    """What the mutations return."""

    operation: Operation | None
    errors: Sequence[UserError] = ()
