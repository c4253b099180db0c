"""The whole program, put together: what commands, Dagster and the gateway call."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sync_assets.adapters import Adapters
from sync_assets.core.clock import utc_now
from sync_assets.core.counts import Counts
from sync_assets.core.embedding import EmbeddingCounts, Quote
from sync_assets.core.errors import (
    LeaseLost,
    OperatorMustAct,
    SyncError,
    SyncHeld,
    WrongWish,
)
from sync_assets.core.months import Month
from sync_assets.core.plan import PlanStore
from sync_assets.core.ports import Source, SyncOptions, SyncRequest
from sync_assets.core.run import Outcome, open_later, run_part, run_stream, run_tenant
from sync_assets.core.search import Findings
from sync_assets.core.shops import ShopSummary
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import EMBEDDINGS, SourceSpec
from sync_assets.core.sync import sync_stream
from sync_assets.core.tenants import Tenant
from sync_assets.sources import SOURCES, SPECS, SourceFactory
from sync_assets.store.demo_mark import is_demo
from sync_assets.store.held_part import HeldPart

if TYPE_CHECKING:
    from sync_assets.embeddings.embed import Embedder


@dataclass(frozen=True)
class Platform(Adapters):
    """The whole program, but for what starts it: Dagster, the command, later the gateway."""

    def source(self, tenant: Tenant) -> Source:
        """The tenant's source; raises `OperatorMustAct` when there is none of that name.

        It asks public addresses only, unless the operator allows others; the demo site that this
        program has started itself is let through.
        """
        settings = self.settings
        private = settings.allow_private_urls or is_demo(settings.home, tenant)
        factory = _factory(tenant.source)
        return factory(allow_private=private, paces=self.paces, tokens=self.access_tokens)

    def spec(self, name: str) -> SourceSpec:
        """What a source says of itself; raises `OperatorMustAct` when there is none."""
        return _factory(name).spec

    def streams(self, source: str, names: Sequence[str] = ()) -> tuple[str, ...]:
        """The named parts of a source's syncs in their order, all of them when none are named.

        That is its streams, and the embeddings of their texts.

        Raises:
            OperatorMustAct: there is no such source.
            WrongWish: it has no such part.
        """
        known = self.spec(source).parts
        for name in names:
            if name not in known:
                raise WrongWish(f"{source} has no stream {name!r:.80}. It has {', '.join(known)}.")
        wanted = names or [part for part in known if part != EMBEDDINGS or self.settings.embeddings]
        return tuple(part for part in known if part in wanted)

    def check_account(self, tenant: Tenant) -> None:
        """Connect as a sync would, and look for what the tenant's settings name.

        Raises:
            SyncError: it cannot.
        """
        source = self.source(tenant)
        with source.connect(tenant, SyncOptions(), StopSignal()) as connection:
            connection.verify()
            for stream in source.spec.streams:
                connection.collections(stream.name)

    def request(
        self,
        tenant_id: str,
        streams: Sequence[str] = (),
        options: SyncOptions | None = None,
        sync_id: UUID | None = None,
        run_id: str | None = None,
    ) -> SyncRequest:
        """A sync of an active tenant; all its source's streams unless some are named.

        Raises:
            UnknownTenant: it is not registered, or was removed.
            WrongWish: its source has no such stream.
        """
        tenant = self.tenants.active(tenant_id)
        wanted = self.streams(tenant.source, streams)
        return SyncRequest(sync_id or uuid4(), tenant, wanted, options or SyncOptions(), run_id)

    def run_stream(self, request: SyncRequest, stream: str, stop: StopSignal) -> Counts:
        """Sync one stream of a request; see `core.run.run_stream`."""
        source = self.source(request.tenant)
        with self._recorded(request, stream), open_later(source, request, stop) as connect:
            return run_stream(request, stream, self.syncs.holder(source.spec), connect, stop)

    def check_embeddings(self, request: SyncRequest, stop: StopSignal) -> EmbeddingCounts:
        """Bring the chunks of texts up to date, and see whether the budget lets embed them."""

        def is_done(counts: EmbeddingCounts) -> bool:
            return counts.skip_reason is not None

        with self._recorded(request, EMBEDDINGS):
            return self._embed(request, stop, lambda embedder: embedder.check(), is_done)

    def embed(self, request: SyncRequest, stop: StopSignal) -> EmbeddingCounts:
        """Embed a tenant's texts, as far as the budget lets that be done."""
        with self._recorded(request, EMBEDDINGS):
            return self._embed(request, stop, lambda embedder: embedder.embed())

    def skip(self, request: SyncRequest, held: SyncHeld) -> None:
        """Record that no stream of a request was run, because another sync has its tenant."""
        self.syncs.begin(request)
        for stream in request.streams:
            reason, kind = str(held), SyncHeld.__name__
            self.syncs.skip(request.id, request.tenant.id, stream, reason, kind)

    def run_tenant(self, request: SyncRequest, stop: StopSignal) -> list[Outcome]:
        """Sync all parts of a request; see `core.run.run_tenant`."""
        source = self.source(request.tenant)

        def embed() -> EmbeddingCounts:
            return self._embed(request, stop, lambda embedder: embedder.embed())

        return run_tenant(request, source, self.syncs.holder(source.spec), stop, embed)

    def plan(self, request: SyncRequest, stop: StopSignal) -> tuple[dict[str, Counts], list[str]]:
        """What a sync would do, by stream, and what it would say; writes nothing."""
        source = self.source(request.tenant)
        holder = self.syncs.holder(source.spec)
        counts: dict[str, Counts] = {}
        notes: list[str] = []
        with open_later(source, request, stop) as connect:
            for stream in (part for part in request.streams if part != EMBEDDINGS):
                store = PlanStore(holder.stored(request.tenant.id, stream))
                counts[stream] = sync_stream(stream, connect(), store, request.options, stop)
                notes += store.notes
        return counts, notes

    def quote(self, tenant_id: str) -> Quote:
        """What embedding would take that a tenant's texts still lack; writes nothing."""
        tenant = self.tenants.active(tenant_id)
        return self.texts.quote(tenant, self.spec(tenant.source))

    def summary(self, tenant_id: str, source: str, month: Month | None = None) -> ShopSummary:
        """A month of a tenant's shop in figures, the present one unless another is named.

        Raises:
            OperatorMustAct: its source is no shop.
        """
        spec = self.spec(source)
        if spec.figures is None:
            shops = ", ".join(each.title for each in SPECS if each.figures is not None)
            raise OperatorMustAct(
                f"{tenant_id} is no shop: {spec.title} has no orders to sum up. {shops} has."
            )
        wanted = month or self.shops.now_month(utc_now())
        return self.shops.summary(tenant_id, spec.figures, wanted)

    def search(
        self, tenant_id: str, question: str, limit: int = 5, source_types: Sequence[str] = ()
    ) -> Findings:
        """The records of a tenant that answer a question best; see `Retriever.search`."""
        tenant = self.tenants.active(tenant_id)
        spec = self.spec(tenant.source)
        return self.texts.search(tenant, spec, question, limit, source_types)

    def _embed(
        self,
        request: SyncRequest,
        stop: StopSignal,
        how: "Callable[[Embedder], EmbeddingCounts]",
        is_done: Callable[[EmbeddingCounts], bool] = lambda _: True,
    ) -> EmbeddingCounts:
        tenant, spec = request.tenant, self.spec(request.tenant.source)

        def work(held: HeldPart) -> EmbeddingCounts:
            off = self.texts.switched_off(tenant)
            if off is not None:
                self.texts.prune(tenant, spec, held)
                counts = EmbeddingCounts(skip_reason=off)
                held.progress(counts)
                return counts
            return how(self.texts.embedder(tenant, spec, request.id, held, stop))

        hold = self.syncs.holder(spec).hold_part(request, EMBEDDINGS)
        return run_part(request, EMBEDDINGS, hold, work, stop, is_done=is_done)

    @contextmanager
    def _recorded(self, request: SyncRequest, part: str) -> Generator[None]:
        """Record what cannot run because one part, which is run by itself, did not."""
        self.syncs.begin(request)
        try:
            yield
        except SyncHeld as error:
            self.syncs.skip(request.id, request.tenant.id, part, str(error), SyncHeld.__name__)
            self._skip_dependents(request, part)
            raise
        except LeaseLost:
            raise  # what becomes of the other streams is for its new holder to say
        except SyncError:
            self._skip_dependents(request, part)
            raise

    def _skip_dependents(self, request: SyncRequest, failed: str) -> None:
        """Record which parts of the request cannot run because this one failed."""
        spec = self.spec(request.tenant.source)
        for part in request.streams:
            if failed in spec.needs(part):
                reason = f"{part} needs {failed}, which was not synced."
                self.syncs.skip(request.id, request.tenant.id, part, reason)


def _factory(name: str) -> SourceFactory:
    if name not in SOURCES:
        raise OperatorMustAct(f"There is no source {name!r}. There is {', '.join(SOURCES)}.")
    return SOURCES[name]
