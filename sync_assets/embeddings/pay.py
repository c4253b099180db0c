"""Pays for calls: reserves before each one, stores its answer with its bill after it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sync_assets.core.budget import Call, Reservation, money
from sync_assets.core.embedding import EmbeddingCounts
from sync_assets.core.errors import BudgetSpent, RetryLater
from sync_assets.core.stop import StopSignal
from sync_assets.core.texts import VectorSet
from sync_assets.embeddings.errors import may_be_billed
from sync_assets.embeddings.ports import Ledger, TextStore
from sync_assets.embeddings.provider import Answer, Provider, bound, estimate

CROWDED = 60
"""How often a reservation is tried again that only other calls in flight keep out."""

TRIES, PAUSE = 3, 1.0
"""How often an answer is tried to be stored, and the seconds between two tries."""

Texts = Sequence[tuple[bytes, str]]
"""Texts with their hashes."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Pays for the calls of one sync of one tenant."""

    tenant_id: str
    sync_id: UUID
    store: TextStore
    provider: Provider
    ledger: Ledger
    stop: StopSignal

    def call(self, batch: Texts) -> Call:
        """The call that would embed these texts."""
        provider, texts = self.provider, [text for _, text in batch]
        return Call(
            self.tenant_id,
            "embed",
            provider.model,
            len(texts),
            sum(map(estimate, texts)),
            sum(map(bound, texts)),
            provider.price,
            self.sync_id,
        )

    def pay(self, target: VectorSet, batch: Texts, counts: EmbeddingCounts) -> None:
        """Embed some texts, or as many of them as the budget has room for.

        The answer is stored before anything else is paid for.

        Raises:
            BudgetSpent: there is no room for the first text.
            SyncError: the provider did not answer as it should.
        """
        reservation, texts = self._reserved(batch)
        answer = self._answer(reservation, [text for _, text in texts])
        self._save(target, texts, answer, reservation)
        self.stop.progressed()
        counts.calls += 1
        counts.chunks_embedded += len(texts)
        counts.tokens += reservation.call.bound if answer.tokens is None else answer.tokens
        counts.cost = money(Decimal(counts.cost) + reservation.billed(answer.tokens))

    def _reserved(self, batch: Texts) -> tuple[Reservation, Texts]:
        while True:
            try:
                return self._reserve(batch), batch
            except BudgetSpent:
                if len(batch) == 1:
                    raise
                batch = batch[: len(batch) // 2]

    def _reserve(self, batch: Texts) -> Reservation:
        call = self.call(batch)
        for _ in range(CROWDED):
            try:
                return self.ledger.reserve(call)
            except RetryLater as crowded:
                if crowded.after is None:  # it is PostgreSQL that is unwell
                    raise
                self.stop.wait(crowded.after)
        return self.ledger.reserve(call)

    def _answer(self, reservation: Reservation, texts: Sequence[str]) -> Answer:
        try:
            return self.provider.embed(texts, self.stop)
        except BaseException as error:
            close_failed(self.ledger, reservation, error)
            raise

    def _save(
        self, target: VectorSet, texts: Texts, answer: Answer, reservation: Reservation
    ) -> None:
        """Store what was paid for, also through a moment in which PostgreSQL is away."""

        def settle(connection: object) -> None:
            self.ledger.settle(connection, reservation, answer.tokens)

        for left in reversed(range(TRIES)):
            try:
                self.store.save(target, [key for key, _ in texts], answer.vectors, settle)
            except RetryLater:
                if not left:
                    raise
                time.sleep(PAUSE)
            else:
                return


def close_failed(ledger: Ledger, reservation: Reservation, error: BaseException) -> None:
    """Book a call that failed: as spent where it may have been billed, otherwise given back."""
    if may_be_billed(error):
        ledger.forfeit(reservation)
    else:
        ledger.release(reservation)
