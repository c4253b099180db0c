"""An open connection to one tenant's shop."""

from collections.abc import Collection as Names
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.ports import Collection, RequestStats, SyncOptions
from sync_assets.sources.shopify.bulk import Bulk, Pauses, Since
from sync_assets.sources.shopify.client import Client
from sync_assets.sources.shopify.collections import Mapping, ShopifyCollection
from sync_assets.sources.shopify.queries import ACCOUNT, COUNTED, COUNTS, ENTITIES
from sync_assets.sources.shopify.reading import Reading
from sync_assets.sources.shopify.records import to_inventory, to_order, to_product
from sync_assets.sources.shopify.settings import bulk_from

_SCOPES = {
    "products": ("read_products",),
    "inventory": ("read_products", "read_inventory", "read_locations"),
    "orders": ("read_products", "read_locations", "read_orders", "read_all_orders"),
}
_MAPPINGS: dict[str, Mapping] = {
    "products": to_product,
    "inventory": to_inventory,
    "orders": to_order,
}

_PARTS_A_RECORD = 10  # variants that count as much as a product
_COUNTABLE = 10_000  # Shopify counts no further


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is asked for at once.

    Attributes:
        listing: ids a page.
        bulk_from: records from which on a bulk operation is used; None for as the tenant wishes.
        pauses: how long bulk operations are waited for.
    """

    listing: int = 250
    bulk_from: int | None = None
    pauses: Pauses = field(default_factory=Pauses)


@dataclass(frozen=True, slots=True)
class _Account:
    shop: str
    scopes: frozenset[str]


class ShopifyConnection:
    """Knows what the app may read, and watches over its token.

    Raises:
        TenantMustAct: on construction, when the token is no good.
    """

    def __init__(
        self, client: Client, stats: RequestStats, options: SyncOptions, sizes: Sizes
    ) -> None:
        self._client = client
        self._stats = stats
        self._options = options
        self._sizes = sizes
        self._since = Since()
        tenant = client.access.tenant
        self._bulk_from = sizes.bulk_from or bulk_from(tenant.id, tenant.settings)
        self._account = self._probe()

    @property
    def authenticated(self) -> bool:
        """Nobody gets in without a token, and its scopes are looked at for each stream."""
        return True

    @property
    def stats(self) -> RequestStats:
        """What the connection has cost so far."""
        return self._stats

    def server_time(self) -> datetime:
        """The shop's clock or ours, whichever is behind, at the moment as of which all is read."""
        now = min(self._client.now or self._client.clock(), self._client.clock())
        oldest = self._since.oldest
        return now if oldest is None else min(now, oldest)

    def verify(self) -> None:
        """Raise `TenantMustAct` unless this is still the same shop, and shows as much."""
        now = self._probe()
        if now.shop != self._account.shop or not now.scopes >= self._account.scopes:
            tenant = self._client.access.tenant.id
            raise TenantMustAct(
                f"{tenant}'s app sees another shop, or less of it, than at the start of the sync, "
                "so nothing is concluded from what it listed. Start it again; a new token goes in "
                f"with 'sync-assets tenant update {tenant} --username CLIENT_ID --password-stdin'."
            )

    def collections(self, stream: str) -> Sequence[Collection]:
        """The one collection of a stream; raises `TenantMustAct` for scopes that it lacks."""
        lacking = [scope for scope in _SCOPES[stream] if not _has(self._account.scopes, scope)]
        if lacking:
            raise self._client.refusals.missing(stream, lacking)
        reading = Reading(self._client, ENTITIES[stream])
        bulk = None
        if self._is_large(stream):
            bulk = Bulk(reading, self._client.clock, self._since, self._sizes.pauses)
        return [
            ShopifyCollection(
                stream,
                reading,
                _MAPPINGS[stream],
                bulk,
                inline=stream == "inventory",
                size=self._sizes.listing,
                batch=self._options.batch_size,
            )
        ]

    def _is_large(self, stream: str) -> bool:
        """Is it better read by a bulk operation? Few products may have very many variants."""
        counted = self._client.ask(COUNTS[stream])
        counts: list[int] = [(counted[x] or {"count": 0})["count"] for x in COUNTED[stream]]
        limits = (self._bulk_from, min(self._bulk_from * _PARTS_A_RECORD, _COUNTABLE))
        return any(count >= limit for count, limit in zip(counts, limits, strict=False))

    def _probe(self) -> _Account:
        data = self._client.ask(ACCOUNT)
        scopes = data["currentAppInstallation"]["accessScopes"]
        return _Account(data["shop"]["id"], frozenset(scope["handle"] for scope in scopes))


def _has(scopes: Names[str], scope: str) -> bool:
    """Who may write may read."""
    return scope in scopes or scope.replace("read_", "write_", 1) in scopes
