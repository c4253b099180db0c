"""Requests as the parts of the program see them: asked for, claimed, begun, ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from psycopg.sql import SQL, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.ports import SyncOptions, SyncRequest
from sync_assets.core.queues import Priority
from sync_assets.core.requests import State
from sync_assets.core.tenants import Tenant
from sync_assets.store.attempts import Limits
from sync_assets.store.claims import Launch
from sync_assets.store.requests import Request
from sync_assets_tests.store.looking import Owner

STREAMS = ("terms", "media", "posts")

Ending = str | tuple[str, str]
"""A status, or a status and the class of its error."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Does with requests what command, sensor and worker do, without any of them."""

    platform: Platform
    owner: Owner

    def register(self, *tenants: str, organization: str = "agency") -> None:
        """Register public tenants of a site that nobody asks."""
        for tenant in tenants:
            wanted = Tenant(tenant, "wordpress", organization, "http://demo.invalid")
            self.platform.tenants.add(wanted)

    def ask(
        self,
        *tenants: str,
        streams: Sequence[str] = STREAMS,
        priority: Priority = Priority.NORMAL,
        full: bool = False,
        attempts: int = 3,
    ) -> list[UUID]:
        """Ask for syncs, due at once."""
        asked = self.platform.requests.ask(
            tenants,
            streams,
            SyncOptions(full=full),
            priority=priority,
            asked_by="a test",
            attempts=attempts,
        )
        return [each.sync_id for each in asked]

    def ask_ago(self, minutes: float, tenant: str, *, full: bool = False) -> UUID:
        """Ask for a sync that became due some minutes ago."""
        [sync_id] = self.ask(tenant, full=full)
        self.let_pass(sync_id, "due_at", time=timedelta(minutes=minutes))
        return sync_id

    def take(self, slots: int = 3) -> list[Launch]:
        """Start what may start, as the sensor does."""
        return self.platform.claims.take(slots, utc_now())

    def taken(self, slots: int = 3) -> list[list[str]]:
        """The tenants of the runs that are started."""
        return [[each.tenant_id for each in launch.requests] for launch in self.take(slots)]

    def wanted(self, sync_id: UUID, run_id: str, streams: Sequence[str] = STREAMS) -> SyncRequest:
        """What a run does for a request."""
        tenant = self.platform.tenants.get(self.request(sync_id).tenant_id)
        return SyncRequest(sync_id, tenant, tuple(streams), run_id=run_id)

    def begin(self, wanted: SyncRequest, claim: UUID | None = None) -> Limits:
        """Begin an attempt, as a run does."""
        limits = self.platform.attempts.take_up(wanted, claim, "a person")
        self.platform.syncs.begin(wanted)
        return limits

    def started(self, tenant: str = "acme", run_id: str = "run", **wishes: object) -> UUID:
        """A request that a run has begun."""
        [sync_id] = self.ask(tenant, **wishes)  # type: ignore[arg-type]
        self.again(sync_id, run_id)
        return sync_id

    def again(self, sync_id: UUID, run_id: str) -> None:
        """The next attempt of a request: due now, claimed and begun."""
        self.put(sync_id, due_at=self.request(sync_id).created_at)
        [launch] = [each for each in self.take(9) if each.requests[0].id == sync_id]
        self.begin(self.wanted(sync_id, run_id, launch.streams), launch.claim)

    def end(self, sync_id: UUID, **endings: Ending) -> State | None:
        """Let streams end, the others succeed; settle."""
        for stream in self.request(sync_id).streams:
            ending = endings.get(stream, "done")
            status, kind = (ending, None) if isinstance(ending, str) else ending
            self.owner.execute(
                "UPDATE sync.streams SET status = %s, error_kind = %s, error = %s"
                " WHERE sync_id = %s AND stream = %s",
                [status, kind, kind and f"{kind} of {stream}", sync_id, stream],
            )
        return self.platform.settling.settle(sync_id)

    def request(self, sync_id: UUID) -> Request:
        """The stored request."""
        return self.platform.requests.get(sync_id)

    def states(self) -> Mapping[UUID, str]:
        """The state of every request."""
        return dict(self.owner.execute("SELECT id, state FROM sync.requests").fetchall())

    def put(self, sync_id: UUID, **values: object) -> None:
        """Set columns of a request's row."""
        for column, value in values.items():
            statement = SQL("UPDATE sync.requests SET {} = %s WHERE id = %s")
            self.owner.execute(statement.format(Identifier(column)), [value, sync_id])

    def value(self, sync_id: UUID, column: str) -> object:
        """A column of a request's row."""
        query = SQL("SELECT {} FROM sync.requests WHERE id = %s").format(Identifier(column))
        (row,) = self.owner.execute(query, [sync_id]).fetchall()
        return row[0]

    def let_pass(self, sync_id: UUID, *columns: str, time: timedelta) -> None:
        """Let a request be older by so much."""
        for column in columns:
            statement = SQL("UPDATE sync.requests SET {0} = {0} - %s WHERE id = %s")
            self.owner.execute(statement.format(Identifier(column)), [time, sync_id])

    def waits(self, sync_id: UUID) -> float:
        """Seconds until a request is due."""
        return (self.request(sync_id).due_at - utc_now()).total_seconds()

    def statuses(self, sync_id: UUID) -> Mapping[str, str]:
        """The status of each stream that is on record."""
        query = "SELECT stream, status FROM sync.streams WHERE sync_id = %s"
        return dict(self.owner.execute(query, [sync_id]).fetchall())

    def log(self, sync_id: UUID) -> list[str]:
        """The messages of a sync's log, oldest first."""
        query = "SELECT message FROM sync.log WHERE sync_id = %s ORDER BY id"
        return [row[0] for row in self.owner.execute(query, [sync_id])]

    def letters(self) -> list[tuple[str, str, bool]]:
        """Stream, cause and whether it is resolved, of the dead letters that are requests."""
        query = (
            "SELECT stream, cause, resolved_at IS NOT NULL FROM sync.dead_letters"
            " WHERE collection = 'request' ORDER BY id"
        )
        return [(row[0], row[1], row[2]) for row in self.owner.execute(query)]
