"""What happens to a shop, and to those who read it: hour by hour, for tests and benchmarks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sync_assets.demo.faults import Fault, truncated
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.site import GRAPHQL
from sync_assets_tests.demo.shop.conftest import Clock


@dataclass(frozen=True)
class Merchant:
    """Does everything by chance, which is the same each time.

    Attributes:
        share: of the records of a kind that one hour's deeds are done to.
    """

    site: ShopSite
    clock: Clock
    random: Random
    share: float = 0.02

    def nothing(self) -> None:
        """An hour without any deed."""

    def edits(self) -> None:
        """Texts, prices, costs and labels; each moves the times that Shopify says it moves."""
        desk = self.site.desk
        for number, key in enumerate(self._some(self._products)):
            product = desk.edit_product(key, title=f"Novo nome {number}", tags=("novo",))
            variant = self.random.choice(product.variants)
            price = Decimal(self.random.randrange(500, 90_000)) / 100
            desk.edit_variant(variant.id, price=price, sku=f"OUTRO-{number}", unit_cost=price / 2)
        for number, key in enumerate(self._some(self._orders)):
            desk.edit_order(key, note=f"Anotação {number}", fulfillment_status="FULFILLED")

    def refunds(self) -> None:
        """In parts, of everything, and of what was never paid; and orders that are cancelled."""
        desk, shop = self.site.desk, self.site.shop
        for key in self._some(self._orders):
            line = shop.orders[key].lines[0]
            if not shop.orders[key].returned(line.id):
                desk.refund(key, {line.id: 1}, restock=self.random.random() < 0.5)
            desk.refund(key, None, note="volta")
        for key in self._some(self._orders, self.share / 4):
            desk.cancel_order(key)

    def restocks(self) -> None:
        """Goods that come, go and are on their way."""
        for key in self._some(self._products):
            for variant in self.site.shop.products[key].variants:
                level = self.random.choice(self.site.shop.stock.levels(variant))
                changes = {"available": self.random.randrange(-3, 20), "incoming": 5}
                self.site.desk.move_stock(level.item_id, level.location_id, **changes)

    def deletions(self) -> None:
        """Of products, of orders, and of single variants."""
        desk, shop = self.site.desk, self.site.shop
        for key in self._some(self._products):
            variants = shop.products[key].variants
            if len(variants) > 1:
                desk.delete_variant(self.random.choice(variants).id)
        for key in self._some(self._products, self.share / 2):
            desk.delete_product(key)
        for key in self._some(self._orders, self.share / 2):
            desk.delete_order(key)

    def additions(self) -> None:
        """New products and orders."""
        for number in range(len(self._some(self._products))):
            self.site.desk.add_product(f"Novidade {number}", variants=1 + number % 3)
            self.site.desk.add_order(lines=1 + number % 4)

    def throttled(self) -> None:
        """Edits, and another part of the app that spends all points, twice."""
        self.edits()
        for turn in range(2):
            self._during(2 * turn + 1, self.site.app.bucket.drain)

    def half_a_bulk_operation(self) -> None:
        """Restocks, and an operation that fails half-way; the next one's file breaks off."""
        self.restocks()
        self.site.bulk.knobs.fails_after = 2 * self.site.shop.count_items()
        self.site.faults.add(Fault(truncated(), path="/bulk/"))

    def an_ending_token(self) -> None:
        """Edits and refunds, and every token ends in the middle of the sync."""
        self.edits()
        self.refunds()
        self._during(4, self.site.apps.end_all)

    def everything(self) -> None:
        """All of it at once."""
        self.deletions()
        self.additions()
        self.throttled()
        self.half_a_bulk_operation()
        self.an_ending_token()

    def an_hour_later(self, deed: Callable[["Merchant"], None]) -> None:
        """Let an hour pass, and do it; old troubles are over."""
        self.site.faults.clear()
        self.clock.forward(hours=1)
        deed(self)

    @property
    def _products(self) -> Sequence[int]:
        return self.site.shop.products.by_id()

    @property
    def _orders(self) -> Sequence[int]:
        return self.site.shop.orders.by_id()

    def _some(self, keys: Sequence[int], share: float | None = None) -> list[int]:
        count = max(2, round(len(keys) * (share or self.share)))
        return self.random.sample(keys, count)

    def _during(self, after: int, deed: Callable[[], None]) -> None:
        """Do it once, when the shop has been asked so many questions more."""
        self.site.faults.add(Fault(lambda _request: deed(), path=GRAPHQL, after=after))


HOURS: Sequence[Callable[[Merchant], None]] = (
    Merchant.nothing,
    Merchant.edits,
    Merchant.refunds,
    Merchant.restocks,
    Merchant.deletions,
    Merchant.additions,
    Merchant.throttled,
    Merchant.half_a_bulk_operation,
    Merchant.an_ending_token,
    Merchant.everything,
)
