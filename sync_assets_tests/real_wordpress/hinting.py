"""A site with our plugin, the gateway that it calls, and the syncs that follow."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from sync_assets.core.clock import utc_now
from sync_assets.core.counts import Counts
from sync_assets.core.stop import StopSignal
from sync_assets.settings import PROJECT
from sync_assets_tests.real_wordpress.mirror import Mirror
from sync_assets_tests.real_wordpress.site import WordPressSite

PLUGIN = PROJECT / "wordpress/sync-assets-hints.php"

CONSTANTS = """\
<?php
define('SYNC_ASSETS_URL', '{url}');
define('SYNC_ASSETS_TENANT', '{tenant}');
define('SYNC_ASSETS_SECRET', '{secret}');
"""


def install(site: WordPressSite, url: str, tenant: str, secret: str) -> Path:
    """Put the plugin into a site; its constants come from a file that WordPress loads before it."""
    folder = site.docroot / "wp-content/mu-plugins"
    (folder / PLUGIN.name).write_text(PLUGIN.read_text())
    for old in folder.glob("a-constants-*.php"):
        old.unlink()
    # A new name: PHP looks for a new version of a file that it has compiled after seconds only.
    constants = folder / f"a-constants-{uuid4().hex}.php"
    constants.write_text(CONSTANTS.format(url=url, tenant=tenant, secret=secret))
    return constants


@dataclass(frozen=True, slots=True)
class Hinted:
    """A synced site that sends hints."""

    mirror: Mirror

    @property
    def site(self) -> WordPressSite:
        """The site."""
        return self.mirror.site

    def waiting(self) -> set[tuple[str, str, int]]:
        """Stream, collection and key of the hints that wait."""
        query = "SELECT stream, collection, record FROM sync.hints WHERE tenant_id = %(tenant)s"
        with self.mirror.platform.database.as_control() as connection:
            rows = connection.execute(query, {"tenant": self.mirror.tenant.id})
            return {(row.stream, row.collection, row.record) for row in rows}

    def requests(self) -> int:
        """Requests of hints that wait."""
        query = """
            SELECT count(*) FROM sync.requests
            WHERE tenant_id = %(tenant)s AND state = 'queued' AND hinted
        """
        with self.mirror.platform.database.as_control() as connection:
            return connection.execute(query, {"tenant": self.mirror.tenant.id}).scalar_one()

    def follow(self) -> "Followed":
        """Do what the hints ask for, as the sensor and a run would."""
        platform, done = self.mirror.platform, Followed()
        for launch in platform.claims.take(9, utc_now()):
            for each in launch.requests:
                done.streams += each.streams
                wanted = platform.request(
                    each.tenant_id, each.streams, each.options, each.id, "run"
                )
                platform.attempts.take_up(wanted, launch.claim, "a test")
                for outcome in platform.run_tenant(wanted, StopSignal()):
                    assert outcome.error is None, outcome
                    assert isinstance(outcome.counts, Counts)
                    assert outcome.counts.adds_up()
                    done.add(outcome.counts)
                platform.settling.settle(each.id)
        return done


@dataclass(slots=True)
class Followed:
    """What syncs have done, added up."""

    streams: tuple[str, ...] = ()
    counts: Counts = field(default_factory=lambda: Counts(total=0))

    def add(self, counts: Counts) -> None:
        """Count these, too."""
        for name, count in counts.as_dict().items():
            setattr(self.counts, name, (getattr(self.counts, name) or 0) + (count or 0))


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """So many."""
        return time.monotonic() - self._began
