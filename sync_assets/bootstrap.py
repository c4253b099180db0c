"""Builds the adapters from the settings: the only place where they meet."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from uuid import UUID, uuid4

from sync_assets.core.counts import Counts
from sync_assets.core.errors import LeaseLost, OperatorMustAct, SyncError, SyncHeld
from sync_assets.core.plan import PlanStore
from sync_assets.core.ports import Source, SyncOptions, SyncRequest
from sync_assets.core.requests import BACKOFF
from sync_assets.core.run import Outcome, open_later, run_stream, run_tenant
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec
from sync_assets.core.sync import sync_stream
from sync_assets.core.tenants import Tenant
from sync_assets.settings import Settings
from sync_assets.sources import SOURCES, SourceFactory
from sync_assets.store import embedded
from sync_assets.store.attempts import Attempts
from sync_assets.store.claims import Claims
from sync_assets.store.database import Database
from sync_assets.store.dead_letters import DeadLetters
from sync_assets.store.demo_mark import is_demo
from sync_assets.store.due import Due
from sync_assets.store.export import Export
from sync_assets.store.failed_checks import FailedChecks
from sync_assets.store.health import Health
from sync_assets.store.history import History
from sync_assets.store.migrate import migrate
from sync_assets.store.paces import Paces
from sync_assets.store.requests import Requests
from sync_assets.store.secrets import Vault, key_file
from sync_assets.store.settling import Settling
from sync_assets.store.syncs import Syncs
from sync_assets.store.tenants import Tenants


@dataclass(frozen=True)
class Platform:
    """The whole program, but for what starts it: Dagster, the command, later the gateway."""

    settings: Settings = field(default_factory=Settings)

    @cached_property
    def database_url(self) -> str:
        """The owner's URL; starts the embedded server where that one is used."""
        return database_url(self.settings)

    @cached_property
    def database(self) -> Database:
        """The database, at the newest schema."""
        database = Database(self.database_url)
        migrate(database)
        return database

    @cached_property
    def vault(self) -> Vault:
        """Seals and opens credentials."""
        return Vault(_secret_key(self.settings))

    @cached_property
    def tenants(self) -> Tenants:
        """The registered tenants."""
        return Tenants(self.database, self.vault)

    @cached_property
    def syncs(self) -> Syncs:
        """The record of syncs."""
        return Syncs(self.database)

    @cached_property
    def requests(self) -> Requests:
        """What was asked for."""
        return Requests(self.database)

    @cached_property
    def claims(self) -> Claims:
        """Which requests start next."""
        return Claims(self.database)

    @cached_property
    def attempts(self) -> Attempts:
        """The attempts of requests that are at work."""
        return Attempts(self.database, self.settings.soft_limit, self.settings.hard_limit)

    @cached_property
    def settling(self) -> Settling:
        """What becomes of requests."""
        return Settling(self.database, replace(BACKOFF, base=self.settings.retry_after))

    @cached_property
    def due(self) -> Due:
        """For whom a sync is due."""
        return Due(self.database)

    @cached_property
    def history(self) -> History:
        """What was asked for, and how the queues stand."""
        return History(self.database)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """What could not be kept or done."""
        return DeadLetters(self.database)

    @cached_property
    def health(self) -> Health:
        """How streams stand."""
        return Health(self.database)

    @cached_property
    def failed_checks(self) -> FailedChecks:
        """The checks that were last told to fail."""
        return FailedChecks(self.database)

    @cached_property
    def export(self) -> Export:
        """Reads rows back out."""
        return Export(self.database)

    @cached_property
    def paces(self) -> Paces:
        """How often upstream accounts may be asked, shared by all processes."""
        return Paces(self.database)

    def source(self, tenant: Tenant) -> Source:
        """The tenant's source; raises `OperatorMustAct` when there is none of that name.

        It asks public addresses only, unless the operator allows others; the demo site that this
        program has started itself is let through.
        """
        settings = self.settings
        private = settings.allow_private_urls or is_demo(settings.home, tenant)
        return _factory(tenant.source)(allow_private=private, paces=self.paces)

    def spec(self, name: str) -> SourceSpec:
        """What a source says of itself; raises `OperatorMustAct` when there is none."""
        return _factory(name).spec

    def streams(self, source: str, names: Sequence[str] = ()) -> tuple[str, ...]:
        """The named streams of a source in their order, all of them when none are named.

        Raises:
            OperatorMustAct: there is no such source, or it has no such stream.
        """
        known = [stream.name for stream in self.spec(source).streams]
        for name in names:
            if name not in known:
                raise OperatorMustAct(
                    f"{source} has no stream {name!r:.80}. It has {', '.join(known)}."
                )
        return tuple(stream for stream in known if not names or stream in names)

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
            OperatorMustAct: its source has no such stream.
        """
        tenant = self.tenants.active(tenant_id)
        wanted = self.streams(tenant.source, streams)
        return SyncRequest(sync_id or uuid4(), tenant, wanted, options or SyncOptions(), run_id)

    def run_stream(self, request: SyncRequest, stream: str, stop: StopSignal) -> Counts:
        """Sync one stream of a request; see `core.run.run_stream`."""
        source = self.source(request.tenant)
        self.syncs.begin(request)
        try:
            with open_later(source, request, stop) as connect:
                return run_stream(request, stream, self.syncs.holder(source.spec), connect, stop)
        except SyncHeld as error:
            self.syncs.skip(request.id, request.tenant.id, stream, str(error), SyncHeld.__name__)
            self._skip_dependents(request, source.spec, stream)
            raise
        except LeaseLost:
            raise  # what becomes of the other streams is for its new holder to say
        except SyncError:
            self._skip_dependents(request, source.spec, stream)
            raise

    def skip(self, request: SyncRequest, held: SyncHeld) -> None:
        """Record that no stream of a request was run, because another sync has its tenant."""
        self.syncs.begin(request)
        for stream in request.streams:
            reason, kind = str(held), SyncHeld.__name__
            self.syncs.skip(request.id, request.tenant.id, stream, reason, kind)

    def run_tenant(self, request: SyncRequest, stop: StopSignal) -> list[Outcome]:
        """Sync all streams of a request; see `core.run.run_tenant`."""
        source = self.source(request.tenant)
        return run_tenant(request, source, self.syncs.holder(source.spec), stop)

    def plan(self, request: SyncRequest, stop: StopSignal) -> tuple[dict[str, Counts], list[str]]:
        """What a sync would do, by stream, and what it would say; writes nothing."""
        source = self.source(request.tenant)
        holder = self.syncs.holder(source.spec)
        counts: dict[str, Counts] = {}
        notes: list[str] = []
        with open_later(source, request, stop) as connect:
            for stream in request.streams:
                store = PlanStore(holder.stored(request.tenant.id, stream))
                counts[stream] = sync_stream(stream, connect(), store, request.options, stop)
                notes += store.notes
        return counts, notes

    def _skip_dependents(self, request: SyncRequest, spec: SourceSpec, failed: str) -> None:
        """Record which streams of the request cannot run because this one failed."""
        for stream in request.streams:
            if failed in spec.stream(stream).needs:
                reason = f"{stream} needs {failed}, which was not synced."
                self.syncs.skip(request.id, request.tenant.id, stream, reason)

    def close(self) -> None:
        """Close the connections that were opened."""
        if "database" in self.__dict__:
            self.database.close()


def _factory(name: str) -> SourceFactory:
    if name not in SOURCES:
        raise OperatorMustAct(f"There is no source {name!r}. There is {', '.join(SOURCES)}.")
    return SOURCES[name]


def database_url(settings: Settings) -> str:
    """The owner's URL: DATABASE_URL, or that of the embedded server, which is started."""
    given = settings.given_database_url
    if given is not None and not embedded.owns(settings.home, given):
        return given
    try:
        return embedded.ensure_running(settings.home).url()
    except embedded.EmbeddedPostgresError as error:
        raise OperatorMustAct(str(error)) from error


def uses_embedded_server(settings: Settings) -> bool:
    """Is the database the one that this program starts itself?"""
    given = settings.given_database_url
    return given is None or embedded.owns(settings.home, given)


def _secret_key(settings: Settings) -> str | None:
    """The key from the environment; beside the embedded server also a key file of its own."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    if not uses_embedded_server(settings):
        return None
    return key_file(settings.home / "secret.key")
