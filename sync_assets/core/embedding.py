"""What a sync's embeddings amounted to: how much, what it cost, why something was left out."""

from dataclasses import asdict, dataclass
from decimal import Decimal


@dataclass(slots=True)
class EmbeddingCounts:
    """One tenant's account.

    Attributes:
        embeddings_queued: records with texts to embed, which the budget lets be embedded.
        embeddings_skipped: records with texts to embed that stay without, see `skip_reason`.
        chunks_pending: texts that had no vector yet.
        chunks_embedded: those of them that have one now.
        chunks_refused: those that the provider does not take.
        calls: of the provider.
        tokens: billed; where the provider does not say, reserved.
        cost: money, as text, which is exact.
        currency: of the cost.
        model: that embeds.
        cost_state: how the budget stood, see `core.budget.CostState`.
        skip_reason: why nothing, or not everything, was embedded.
        next_call: what the budget must have room for before it can go on.
    """

    embeddings_queued: int = 0
    embeddings_skipped: int = 0
    chunks_pending: int = 0
    chunks_embedded: int = 0
    chunks_refused: int = 0
    calls: int = 0
    tokens: int = 0
    cost: str = "0"
    currency: str | None = None
    model: str | None = None
    cost_state: str | None = None
    skip_reason: str | None = None
    next_call: str | None = None

    @property
    def skipped(self) -> bool:
        """Was something left out, for a reason that is stored?"""
        return self.skip_reason is not None

    def skip(self, records: int, reason: str, next_call: str) -> None:
        """So many of the queued records stay without vectors."""
        self.embeddings_queued -= records
        self.embeddings_skipped = records
        self.skip_reason, self.next_call = reason, next_call

    def as_dict(self) -> dict[str, int | str | None]:
        """The counts by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Quote:
    """What embedding would take that a tenant's texts still lack.

    Attributes:
        records: that have a text without a vector.
        chunks: texts without a vector, each once.
        tokens: about.
        cost: money, about, in the currency.
        cost_state: how the budget stands.
        skip_reason: why a sync of now would not embed, None where it would.
        left: of the budget; None for no cap.
    """

    records: int
    chunks: int
    tokens: int
    cost: Decimal
    currency: str
    model: str
    cost_state: str
    skip_reason: str | None
    left: Decimal | None = None
