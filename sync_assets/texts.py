"""A tenant's texts: embeds them, tells what that would cost, finds them."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from uuid import UUID, uuid4

from sync_assets.core.budget import Call, Standing
from sync_assets.core.embedding import EmbeddingCounts, Quote
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.search import Findings
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import EMBEDDINGS, SourceSpec
from sync_assets.core.tenants import Tenant
from sync_assets.core.text_settings import TextWishes
from sync_assets.embeddings.choice import Choice, provider_of
from sync_assets.embeddings.embed import Embedder
from sync_assets.embeddings.local import DIMENSION, MODEL
from sync_assets.embeddings.pay import Payer, close_failed
from sync_assets.embeddings.provider import Provider, bound, estimate
from sync_assets.embeddings.retrieve import Retriever, Settle
from sync_assets.settings import Settings
from sync_assets.store.budgets import Budgets
from sync_assets.store.chunk_indexes import ChunkIndexes
from sync_assets.store.connection import Connection, Transaction
from sync_assets.store.database import Database
from sync_assets.store.embedding_sets import SetSize, sizes
from sync_assets.store.embedding_store import EmbeddingStore
from sync_assets.store.held_part import HeldPart
from sync_assets.store.leases import hold
from sync_assets.store.ledger import Ledger
from sync_assets.store.retrieval import Retrieval

ANSWER_WITHIN = 5.0
"""Seconds that a search waits for the provider, before it goes on by words alone."""


@dataclass(frozen=True)
class Texts:
    """What is done with texts, for all tenants.

    Attributes:
        waiting: the tenants of a source whose budget kept texts back, and what each of them would
            pay for its next call.
    """

    settings: Settings
    database: Database
    budgets: Budgets
    ledger: Ledger
    waiting: Callable[[str], Sequence[tuple[str, Decimal]]]
    _providers: dict[tuple[str, int], Provider | None] = field(
        default_factory=dict[tuple[str, int], Provider | None], init=False, repr=False
    )

    @cached_property
    def provider(self) -> Provider:
        """Who embeds, as the operator chose; raises `OperatorMustAct`."""
        return provider_of(self._choice)

    @cached_property
    def _choice(self) -> Choice:
        settings = self.settings
        key = settings.embeddings_api_key
        return Choice(
            settings.embeddings_url,
            settings.embeddings_model,
            key.get_secret_value() if key else None,
            settings.embeddings_dimension,
            settings.embeddings_prices,
            settings.allow_private_urls,
        )

    def switched_off(self, tenant: Tenant) -> str | None:
        """Who does not want a tenant's texts embedded; None where everybody does."""
        if not self.settings.embeddings:
            return "Embeddings are switched off by SYNC_ASSETS_EMBEDDINGS."
        if not TextWishes.parse(tenant.id, tenant.settings).embed:
            return f"Embeddings are switched off by {tenant.id}'s setting 'embeddings'."
        return None

    def embedder(
        self, tenant: Tenant, spec: SourceSpec, sync_id: UUID, held: HeldPart, stop: StopSignal
    ) -> Embedder:
        """Embeds for a sync that holds the tenant's embeddings.

        Raises:
            OperatorMustAct: no provider fits the settings; what is no longer public is gone first.
        """
        try:
            _ = self.provider
        except OperatorMustAct:
            self.prune(tenant, spec, held)
            raise
        store = self._store(tenant, spec, held.writing, held.beat)
        return self._embedder(tenant, sync_id, store, held.progress, stop)

    def prune(self, tenant: Tenant, spec: SourceSpec, held: HeldPart) -> None:
        """Take away what nobody may read any more, where nothing is split anew."""
        store = self._store(tenant, spec, held.writing)
        if store.prune(edited=True):
            store.forget()

    def quote(self, tenant: Tenant, spec: SourceSpec) -> Quote:
        """What a sync of now would embed; writes nothing, but keeps syncs out meanwhile.

        Raises:
            SyncHeld: a sync is embedding right now.
        """
        quote_id = uuid4()
        with (
            hold(self.database, tenant.id, EMBEDDINGS, quote_id),
            self.database.as_tenant(tenant.id) as connection,
            _undone(connection) as same,
        ):
            store = self._store(tenant, spec, same)
            found = self._embedder(tenant, quote_id, store, _nobody, StopSignal()).quote()
        return replace(found, skip_reason=self.switched_off(tenant) or found.skip_reason)

    def standing(self, tenant: Tenant) -> Standing:
        """How the budget stands for the tenant's next call, as its next sync would find it."""
        free = self.provider.price == 0
        waiting = dict(self.waiting(tenant.source)).get(tenant.id)
        return self.budgets.standing(tenant.id, Decimal(0) if free else waiting)

    def sizes(self, tenant: Tenant) -> list[SetSize]:
        """The tenant's sets of vectors, the one that search uses first."""
        with self.database.as_tenant(tenant.id) as connection:
            return sizes(connection)

    def search(
        self,
        tenant: Tenant,
        spec: SourceSpec,
        question: str,
        limit: int = 5,
        source_types: Sequence[str] = (),
    ) -> Findings:
        """The records that answer a question; see `Retriever.search`."""
        wishes = TextWishes.parse(tenant.id, tenant.settings)

        def store(tenant_id: str) -> Retrieval:
            return Retrieval(
                self.database,
                tenant_id,
                spec.streams,
                wishes.configurations,
                unpublished=wishes.unpublished,
            )

        retriever = Retriever(store, self._provider_of_model, self._spend)
        stop = StopSignal(hard=ANSWER_WITHIN)
        return retriever.search(tenant.id, question, limit, source_types, stop)

    def _provider_of_model(self, model: str, dimension: int) -> Provider | None:
        """Who embeds questions for a set, which may be that of a model chosen before."""
        key = model, dimension
        if key not in self._providers:
            self._providers[key] = self._provider(*key)
        return self._providers[key]

    def _provider(self, model: str, dimension: int) -> Provider | None:
        if (model, dimension) == (MODEL, DIMENSION):
            return provider_of(replace(self._choice, url=None, model=model, dimension=dimension))
        if self._choice.url is None:
            return None
        return provider_of(replace(self._choice, model=model, dimension=dimension))

    @contextmanager
    def _spend(self, tenant_id: str, provider: Provider, question: str) -> Generator[Settle]:
        """Pay for a question."""
        call = Call(
            tenant_id,
            "query",
            provider.model,
            1,
            estimate(question),
            bound(question),
            provider.price,
        )
        reservation = self.ledger.reserve(call)

        def settle(tokens: int | None) -> None:
            with self.database.as_tenant(tenant_id) as connection:
                self.ledger.settle(connection, reservation, tokens)

        try:
            yield settle
        except BaseException as error:
            close_failed(self.ledger, reservation, error)
            raise

    def _store(
        self,
        tenant: Tenant,
        spec: SourceSpec,
        transaction: Transaction,
        beat: Callable[[], None] = lambda: None,
    ) -> EmbeddingStore:
        wishes = TextWishes.parse(tenant.id, tenant.settings)
        return EmbeddingStore(transaction, spec.streams, wishes, ChunkIndexes(self.database), beat)

    def _embedder(
        self,
        tenant: Tenant,
        sync_id: UUID,
        store: EmbeddingStore,
        show: Callable[[EmbeddingCounts], None],
        stop: StopSignal,
    ) -> Embedder:
        def standing(next_call: Decimal | None) -> Standing:
            return self.budgets.standing(tenant.id, next_call)

        payer = Payer(tenant.id, sync_id, store, self.provider, self.ledger, stop)
        return Embedder(payer, standing, show)


@contextmanager
def _undone(connection: Connection) -> Generator[Transaction]:
    """The same transaction for everything, which is rolled back at the end."""
    with connection.transaction(force_rollback=True):
        yield lambda: nullcontext(connection)


def _nobody(_: EmbeddingCounts) -> None:
    """Nobody looks at the progress."""
