"""Answers a question with a tenant's records: by meaning and by words."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sync_assets.core.errors import (
    BudgetSpent,
    OperatorMustAct,
    OutOfTime,
    RetryLater,
    SourceChanged,
    WrongWish,
)
from sync_assets.core.search import Findings, SearchedSet, Sides, asked, check_limit
from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.fusion import FITTED, Weights, fused

if TYPE_CHECKING:
    from sync_assets.embeddings.provider import Provider

_log = logging.getLogger(__name__)

_DEPTH = 50
"""Records of each side that are merged, at least."""

_TRIES = 3
"""A set may be replaced, by another model's, while its question is being embedded."""

_UNHELPED = (BudgetSpent, OperatorMustAct, OutOfTime, RetryLater, SourceChanged)
"""What may keep a question from being embedded, but not from being looked for by its words."""


class SearchStore(Protocol):
    """One tenant's chunks and vectors."""

    @property
    def source_types(self) -> Sequence[str]:
        """The types of text that the tenant may have."""
        ...

    def newest(self) -> SearchedSet | None:
        """The set to search, None while nothing has been split yet."""
        ...

    def look(
        self,
        searched: SearchedSet,
        question: str,
        vector: Sequence[float] | None,
        source_types: Sequence[str],
        most: int,
    ) -> Sides | None:
        """What both sides find, at most `most` records each; None when the set is no more."""
        ...


Settle = Callable[[int | None], None]
"""Takes the tokens that a question was billed, None where the provider does not say."""

Spend = Callable[[str, "Provider", str], AbstractContextManager[Settle]]
"""Reserves what a tenant's question may cost; settles, releases or counts it as lost at the end.

Raises `BudgetSpent` or `RetryLater` at the beginning where it may not be asked.
"""

ProviderOfModel = Callable[[str, int], "Provider | None"]
"""The provider of a model's vectors of a dimension; None where it is configured no more."""


@dataclass(frozen=True)
class Retriever:
    """Searches.

    Attributes:
        stores: gives a tenant's store.
        provider_of_model: gives who embeds a question.
        spend: pays for that.
        weights: how much meaning and words count.
    """

    stores: Callable[[str], SearchStore]
    provider_of_model: ProviderOfModel
    spend: Spend
    weights: Weights = FITTED

    def search(
        self,
        tenant_id: str,
        question: str,
        limit: int = 5,
        source_types: Sequence[str] = (),
        stop: StopSignal | None = None,
    ) -> Findings:
        """The records that answer a question best, each once.

        Args:
            tenant_id: whose records.
            question: a sentence or words, in any of the tenant's languages; 10,000 characters
                at most.
            limit: hits, from 1 to 100.
            source_types: only records of these types, all where there are none.
            stop: ends the wait for a provider.

        Raises:
            WrongWish: there is no question, it is too long, the limit is out of bounds, or
                there is no such type.
            Stopped: it was asked to stop.
        """
        cleaned, most = asked(question), check_limit(limit)
        store, stop = self.stores(tenant_id), stop or StopSignal()
        _check_types(tenant_id, source_types, store.source_types)
        for _ in range(_TRIES):
            if (searched := store.newest()) is None:
                return Findings((), [_nothing(tenant_id)])
            vector, note = self._embedded(tenant_id, searched, cleaned, stop)
            sides = store.look(searched, cleaned, vector, source_types, max(_DEPTH, 2 * most))
            if sides is not None:
                hits = fused(sides.by_vector, sides.by_words, most, self.weights)
                return Findings(hits, [text for text in (_incomplete(searched), note) if text])
        raise RetryLater(f"The texts of {tenant_id} are being embedded anew. Ask again.")

    def _embedded(
        self, tenant_id: str, searched: SearchedSet, question: str, stop: StopSignal
    ) -> tuple[Sequence[float] | None, str | None]:
        """The question's vector, or why there is none."""
        try:
            return self._vector(tenant_id, searched, question, stop), None
        except _UNHELPED as error:
            _log.warning("A question of %s was not embedded: %s", tenant_id, error)
            why = "The provider takes too long." if isinstance(error, OutOfTime) else error
            return None, f"Found by words only: {why}"

    def _vector(
        self, tenant_id: str, searched: SearchedSet, question: str, stop: StopSignal
    ) -> Sequence[float]:
        provider = self.provider_of_model(searched.model, searched.dimension)
        if provider is None:
            raise OperatorMustAct(
                f"The texts are embedded by {searched.model} in {searched.dimension} dimensions, "
                "which is configured no more. The next sync embeds them anew."
            )
        with self.spend(tenant_id, provider, question) as settle:
            answer = provider.embed([question], stop)
            settle(answer.tokens)
        return answer.vectors[0].tolist()


def _check_types(tenant_id: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    for name in wanted:
        if name not in known:
            raise WrongWish(
                f"{tenant_id} has no texts of the type {name!r:.80}. It has {', '.join(known)}."
            )


def _incomplete(searched: SearchedSet) -> str | None:
    if searched.complete:
        return None
    return "Not everything is embedded yet: some of it is found by its words only."


def _nothing(tenant_id: str) -> str:
    return (
        f"Nothing of {tenant_id} is embedded yet. 'sync-assets sync {tenant_id}' does that at the "
        "end of a sync."
    )
