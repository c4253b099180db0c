"""Embeds one tenant's texts: what changed, within the budget, paying for nothing twice."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from sync_assets.core.budget import cost
from sync_assets.core.embedding import EmbeddingCounts, Quote
from sync_assets.core.errors import BudgetSpent, OperatorMustAct, OutOfTime, RetryLater
from sync_assets.core.texts import SetKey, VectorSet
from sync_assets.embeddings.answers import DIMENSION, MODEL
from sync_assets.embeddings.chunks import SPLITTER, chunks_of
from sync_assets.embeddings.errors import TextRefused, TooMuch
from sync_assets.embeddings.pay import Payer, Texts
from sync_assets.embeddings.ports import StandingFor
from sync_assets.embeddings.provider import PER_TOKEN, bound

_log = logging.getLogger(__name__)

MOST_REFUSED = 50
"""Texts that a provider may refuse while it takes none: after that it is not the texts."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """Embeds for one sync of one tenant.

    Attributes:
        payer: has the tenant's store, the provider, and who books; its stop signal ends all.
        standing: how the tenant's budget stands.
        show: is told how far it is.
    """

    payer: Payer
    standing: StandingFor
    show: Callable[[EmbeddingCounts], None]

    def check(self) -> EmbeddingCounts:
        """Follow the records, which costs nothing, and see whether the rest may be embedded.

        Vectors of what is gone or no longer public go away here, whatever the budget says.
        """
        return self._check(self._follow())

    def embed(self) -> EmbeddingCounts:
        """The same, and embed what the budget lets be embedded.

        Raises:
            OperatorMustAct: the provider serves us not at all, or takes no text at all.
            SyncError: the provider, PostgreSQL or the stop signal ended it; what was paid for is
                stored.
        """
        target = self._follow()
        counts = self._check(target)
        if counts.skip_reason is None:
            self.payer.ledger.lose(self.payer.sync_id)
            self._embed(target, counts)
        self._finish(target, counts)
        self.show(counts)
        return counts

    def quote(self) -> Quote:
        """What `embed` would do now; the store decides what of this stays."""
        target, price = self._follow(), self.payer.provider.price
        pending, counts = self.payer.store.pending(target), self._check(target)
        tokens = -(-pending.bytes // PER_TOKEN)
        return Quote(
            pending.records,
            pending.chunks,
            tokens,
            cost(tokens, price),
            counts.currency or "",
            self.payer.provider.model,
            counts.cost_state or "",
            counts.skip_reason,
            self.standing(Decimal(0)).left,
        )

    def _follow(self) -> VectorSet:
        """Bring the chunks of all sets in step with the records; gives the set to be embedded."""
        store, stop, provider = self.payer.store, self.payer.stop, self.payer.provider
        gone = store.prune()
        if gone:
            _log.info("%d records are no longer public, and found no more", gone)
        target = store.open(SetKey(provider.model, provider.dimension, SPLITTER))
        for one in (target, *store.others(target)):
            for documents in store.changed(one):
                stop.check_turn()
                split = [(each, chunks_of(each.title, each.body)) for each in documents]
                store.write(one, split, self.payer.sync_id)
                stop.progressed()
        store.forget()  # only now: a text may have moved from one record to another
        return target

    def _check(self, target: VectorSet) -> EmbeddingCounts:
        store = self.payer.store
        pending, first = store.pending(target), store.next_batch(target, 1, 1)
        next_call = self._next_call(first)
        standing = self.standing(next_call)
        counts = EmbeddingCounts(
            embeddings_queued=pending.records,
            chunks_pending=pending.chunks,
            currency=standing.currency,
            model=self.payer.provider.model,
            cost_state=standing.state.value,
        )
        if first and not standing.state.lets_spend:
            counts.skip(pending.records, standing.reason or standing.state.value, str(next_call))
        self.show(counts)
        return counts

    def _embed(self, target: VectorSet, counts: EmbeddingCounts) -> None:
        while batch := self._next(target):
            self.payer.stop.check_turn()
            try:
                self._pay(target, batch, counts)
            except BudgetSpent as spent:
                next_call = self._next_call(batch)
                left = self.payer.store.pending(target).records
                counts.skip(left, str(spent), str(next_call))
                counts.cost_state = self.standing(next_call).state.value
                return
            except TooMuch as refused:
                _log.info("%s", refused)  # from now on the provider says that it takes fewer
            except RetryLater as error:
                if counts.chunks_embedded:  # it got on: that is no failed attempt
                    raise OutOfTime(f"{error} The rest is embedded soon.") from error
                raise
            self.show(counts)

    def _finish(self, target: VectorSet, counts: EmbeddingCounts) -> None:
        complete = self.payer.store.finish(target)
        if not complete and counts.skip_reason is None and counts.chunks_refused:
            raise self._takes_none(counts)

    def _takes_none(self, counts: EmbeddingCounts) -> OperatorMustAct:
        return OperatorMustAct(
            f"{self.payer.provider.model} refused all of the {counts.chunks_refused} texts that it "
            f"was sent. Look at {MODEL} and {DIMENSION}. What was embedded before stays in use."
        )

    def _next(self, target: VectorSet) -> Texts:
        provider = self.payer.provider
        inputs = max(1, provider.max_inputs)
        most_bytes = provider.max_tokens - inputs * bound("")
        return self.payer.store.next_batch(target, inputs, most_bytes)

    def _pay(self, target: VectorSet, batch: Texts, counts: EmbeddingCounts) -> None:
        """Pay for a batch; a text that the provider does not take is found by halving."""
        try:
            self.payer.pay(target, batch, counts)
        except TextRefused as refused:
            if len(batch) == 1:
                _log.warning("A text of %s is left out: %s", self.payer.tenant_id, refused)
                self.payer.store.leave_out(target, [key for key, _ in batch])
                counts.chunks_refused += 1
                if counts.chunks_refused >= MOST_REFUSED and not counts.chunks_embedded:
                    raise self._takes_none(counts) from refused
                return
            self._pay(target, batch[: len(batch) // 2], counts)
            self._pay(target, batch[len(batch) // 2 :], counts)

    def _next_call(self, batch: Texts) -> Decimal | None:
        """What the smallest next call may cost; 0 where calls are free, None for no next call."""
        if batch:
            return self.payer.call(batch[:1]).most
        return None if self.payer.provider.price else Decimal(0)
