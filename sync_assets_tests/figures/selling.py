"""A shop of which every order is made by hand, so that its figures can be added up on paper."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets.demo.shop.data.goods import Variant
from sync_assets.demo.shop.data.numbering import LINE, TRANSACTION, order_id, order_number
from sync_assets.demo.shop.data.orders import Discount, Line, Order, Transaction

ZONE = ZoneInfo("America/Sao_Paulo")
NOTHING = Sizes(products=0, orders=0, until=datetime.fromisoformat("2026-08-01T12:00:00+00:00"))


def at(text: str) -> datetime:
    """A moment on the clocks of the shop."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


class Counter:
    """Sells and gives back, at the times that a test says."""

    def __init__(self, site: ShopSite) -> None:
        self.site = site
        self._now = NOTHING.until
        site.shop.clock = lambda: self._now

    def product(self, title: str, price: str, available: int = 5) -> Variant:
        """A product with one variant, all of which lies in one place."""
        identity = self.site.desk.add_product(title, price)
        [variant] = self.site.shop.products[identity].variants
        self.stock(variant, available)
        return variant

    def stock(self, variant: Variant, available: int) -> None:
        """So many are available at the first location and none anywhere else."""
        levels = self.site.shop.stock.levels(variant)
        for place, level in enumerate(levels):
            wanted = 0 if place else available
            change = wanted - level.quantities["available"]
            self.site.desk.restock(variant.item_id, level.location_id, change)

    def sell(
        self,
        when: str,
        *lines: tuple[Variant, int, str],
        shipping: str = "0",
        currency: str = "BRL",
        test: bool = False,
    ) -> int:
        """An order that was paid; each line has its units and what was taken off; its id."""
        orders = self.site.shop.orders
        identity, moment = orders.next_id(32), at(when)
        number = order_number(identity) if len(orders) else 0
        sold = tuple(
            self._line(LINE + number * 128 + place, *line) for place, line in enumerate(lines)
        )
        code = Discount("VERAO", 10) if any(line.discount for line in sold) else None
        order = Order(
            id=order_id(number), number=1001 + number, customer=None, currency=currency,
            presentment=currency, rate=Decimal(1), taxes_included=True, shipping=Decimal(shipping),
            lines=sold, discount=code, transactions=(), refunds=(), fulfillment_status="FULFILLED",
            source="web", note=None, tags=(), test=test, created_at=moment, updated_at=moment,
        )  # fmt: skip
        paid = Transaction(
            TRANSACTION + number * 32, "SALE", "SUCCESS", order.total, "pix", test, moment
        )
        orders.put(replace(order, transactions=(paid,)))
        return order.id

    def refund(self, when: str, order: int, **units: int) -> None:
        """Gives back so many of the first line (`first=1`), or all that is left."""
        self._now = at(when)
        line = self.site.shop.orders[order].lines[0]
        self.site.desk.refund(order, {line.id: units["first"]} if units else None)

    def cancel(self, when: str, order: int) -> None:
        """Cancels an order and gives the money back."""
        self.refund(when, order)
        self.site.desk.cancel_order(order)

    def _line(self, identity: int, variant: Variant, units: int, off: str) -> Line:
        product = self.site.shop.products[variant.product_id]
        return Line(
            id=identity, product_id=product.id, variant_id=variant.id, title=product.title,
            variant_title=variant.title, sku=variant.sku, vendor=product.vendor, quantity=units,
            unit_price=variant.price, discount=Decimal(off), tax=Decimal(0),
        )  # fmt: skip


def register(platform: Platform, site: ShopSite, tenant: str = "loja") -> None:
    account = Credentials("token", site.token)
    platform.tenants.add(Tenant(tenant, "shopify", "agency", site.url, account))


def sync(platform: Platform, tenant: str = "loja") -> None:
    """A sync in which deletions need no proof by numbers: these shops are small."""
    request = platform.request(tenant, options=SyncOptions(approve_deletions=True))
    outcomes = platform.run_tenant(request, StopSignal())
    assert [outcome.error for outcome in outcomes if outcome.error] == []
