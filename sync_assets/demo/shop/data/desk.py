"""What a merchant does: each method is one deed at the shop's present time.

    site.desk.edit_variant(variant_id, price=Decimal("19.90"))
    site.desk.refund(order_id, {line_id: 1}, restock=True)

Every deed moves the `updatedAt` of what Shopify would move, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync_assets.demo.shop.data.dice import Dice
from sync_assets.demo.shop.data.goods import Level, Option, Product, Variant
from sync_assets.demo.shop.data.numbering import (
    LINE,
    OPTION,
    STEP,
    TRANSACTION,
    VARIANT,
    gid,
    item_id,
    order_number,
    product_number,
    variant_id,
)
from sync_assets.demo.shop.data.orders import Line, Order, Refund, Transaction
from sync_assets.demo.shop.data.shop import Shop

_ITEM_FIELDS = {"sku", "unit_cost", "tracked"}


class Desk:
    """The shop's back office."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def edit_product(self, identity: int, **fields: Any) -> Product:  # noqa: ANN401 - model fields
        """Changes a product's own fields, such as title, status, tags, description_html."""
        with self._shop.lock:
            now = self._shop.now()
            product = replace(self._shop.products[identity], updated_at=now, **fields)
            self._shop.products.put(product)
            return product

    def edit_variant(self, identity: int, **fields: Any) -> Variant:  # noqa: ANN401 - model fields
        """Changes a variant (price, sku, barcode …), which is an update of its product too."""
        with self._shop.lock:
            now, variant = self._shop.now(), self._variant(identity)
            if _ITEM_FIELDS & fields.keys():
                fields["item_updated_at"] = now
            changed = replace(variant, updated_at=now, **fields)
            self._put_variant(changed, now)
            return changed

    def add_product(self, title: str = "Novidade", price: str = "59.90", variants: int = 1) -> int:
        """Adds a product with so many variants, in stock nowhere but by chance; its id."""
        with self._shop.lock:
            now, identity = self._shop.now(), self._shop.products.next_id(STEP)
            product = self._new_product(identity, title, Decimal(price), variants, now)
            self._shop.products.put(product)
            self._shop.record("create", "PRODUCT", gid("Product", identity), f"created {title}.")
            return identity

    def delete_product(self, identity: int) -> None:
        """Deletes a product with its variants, items and levels; an event is what remains."""
        with self._shop.lock:
            product = self._shop.products[identity]
            self._shop.stock.forget(product)
            self._shop.products.remove(identity)
            told = f"deleted {product.title}."
            self._shop.record("destroy", "PRODUCT", gid("Product", identity), told)

    def delete_variant(self, identity: int) -> None:
        """Deletes a variant, which is an update of its product."""
        with self._shop.lock:
            gone = self._variant(identity)
            product = self._shop.products[gone.product_id]
            left = tuple(variant for variant in product.variants if variant.id != identity)
            now = self._shop.now()
            self._shop.products.put(replace(product, variants=left, updated_at=now))

    def restock(self, item: int, location_id: int, amount: int = 10) -> Level:
        """More (or with a minus sign fewer) available at a location."""
        return self.move_stock(item, location_id, available=amount)

    def move_stock(self, item: int, location_id: int, **changes: int) -> Level:
        """Changes quantities by so much: available, committed, incoming, reserved.

        KeyError when there is no such item, or it is not stocked there.
        """
        with self._shop.lock:
            now, found = self._shop.now(), self._shop.stock.item(item)
            if found is None:
                raise KeyError(item)
            level = self._shop.stock.move(found.variant, location_id, now, **changes)
            counts = found.variant.tracked and changes.get("available")
            if counts and self._shop.habits.stock_moves_products:
                self._put_variant(replace(found.variant, updated_at=now), now)
            return level

    def add_order(self, *, lines: int = 2, test: bool = False) -> int:
        """An order placed and paid now; its id."""
        with self._shop.lock:
            now, identity = self._shop.now(), self._shop.orders.next_id(STEP)
            number = order_number(identity)
            template = self._shop.sales.order(number)
            dice = Dice(self._shop.sizes.seed, identity)
            sold = tuple(
                self._shop.sales.line(LINE + number * 128 + place, dice, template.discount)
                for place in range(lines)
            )
            order = replace(
                template, lines=sold, test=test, created_at=now, updated_at=now, refunds=(),
                cancelled_at=None, cancel_reason=None, closed_at=None, transactions=(),
            )  # fmt: skip
            gateway = self._shop.market.gateways[0]
            paid = Transaction(
                TRANSACTION + number * 32, "SALE", "SUCCESS", order.total, gateway, test, now
            )
            self._shop.orders.put(replace(order, transactions=(paid,)))
            self._commit(sold)
            return identity

    def edit_order(self, identity: int, **fields: Any) -> Order:  # noqa: ANN401 - model fields
        """Changes an order's own fields, such as note, tags, fulfillment_status."""
        with self._shop.lock:
            order = replace(self._shop.orders[identity], updated_at=self._shop.now(), **fields)
            self._shop.orders.put(order)
            return order

    def cancel_order(self, identity: int, reason: str = "CUSTOMER") -> Order:
        """Cancels an order; the money is another deed."""
        now = self._shop.now()
        return self.edit_order(identity, cancelled_at=now, cancel_reason=reason, closed_at=now)

    def refund(
        self,
        identity: int,
        quantities: Mapping[int, int] | None = None,
        *,
        restock: bool = False,
        note: str | None = None,
    ) -> Refund:
        """Gives back so many of each line, by its id; None: all that is left of all lines.

        With `restock` they are available again at the first location that stocks them.
        """
        with self._shop.lock:
            now, order = self._shop.now(), self._shop.orders[identity]
            given = dict(quantities) if quantities is not None else _left(order)
            refund = self._shop.sales.refund(order, given, now, restock=restock, note=note)
            self.edit_order(
                identity,
                refunds=(*order.refunds, refund),
                transactions=(*order.transactions, *refund.transactions),
            )
            if restock:
                self._put_back(order, given)
            return refund

    def delete_order(self, identity: int) -> None:
        """Deletes an order; an event is what remains."""
        with self._shop.lock:
            name = self._shop.orders[identity].name
            self._shop.orders.remove(identity)
            told = f"deleted order {name}."
            self._shop.record("destroy", "ORDER", gid("Order", identity), told)

    def _variant(self, identity: int) -> Variant:
        variant = self._shop.stock.variant(identity, VARIANT)
        if variant is None:
            raise KeyError(identity)
        return variant

    def _put_variant(self, changed: Variant, now: datetime) -> None:
        product = self._shop.products[changed.product_id]
        variants = tuple(changed if x.id == changed.id else x for x in product.variants)
        self._shop.products.put(replace(product, variants=variants, updated_at=now))

    def _commit(self, sold: tuple[Line, ...]) -> None:
        """What is sold is no longer available, at the first location that stocks it."""
        first = self._shop.stock.locations[0].id
        for line in sold:
            variant = self._shop.stock.variant(line.variant_id, VARIANT)
            if variant is not None and variant.tracked:
                count = line.quantity
                self.move_stock(variant.item_id, first, available=-count, committed=count)

    def _put_back(self, order: Order, given: Mapping[int, int]) -> None:
        first = self._shop.stock.locations[0].id
        for line in order.lines:
            variant = self._shop.stock.variant(line.variant_id, VARIANT)
            if line.id in given and variant is not None:
                self.restock(variant.item_id, first, given[line.id])

    def _new_product(
        self, identity: int, title: str, price: Decimal, variants: int, now: datetime
    ) -> Product:
        number = product_number(identity)
        values = tuple(f"{title} {place + 1}" for place in range(variants))
        made = tuple(
            Variant(
                id=variant_id(number, place), product_id=identity, item_id=item_id(number, place),
                position=place + 1, choices=(("Title", value),), sku=f"NEW-{number}-{place}",
                barcode=None, price=price, compare_at_price=None, tracked=True, unit_cost=None,
                created_at=now, updated_at=now, item_updated_at=now,
            )
            for place, value in enumerate(values)
        )  # fmt: skip
        return Product(
            id=identity, title=title, handle=f"new-{number}", description_html=f"<p>{title}</p>",
            vendor=self._shop.market.vendors[0], product_type=self._shop.market.types[0],
            status="ACTIVE", tags=(), options=(Option(OPTION + number * 8, "Title", values),),
            variants=made, created_at=now, updated_at=now, published_at=now,
        )  # fmt: skip


def _left(order: Order) -> dict[int, int]:
    """How many of each line have not been refunded yet."""
    left = {line.id: line.quantity - order.returned(line.id) for line in order.lines}
    return {identity: quantity for identity, quantity in left.items() if quantity > 0}
