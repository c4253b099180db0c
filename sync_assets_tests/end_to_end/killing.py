"""Two tenants of one site: one is synced undisturbed, the other one's syncs are killed."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

from psycopg.sql import SQL, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.ports import SyncOptions
from sync_assets.core.report import Report
from sync_assets.core.run import StreamStatus
from sync_assets.demo import DemoSite
from sync_assets_tests.end_to_end.comparing import differing
from sync_assets_tests.end_to_end.killable import Installation, run
from sync_assets_tests.store.looking import Owner

KILLS_A_SYNC = 4  # a sync is killed, goes on, is killed again, …

Record = tuple[str, int]
"""A record of the site: its kind and its id."""

_TIMES = SQL("""
    SELECT wp_id, to_char(source_modified_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    FROM cms.{} WHERE tenant_id = %s AND deleted_at IS NULL
""")
_REACHED = """
    SELECT stream, reread_from FROM sync.checkpoints
    WHERE tenant_id = %s AND reread_from > 0 AND collection IN ('attachment', 'page', 'post')
"""


@dataclass
class Pair:
    """Two tenants, of which the second one's syncs are killed.

    Attributes:
        struck: how many kills struck at which stage.
        counted: what became of the records, in all syncs.
        spared: how many records a process did not read because a killed one had written them.
    """

    installation: Installation
    platform: Platform
    owner: Owner
    demo: DemoSite
    random: Random
    struck: Counter[str] = field(default_factory=Counter[str])
    counted: Counter[str] = field(default_factory=Counter[str])
    spared: int = 0

    def sync(self, whole: str, killed: str, options: SyncOptions) -> None:
        """Sync one tenant undisturbed and the other with kills; both end alike."""
        one, many = uuid4(), uuid4()
        seconds = run(self.installation, whole, one, options).seconds
        begun: set[Record] = self._done(killed, options)
        for _ in range(KILLS_A_SYNC):
            moment = self.random.uniform(0, seconds)
            if not self._attempt(killed, many, options, moment):
                break
            self.struck[self._stage(many)] += 1
            self.spared += len(self._done(killed, options) - begun)
        else:
            self._attempt(killed, many, options)
        self._check_rows(whole, killed)
        self._check_reports(one, many)

    def _attempt(
        self, tenant: str, sync_id: UUID, options: SyncOptions, kill_after: float | None = None
    ) -> bool:
        """Let a process try; was it killed? It reads nothing twice nor what was read before."""
        done = self._done(tenant, options)
        self.demo.received.clear()
        killed = run(self.installation, tenant, sync_id, options, kill_after).killed
        read = self._read()
        assert len(read) == len(set(read))
        assert not done.intersection(read)
        return killed

    def _done(self, tenant: str, options: SyncOptions) -> set[Record]:
        """The records that need not be read any more.

        A full refresh goes on behind its checkpoint; an ordinary sync leaves alone what the site
        has not modified since it was written.
        """
        site = self.demo.site
        kinds = ("media", "pages", "posts")
        if options.full:
            reached = dict(self.owner.execute(_REACHED, [tenant]).fetchall())
            return {(k, key) for k in kinds for key in site.ids(k) if key <= reached.get(k, 0)}
        done: set[Record] = set()
        for kind in kinds:
            times = _TIMES.format(Identifier(f"wordpress_{kind}"))
            written = dict(self.owner.execute(times, [tenant]).fetchall())
            entries = site.tables.entries(kind)
            done |= {(kind, e.id) for e in entries if written.get(e.id) == e.modified_gmt}
        return done

    def _read(self) -> list[Record]:
        """The records whose contents the site was asked for since it was last cleared."""
        return [
            (str(request.route).rpartition("/")[2], int(key))
            for request in tuple(self.demo.received)
            if "title" in request.params.get("_fields", "")  # not only whether they are there
            for key in request.params.get("include", "").split(",")
            if key
        ]

    def _stage(self, sync_id: UUID) -> str:
        """Where the killed process was; the report says at once that it runs no more."""
        try:
            report = self.platform.syncs.report(sync_id)
        except OperatorMustAct:
            return "before the beginning"
        cut = [row.stream for row in report.streams if row.status is StreamStatus.RUNNING]
        return cut[0] if cut else "between streams"

    def _check_rows(self, whole: str, killed: str) -> None:
        """Every column of every row is the same, but for who wrote it when."""
        assert differing(self.owner, whole, killed) == {}

    def _check_reports(self, one: UUID, many: UUID) -> None:
        """All attempts together have done, and counted, what one would have."""
        whole, pieces = (_account(self.platform.syncs.report(sync)) for sync in (one, many))
        assert pieces == whole
        for counts in whole.values():
            self.counted.update(counts)


def _account(report: Report) -> dict[str, dict[str, Any]]:
    assert report.status == "completed"
    names = ("seen", "created", "updated", "unchanged", "skipped", "failed", "deleted")
    return {
        row.stream: {name: getattr(row.counts, name) for name in names} for row in report.streams
    }
