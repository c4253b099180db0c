"""Shopify as a source."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

from sync_assets.core.clock import Clock, utc_now
from sync_assets.core.points import UNMETERED, Accounts
from sync_assets.core.ports import Connection, RequestStats, SyncOptions
from sync_assets.core.retry import Backoff
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec
from sync_assets.core.tenants import Tenant
from sync_assets.core.tokens import Tokens
from sync_assets.sources.answers import is_secret
from sync_assets.sources.http import HttpSession
from sync_assets.sources.pacing import host
from sync_assets.sources.shopify.access import Access
from sync_assets.sources.shopify.client import Client
from sync_assets.sources.shopify.connection import ShopifyConnection, Sizes
from sync_assets.sources.shopify.refusals import Refusals
from sync_assets.sources.shopify.streams import SPEC


class Shopify:
    """Connects to shops.

    Args:
        allow_private: let addresses through that are not of the public internet, and plain http.
        backoff: how often and when a request is tried again.
        paces: keeps apps within what they may spend, together with all other processes.
        tokens: keeps granted tokens for all processes.
        sizes: how much is asked for at once.
        clock: ours, for when tokens end.
    """

    spec: ClassVar[SourceSpec] = SPEC

    def __init__(
        self,
        *,
        allow_private: bool = False,
        backoff: Backoff | None = None,
        paces: Accounts | None = None,
        tokens: Tokens | None = None,
        sizes: Sizes | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._allow_private = allow_private
        self._backoff = backoff or Backoff()
        self._paces = paces
        self._tokens = tokens
        self._sizes = sizes or Sizes()
        self._clock = clock

    @contextmanager
    def connect(
        self, tenant: Tenant, options: SyncOptions, stop: StopSignal
    ) -> Generator[Connection]:
        """Check the token, and stay connected until the block ends.

        Raises:
            TenantMustAct: the address, the token or its rights are not good enough.
        """
        if not self._allow_private and not is_secret(tenant.url):
            raise Refusals(tenant.id).in_the_clear()
        stats = RequestStats()
        http = HttpSession(
            tenant.id, stop, stats, allow_private=self._allow_private, backoff=self._backoff
        )
        try:
            access = Access(http, tenant, self._clock, self._tokens)
            purse = UNMETERED
            if self._paces is not None:  # Shopify counts by app and shop
                purse = self._paces.purse(f"{SPEC.name}:{host(tenant.url)}:{access.account}")
            client = Client(
                http, access, purse, stop, self._backoff, self._clock, not self._allow_private
            )
            yield ShopifyConnection(client, stats, options, self._sizes)
        finally:
            http.close()
