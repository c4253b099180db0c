"""WordPress as a source."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from sync_assets.core.ports import Connection, RequestStats, SyncOptions
from sync_assets.core.rate import Pacer, Paces
from sync_assets.core.retry import Backoff
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec
from sync_assets.core.tenants import Tenant
from sync_assets.sources.http import HttpSession
from sync_assets.sources.pacing import host, pacer_for
from sync_assets.sources.wire import Limits
from sync_assets.sources.wordpress.client import Client
from sync_assets.sources.wordpress.connection import WordPressConnection
from sync_assets.sources.wordpress.discovery import discover
from sync_assets.sources.wordpress.settings import Wishes
from sync_assets.sources.wordpress.streams import SPEC

if TYPE_CHECKING:
    from sync_assets.core.tokens import Tokens


class WordPress:
    """Connects to WordPress sites.

    Args:
        allow_private: let addresses through that are not of the public internet.
        backoff: how often and when a request is tried again.
        limits: what one answer may cost.
        paces: keeps tenants' hosts from being asked too often; None asks as fast as it can.
        tokens: not used: application passwords have no end.
    """

    spec: ClassVar[SourceSpec] = SPEC

    def __init__(
        self,
        *,
        allow_private: bool = False,
        backoff: Backoff | None = None,
        limits: Limits | None = None,
        paces: Paces | None = None,
        tokens: "Tokens | None" = None,
    ) -> None:
        del tokens
        self._allow_private = allow_private
        self._backoff = backoff
        self._limits = limits
        self._paces = paces

    @contextmanager
    def connect(
        self, tenant: Tenant, options: SyncOptions, stop: StopSignal
    ) -> Generator[Connection]:
        """Find the API, check the credentials, and stay connected until the block ends."""
        stats = RequestStats()
        http = HttpSession(
            tenant.id,
            stop,
            stats,
            allow_private=self._allow_private,
            backoff=self._backoff,
            limits=self._limits,
            pace=self._pace(tenant),
        )
        try:
            found = discover(http, tenant)
            client = Client(http, found.root, tenant)
            yield WordPressConnection(client, found, stats, options, stop)
        finally:
            http.close()

    def _pace(self, tenant: Tenant) -> Pacer:
        """Tenants on one host share its pace: it is the host that suffers."""
        wished = Wishes.parse(tenant.id, tenant.settings).rate
        return pacer_for(self._paces, self.spec, host(tenant.url), wished)
