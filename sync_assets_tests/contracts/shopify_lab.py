"""The laboratory of Shopify: the simulated shop with one kind of record under test."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from sync_assets.core.ports import SyncOptions
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo import faults
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.troubles import unauthorized
from sync_assets.sources.shopify import Shopify
from sync_assets.sources.shopify.connection import Sizes
from sync_assets.sources.shopify.identities import gid
from sync_assets_tests.contracts.lab import Patience, Spoilt, Trouble
from sync_assets_tests.contracts.wordpress_lab import TROUBLES, Impatient, Interposed
from sync_assets_tests.demo.shop.conftest import Clock

NEVER = "-0001-11-30T00:00:00Z"


@dataclass
class ShopifyLab:
    """One kind of record of a shop of 20 products and 24 orders, five a page."""

    site: ShopSite
    clock: Clock
    stream: ClassVar[str]
    kind: ClassVar[str]
    text: ClassVar[str]
    spoilable: ClassVar[Collection[Spoilt]]
    patience: Patience = field(default_factory=Patience)
    options: SyncOptions = field(default_factory=lambda: SyncOptions(batch_size=5))

    def __post_init__(self) -> None:
        """The shop is as it was generated."""

    @property
    def collection(self) -> str:
        return self.stream

    @property
    def source(self) -> Shopify:
        backoff, sizes = Impatient(base=0.01), Sizes(listing=5)
        return Shopify(allow_private=True, backoff=backoff, sizes=sizes, clock=self.clock)

    @property
    def tenant(self) -> Tenant:
        account = Credentials(self.site.app.client_id, self.site.app.token)
        return Tenant("acme", "shopify", "Acme", self.site.url, account)

    @property
    def public(self) -> None:
        return None

    @property
    def secrets(self) -> Sequence[str]:
        return [self.site.app.token, self.site.app.token.removeprefix("shpat_")]

    def edit(self, key: int) -> None:
        self.clock.forward(seconds=2)
        self._edit(key)

    def _edit(self, key: int) -> None:
        raise NotImplementedError

    def revoke(self) -> None:
        self.site.apps.end_all()

    def requests(self) -> int:
        return len(self.site.received)

    def trouble(self, kind: Trouble, *, times: int | None = None) -> None:
        known = {**TROUBLES, Trouble.UNAUTHORIZED: unauthorized()}
        drips = faults.slow(self.patience.drip)
        self.site.faults.add(faults.Fault(known.get(kind, drips), times=times))

    def calm(self) -> None:
        self.site.faults.clear()

    def spoil(self, key: int, kind: Spoilt) -> None:
        values = {
            Spoilt.NUL: {self.text: "a\x00b"},
            Spoilt.IMPOSSIBLE_DATE: {"updatedAt": NEVER, "createdAt": NEVER},
            Spoilt.WRONG_TYPE: {self.text: ["a", "b"]},
            Spoilt.UNSERVABLE: {},
        }[kind]
        self.site.faults.add(Spoiler(gid(self.kind, key), kind, self.text, values))

    def interpose(self, action: Callable[[], None], *, after: int) -> None:
        self.site.faults.add(Interposed(action, after))


class ProductsLab(ShopifyLab):
    """Products are listed cheaply and read by id."""

    stream = "products"
    kind = "Product"
    text = "vendor"
    spoilable = tuple(Spoilt)

    def keys(self) -> set[int]:
        return {product.id for product in self.site.shop.products}

    def add(self) -> int:
        return self.site.desk.add_product("Olá", variants=2)

    def _edit(self, key: int) -> None:
        self.site.desk.edit_product(key, title="Edited")

    def delete(self, key: int) -> None:
        self.site.desk.delete_product(key)


class OrdersLab(ShopifyLab):
    """Orders are listed cheaply and read by id."""

    stream = "orders"
    kind = "Order"
    text = "sourceName"
    spoilable = tuple(Spoilt)

    def keys(self) -> set[int]:
        return {order.id for order in self.site.shop.orders}

    def add(self) -> int:
        return self.site.desk.add_order()

    def _edit(self, key: int) -> None:
        self.site.desk.edit_order(key, note="Edited")

    def delete(self, key: int) -> None:
        self.site.desk.delete_order(key)


class InventoryLab(ShopifyLab):
    """Inventory items come with their listing: their times do not move with their quantities."""

    stream = "inventory"
    kind = "InventoryItem"
    text = "sku"
    spoilable = (Spoilt.NUL, Spoilt.WRONG_TYPE)

    def __post_init__(self) -> None:
        """One item a product, so that deleting one is deleting the product."""
        for product in list(self.site.shop.products):
            self.site.desk.delete_product(product.id)
        for _ in range(23):
            self.add()

    def keys(self) -> set[int]:
        return {v.item_id for product in self.site.shop.products for v in product.variants}

    def add(self) -> int:
        product = self.site.shop.products[self.site.desk.add_product("Olá", variants=1)]
        return product.variants[0].item_id

    def _edit(self, key: int) -> None:
        self.site.desk.edit_variant(self._variant(key), unit_cost=Decimal("1.23"))

    def delete(self, key: int) -> None:
        products = self.site.shop.products
        found = next(x for x in products if any(v.item_id == key for v in x.variants))
        self.site.desk.delete_product(found.id)

    def _variant(self, item: int) -> int:
        variants = (v for product in self.site.shop.products for v in product.variants)
        return next(variant.id for variant in variants if variant.item_id == item)


@dataclass
class Spoiler:
    """Changes one record in every answer, or makes the answers impossible that include it."""

    identity: str
    kind: Spoilt
    text: str
    values: Mapping[str, Any]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Response | None:
        right = request.answer()
        told = orjson.loads(right.body)
        self.found = False
        with self.lock:
            changed = self._walk(told)
        if self.kind is Spoilt.UNSERVABLE:
            return Response(500) if self.found else right
        return replace(right, body=orjson.dumps(changed))

    def _walk(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._walk(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        inner = {name: self._walk(entry) for name, entry in value.items()}
        if value.get("id") != self.identity:
            return inner
        self.found |= self.text in inner
        return inner | {name: x for name, x in self.values.items() if name in inner}
