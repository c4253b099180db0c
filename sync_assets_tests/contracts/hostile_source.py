"""A source of the hostile site: right by default, wrong in chosen ways to test the contract."""

import contextlib
import json
import logging
import time
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, ClassVar

from sync_assets.core.errors import RetryLater, SyncError, TenantMustAct
from sync_assets.core.keep import seconds
from sync_assets.core.known import NO_VERSION, Sighting
from sync_assets.core.ports import (
    Connection,
    Fetched,
    ListingPage,
    RequestStats,
    SyncOptions,
)
from sync_assets.core.records import Payload, Record, Rejected
from sync_assets.core.repair import Repairs
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import Column, ColumnType, SourceSpec, StreamSpec, Table
from sync_assets.core.tenants import Tenant
from sync_assets_tests.contracts.hostile_site import HostileSite, Params, Reply

_log = logging.getLogger(__name__)

TABLE = Table("hostile_things", "thing_id", (Column("text", ColumnType.TEXT),))
SPEC = SourceSpec("hostile", "Hostile", (StreamSpec("things", TABLE, (), "Things."),), {})
TRIES = 5


class Flaw(Enum):
    """What a careless source may do."""

    PAGES_BY_OFFSET = auto()
    TELLS_THE_SECRET = auto()
    LOGS_THE_SECRET = auto()
    SHOWS_THE_SECRET = auto()
    TAKES_ERRORS_FOR_ABSENCE = auto()
    TAKES_HIDDEN_FOR_ABSENT = auto()
    TRIES_ONCE = auto()
    IS_DEAF = auto()
    TAKES_NONSENSE_FOR_NOTHING = auto()
    COUNTS_SUCCESSES_ONLY = auto()
    NEVER_VERIFIES = auto()
    NAMES_NO_TENANT = auto()
    GIVES_UP_THE_BATCH = auto()
    PASSES_NUL_ON = auto()
    STUMBLES_OVER_TYPES = auto()
    FORGETS_THE_LAST_KEY = auto()
    CLAIMS_TO_SEE_ALL = auto()


@dataclass(frozen=True)
class HostileSource:
    """Connects to a hostile site."""

    site: HostileSite = field(repr=False)
    flaws: Collection[Flaw] = ()
    spec: ClassVar[SourceSpec] = SPEC

    @contextlib.contextmanager
    def connect(
        self, tenant: Tenant, options: SyncOptions, stop: StopSignal
    ) -> Generator[Connection]:
        client = Client(self.site, tenant, stop, self.flaws)
        yield HostileConnection(client, options, datetime.fromisoformat(client.get("me")["now"]))


