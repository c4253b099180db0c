"""A shop: what it holds, what time it is there, what has happened."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sync_assets.demo.shop.data.catalog import Catalog
from sync_assets.demo.shop.data.goods import Item, Level, Product
from sync_assets.demo.shop.data.numbering import ITEM, order_id, order_number, product_id
from sync_assets.demo.shop.data.numbering import product_number as number_of
from sync_assets.demo.shop.data.orders import Order
from sync_assets.demo.shop.data.sales import Sales
from sync_assets.demo.shop.data.sizes import Sizes
from sync_assets.demo.shop.data.stock import Stock
from sync_assets.demo.shop.data.table import Head, Table
from sync_assets.demo.shop.data.words import Market
from sync_assets.demo.times import utc_now


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of the shop's events: `destroy` of a `PRODUCT`, for example."""

    typename: ClassVar[str] = "BasicEvent"
    id: int
    action: str
    subject_type: str
    subject: str
    message: str
    created_at: datetime


@dataclass(slots=True)
class Habits:
    """What differs between shops, or what a test wants to be otherwise.

    Attributes:
        stock_moves_products: a change of a tracked item's available quantity counts as an update of
            its variant and its product, as the schema says of `Product.updatedAt`.
    """

    stock_moves_products: bool = True


class Shop:
    """Everything that a shop knows. Hold `lock` to see or change more than one record at once."""

    def __init__(self, sizes: Sizes | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self.sizes = sizes or Sizes()
        self.clock = clock
        self.lock = threading.RLock()
        self.habits = Habits()
        self.catalog = Catalog(self.sizes)
        self.sales = Sales(self.catalog)
        self.products: Table[Product] = Table(
            (Head(product_id(n), *self.catalog.times(n)) for n in range(self.sizes.products)),
            lambda identity: self.catalog.product(number_of(identity)),
            first_id=product_id(0),
        )
        self.orders: Table[Order] = Table(
            (Head(order_id(n), *self.sales.times(n)) for n in range(self.sizes.orders)),
            lambda identity: self.sales.order(order_number(identity)),
            first_id=order_id(0),
        )
        self.stock = Stock(self.catalog, self.products)
        self.events: list[Happening] = []

    @property
    def market(self) -> Market:
        """The country's words and money."""
        return self.catalog.market

    @property
    def domain(self) -> str:
        """The shop's permanent name."""
        return f"{self.market.domain}.myshopify.com"

    def now(self) -> datetime:
        """The shop's time, in whole seconds; never before what it began with."""
        return max(self.clock(), self.sizes.until).replace(microsecond=0)

    def items(self) -> Iterator[Item]:
        """All inventory items, by id."""
        for product in self.products:
            yield from (Item(variant) for variant in product.variants)

    def levels(self) -> Iterator[Level]:
        """All levels, by item and location."""
        for item in self.items():
            yield from self.stock.levels(item.variant)

    def count_items(self) -> int:
        """How many inventory items there are."""
        return sum(1 for _ in self.stock.heads(ITEM))

    def record(self, action: str, kind: str, subject: str, message: str) -> None:
        """Notes an event; Shopify keeps these for a year."""
        number = 150_000_000_000 + len(self.events)
        self.events.append(Happening(number, action, kind, subject, message, self.now()))
