"""A site and its tenant: syncs it, and compares the CMS with WordPress's own tables."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sync_assets.bootstrap import Platform
from sync_assets.core.counts import Counts
from sync_assets.core.ports import SyncOptions
from sync_assets.core.run import Outcome
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets_tests.real_wordpress.comparison import Difference, Rows, differing
from sync_assets_tests.real_wordpress.held import Held
from sync_assets_tests.real_wordpress.site import Seeded, WordPressSite
from sync_assets_tests.real_wordpress.truth import WITH_TRASH

STREAMS = ("terms", "media", "pages", "posts")


@dataclass(slots=True)
class Mirror:
    """A site and the tenant that mirrors it.

    Attributes:
        seeded: the ids of what the site began with.
        statuses: those that its posts and pages may have.
        first: what the first sync counted, once it was made.
        first_differences: what it did not get right.
        first_truth: how many records of each stream WordPress had then.
    """

    platform: Platform
    site: WordPressSite
    seeded: Seeded
    tenant: Tenant
    statuses: tuple[str, ...] = WITH_TRASH
    first: dict[str, Counts] = field(default_factory=dict[str, Counts])
    first_differences: list[Difference] = field(default_factory=list[Difference])
    first_truth: dict[str, int] = field(default_factory=dict[str, int])

    def state(self) -> dict[str, Rows]:
        """All live rows, by stream."""
        return {stream: self.held.rows(stream) for stream in STREAMS}

    @property
    def held(self) -> Held:
        """What the CMS holds now."""
        return Held(self.platform.database, self.tenant.id)

    def begin(self) -> None:
        """Make the first sync."""
        self.first = self.sync()
        self.first_differences = self.differences()
        self.first_truth = {stream: len(self.truth(stream)) for stream in STREAMS}

    def sync(self, **options: Any) -> dict[str, Counts]:
        """Sync every stream; gives the counts by stream, or raises what the first failed with."""
        outcomes = self.attempt(**options)
        for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
        return {
            outcome.stream: outcome.counts
            for outcome in outcomes
            if isinstance(outcome.counts, Counts)
        }

    def attempt(self, url: str | None = None, **options: Any) -> list[Outcome]:
        """Sync every stream, and tell how each of them ended; `url`: another way to the site."""
        with self._reached_by(url or self.tenant.url):
            request = self.platform.request(self.tenant.id, options=SyncOptions(**options))
            return self.platform.run_tenant(request, StopSignal())

    @contextmanager
    def _reached_by(self, url: str) -> Generator[None]:
        """Let the site have another address meanwhile; nothing is read again for that."""
        move = "UPDATE sync.tenants SET url = %(url)s WHERE id = %(id)s"

        def go(there: str) -> None:
            with self.platform.database.as_owner() as connection:
                connection.execute(move, {"url": there, "id": self.tenant.id})

        go(url)
        try:
            yield
        finally:
            go(self.tenant.url)

    def twin(self, name: str, **changes: Any) -> "Mirror":
        """Another tenant of the same site, of which nothing is synced yet."""
        tenant = replace(self.tenant, id=f"{self.tenant.id}-{name}", **changes)
        self.platform.tenants.add(tenant)
        return Mirror(self.platform, self.site, self.seeded, tenant)

    def log_in_as(self, username: str, password: str) -> None:
        """Use another account from now on."""
        self.tenant = replace(self.tenant, credentials=Credentials(username, password))
        self.platform.tenants.update(self.tenant)

    def log_in(self) -> None:
        """Use the administrator's account again."""
        self.log_in_as(self.site.username, self.site.application_password)

    def differences(self) -> list[Difference]:
        """Every field of every live row that is not what WordPress's tables say."""
        return [
            difference
            for stream in STREAMS
            for difference in differing(stream, self.held.rows(stream), self.truth(stream))
        ]

    def doubtful(self, before: dict[str, Rows]) -> list[Difference]:
        """Of live rows that are not as they were: what is not as WordPress has it either."""
        found: list[Difference] = []
        for stream in STREAMS:
            rows = self.held.rows(stream).items()
            moved = {wp_id: row for wp_id, row in rows if row != before[stream].get(wp_id)}
            truth = self.truth(stream)
            theirs = {wp_id: truth[wp_id] for wp_id in moved if wp_id in truth}
            found += differing(stream, moved, theirs)
        return found

    def truth(self, stream: str) -> Rows:
        """What a perfect sync holds: all that WordPress has, in the trash or not."""
        truth = self.site.truth
        custom = self.tenant.settings.get("post_types", "").split(",")
        match stream:
            case "terms":
                return truth.terms()
            case "media":
                return truth.media()
            case "pages":
                return truth.pages(self.statuses)
            case _:
                return truth.posts(("post", *custom), self.statuses)


def failure(outcomes: list[Outcome]) -> Exception:
    """The only error of a sync that failed; the streams behind it were skipped."""
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert len(errors) == 1, outcomes
    return errors[0]


def total(counts: dict[str, Counts], name: str) -> int:
    """A count, added up over the streams."""
    return sum(getattr(of_stream, name) for of_stream in counts.values())