@dataclass
class Client:
    """Asks, waits, asks again, and says whose turn it is."""

    site: HostileSite = field(repr=False)
    tenant: Tenant
    stop: StopSignal
    flaws: Collection[Flaw]
    stats: RequestStats = field(default_factory=RequestStats)

    @property
    def token(self) -> str | None:
        return self.tenant.credentials and self.tenant.credentials.secret

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of an answer; None where there is no such thing."""
        tries = 1 if Flaw.TRIES_ONCE in self.flaws else TRIES
        for _ in range(tries):
            self.stop.check()
            if Flaw.LOGS_THE_SECRET in self.flaws:
                _log.debug("asking with %s", self.token)
            reply = self._exchange(path, params)
            if reply is not None and (reply.retry_after or 0) > 60:
                raise RetryLater(f"{self.tenant.id} wants to rest", after=reply.retry_after)
            if reply is not None and reply.status < 500 and reply.status != 429:
                with contextlib.suppress(json.JSONDecodeError):
                    return self._judged(reply)
            self.stop.wait((reply and reply.retry_after) or 0.001)
        told = self.token if Flaw.TELLS_THE_SECRET in self.flaws else "its token"
        raise RetryLater(f"{self.tenant.id} does not answer {told}")

    def _exchange(self, path: str, params: Params) -> Reply | None:
        """One request; None when the connection breaks."""
        began = time.monotonic()
        reply = self.site.ask(path, params, self.token)
        if Flaw.IS_DEAF in self.flaws:
            time.sleep(reply.seconds)
        self.stop.wait(reply.seconds)
        if reply.status == 200 or Flaw.COUNTS_SUCCESSES_ONLY not in self.flaws:
            self.stats.requests += 1
        self.stats.milliseconds += (time.monotonic() - began) * 1000
        return None if reply.cut else reply

    def _judged(self, reply: Reply) -> Any:
        if reply.status in (401, 403):
            who = "Somebody" if Flaw.NAMES_NO_TENANT in self.flaws else self.tenant.id
            raise TenantMustAct(f"{who} needs a new token: 'sync-assets tenant update {who}'")
        if reply.status == 404:
            return None
        try:
            return json.loads(reply.body)
        except json.JSONDecodeError:
            if Flaw.TAKES_NONSENSE_FOR_NOTHING in self.flaws:
                return {"total": 0, "rows": []}
            raise


@dataclass
class HostileConnection:
    """A connection to the only stream."""

    client: Client = field(repr=False)
    options: SyncOptions
    now: datetime

    def __repr__(self) -> str:
        shown = self.client.token if Flaw.SHOWS_THE_SECRET in self.client.flaws else "…"
        return f"HostileConnection({shown})"

    @property
    def authenticated(self) -> bool:
        return self.client.token is not None or Flaw.CLAIMS_TO_SEE_ALL in self.client.flaws

    @property
    def stats(self) -> RequestStats:
        return self.client.stats

    def server_time(self) -> datetime:
        return self.now

    def collections(self, stream: str) -> Sequence["HostileThings"]:
        assert stream == "things"
        return [HostileThings(self.client, self.options.batch_size)]

    def verify(self) -> None:
        if Flaw.NEVER_VERIFIES not in self.client.flaws:
            self.client.get("me")


@dataclass
class HostileThings:
    """The only collection."""

    client: Client = field(repr=False)
    size: int
    name: str = "things"
    scope: str = "thing"
    inline: bool = False

    in_one_piece = False

    def with_contents(self, begun: datetime | None = None) -> "HostileThings":
        del begun
        return self

    def recent(self, since: datetime) -> None:
        del since

    def listing(self) -> Iterator[ListingPage]:
        after, offset, rows = 0, 0, [None]
        while rows:
            found = self.client.get("list", after=after, offset=offset, limit=self.size)
            rows = found["rows"]
            yield ListingPage([_sighting(row) for row in rows], announced=found["total"])
            if Flaw.PAGES_BY_OFFSET in self.client.flaws:
                offset += self.size
            elif rows:
                after = rows[-1]["id"]

    def fetch(self, keys: Sequence[int]) -> Fetched:
        asked = keys[:-1] if Flaw.FORGETS_THE_LAST_KEY in self.client.flaws else keys
        try:
            return Fetched(self.client.get("read", ids=list(asked)))
        except RetryLater as error:
            self.client.get("me")
            if len(keys) == 1 or Flaw.GIVES_UP_THE_BATCH in self.client.flaws:
                return Fetched((), [Rejected(key, {"id": key}, str(error)) for key in keys])
        halves = [self.fetch(half) for half in (keys[: len(keys) // 2], keys[len(keys) // 2 :])]
        return Fetched(
            [payload for half in halves for payload in half.payloads],
            [rejected for half in halves for rejected in half.rejected],
        )

    def absent(self, keys: Sequence[int]) -> set[int]:
        return {key for key in keys if self._is_absent(key)}

    def to_record(self, payload: Payload) -> Record:
        flaws, mend = self.client.flaws, Repairs()
        text = payload["text"]
        if Flaw.STUMBLES_OVER_TYPES in flaws:
            text = text.strip()
        if Flaw.PASSES_NUL_ON not in flaws:
            text = mend.text(text, "text")
        modified = mend.moment(payload["modified"], "modified")
        return Record(payload["id"], modified, (text,), repaired=mend.count)

    def _is_absent(self, key: int) -> bool:
        try:
            return self.client.get("exists", id=key) is None
        except TenantMustAct:
            if self.client.token is not None:
                raise
            return Flaw.TAKES_HIDDEN_FOR_ABSENT in self.client.flaws
        except SyncError:
            if Flaw.TAKES_ERRORS_FOR_ABSENCE in self.client.flaws:
                return True
            raise


def _sighting(row: Payload) -> Sighting:
    return Sighting(row["id"], seconds(Repairs().moment(row["modified"], "modified"), NO_VERSION))
