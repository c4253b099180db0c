"""What embedding needs of the store and of the ledger."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from sync_assets.core.budget import Call, Reservation, Standing
from sync_assets.core.texts import Chunk, Document, Pending, SetKey, VectorSet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TextStore(Protocol):
    """One tenant's documents, chunks and vectors; each method is a transaction of its own."""

    def open(self, key: SetKey) -> VectorSet:
        """The tenant's set of that key, made where there is none."""
        ...

    def others(self, than: VectorSet) -> Sequence[VectorSet]:
        """The tenant's other sets: what search uses while this one is in the making."""
        ...

    def prune(self) -> int:
        """Take away what is no longer live and public; gives the number of records."""
        ...

    def forget(self) -> int:
        """Delete the vectors of texts that no chunk has any more; gives their number."""
        ...

    def changed(self, of: VectorSet) -> Iterator[list[Document]]:
        """The records to be split anew, some at a time."""
        ...

    def write(
        self, into: VectorSet, batch: Sequence[tuple[Document, Sequence[Chunk]]], sync_id: UUID
    ) -> None:
        """Put documents' chunks in the place of those that they had."""
        ...

    def pending(self, of: VectorSet) -> Pending:
        """How much has no vector yet."""
        ...

    def next_batch(
        self, of: VectorSet, most_inputs: int, most_bytes: int
    ) -> list[tuple[bytes, str]]:
        """The next texts to embed, with their hashes; the first one, however long it is."""
        ...

    def leave_out(self, of: VectorSet, hashes: Sequence[bytes]) -> None:
        """Do not offer these texts again."""
        ...

    def save(
        self,
        into: VectorSet,
        hashes: Sequence[bytes],
        found: "NDArray[np.float32]",
        settle: Callable[[Any], None],
    ) -> None:
        """Store vectors and settle what they cost, in one transaction, which `settle` is given."""
        ...

    def finish(self, done: VectorSet) -> bool:
        """Let search use the set where nothing is missing; gives whether that is so."""
        ...


class Ledger(Protocol):
    """Books what calls cost."""

    def reserve(self, call: Call) -> Reservation:
        """Reserve what a call can cost at most; raises `BudgetSpent`, or `RetryLater`."""
        ...

    def settle(self, connection: Any, reservation: Reservation, tokens: int | None) -> None:  # noqa: ANN401 - the store's
        """Book what a call has cost, in the transaction that stores its answer."""
        ...

    def release(self, reservation: Reservation) -> None:
        """Give back what was reserved for a call that surely was not billed."""
        ...

    def forfeit(self, reservation: Reservation) -> None:
        """Count as spent what was reserved for a call that may have been billed."""
        ...

    def lose(self, sync_id: UUID) -> int:
        """Count as spent what a dead attempt of a sync had reserved."""
        ...


StandingFor = Callable[[Decimal | None], Standing]
"""How the tenant's budget stands for a call that may cost so much; None for an unknown little."""
