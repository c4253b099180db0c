"""The laboratory of the hostile source."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import count

from sync_assets.core.ports import SyncOptions
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets_tests.contracts.hostile_site import TOKEN, HostileSite
from sync_assets_tests.contracts.hostile_source import Flaw, HostileSource
from sync_assets_tests.contracts.lab import Patience, Spoilt, Trouble


@dataclass
class HostileLab:
    """Twenty-three things, five a page."""

    flaws: Collection[Flaw] = ()
    patience: Patience = field(default_factory=Patience)
    options: SyncOptions = field(default_factory=lambda: SyncOptions(batch_size=5))
    stream: str = "things"
    collection: str = "things"
    spoilable: Collection[Spoilt] = tuple(Spoilt)

    def __post_init__(self) -> None:
        self.site = HostileSite(drip=self.patience.drip)
        self.next_key = count(10, 3)
        for _ in range(23):
            self.add()

    @property
    def source(self) -> HostileSource:
        return HostileSource(self.site, self.flaws)

    @property
    def tenant(self) -> Tenant:
        return Tenant("acme", "hostile", "Acme", "mem://acme", Credentials("sync", TOKEN))

    @property
    def public(self) -> Tenant:
        return Tenant("acme-public", "hostile", "Acme", "mem://acme")

    @property
    def secrets(self) -> Sequence[str]:
        return [TOKEN]

    def keys(self) -> set[int]:
        return set(self.site.things)

    def add(self) -> int:
        key = next(self.next_key)
        self.site.put(key, f"text {key}")
        return key

    def hide(self, key: int) -> None:
        self.site.hidden.add(key)

    def edit(self, key: int) -> None:
        self.site.put(key, f"edited at {self.site.now}")

    def delete(self, key: int) -> None:
        del self.site.things[key]

    def revoke(self) -> None:
        self.site.token = "another one"  # noqa: S105

    def requests(self) -> int:
        return self.site.requests

    def trouble(self, kind: Trouble, *, times: int | None = None) -> None:
        self.site.trouble = (kind, float("inf") if times is None else times)

    def calm(self) -> None:
        self.site.trouble = None

    def spoil(self, key: int, kind: Spoilt) -> None:
        self.site.spoilt[key] = kind

    def interpose(self, action: Callable[[], None], *, after: int) -> None:
        self.site.pending[self.site.requests + after + 1] = action
