"""Makes a shop's orders, each from its number alone and always the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sync_assets.demo.shop.data.catalog import Catalog, moment
from sync_assets.demo.shop.data.dice import Dice
from sync_assets.demo.shop.data.numbering import (
    CUSTOMER,
    LINE,
    LOCATION,
    REFUND,
    REFUND_LINE,
    STEP,
    TRANSACTION,
    order_id,
    order_number,
    product_id,
    variant_id,
)
from sync_assets.demo.shop.data.orders import (
    Customer,
    Discount,
    Line,
    Order,
    Refund,
    RefundLine,
    Transaction,
)

_TIMES, _LOOKS, _LINES, _CUSTOMER, _REFUND = 11, 12, 13, 14, 15
_LONG_EVERY, _LONG = 211, 75  # an order whose lines no page of 50 holds
_CENT = Decimal("0.01")


class Sales:
    """The orders of a shop of these sizes, as they were before anybody touched them."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.sizes = catalog.sizes
        self.market = catalog.market
        self._start = int(self.sizes.since.timestamp())
        self._end = int(self.sizes.until.timestamp())

    def times(self, number: int) -> tuple[int, int]:
        """When an order was placed and last updated, in seconds since 1970."""
        dice = Dice(self.sizes.seed, _TIMES, number)
        gap = max(1, (self._end - self._start) // (self.sizes.orders + 1))
        created = self._start + gap * number + dice.roll(gap)
        return created, min(self._end, created + dice.roll(30 * 86_400))

    def order(self, number: int) -> Order:
        """The order with this number, from 0."""
        dice = Dice(self.sizes.seed, _LOOKS, number)
        created, updated = (moment(seconds) for seconds in self.times(number))
        discount = Discount(*dice.pick(self.market.codes)) if dice.chance(18) else None
        cancelled, abroad = dice.chance(3), dice.chance(8)
        presentment = dice.pick(tuple(self.market.foreign)) if abroad else self.market.currency
        order = Order(
            id=order_id(number),
            number=1001 + number,
            customer=None if dice.chance(5) else self._customer(number),
            currency=self.market.currency,
            presentment=presentment,
            rate=self.market.foreign.get(presentment, Decimal(1)),
            taxes_included=self.market.taxes_included,
            shipping=Decimal(0) if dice.chance(40) else Decimal(dice.between(8, 60)) + _CENT * 90,
            lines=tuple(self._lines(number, discount)),
            discount=discount,
            transactions=(),
            refunds=(),
            fulfillment_status="FULFILLED" if dice.chance(80) else "UNFULFILLED",
            source="web" if dice.chance(85) else "pos",
            note=dice.pick(self.market.notes) if dice.chance(10) else None,
            tags=tuple(sorted({dice.pick(self.market.tags) for _ in range(dice.roll(3))})),
            test=dice.chance(1),
            created_at=created,
            updated_at=updated,
            cancelled_at=updated if cancelled else None,
            cancel_reason=dice.pick(("CUSTOMER", "INVENTORY", "FRAUD")) if cancelled else None,
            closed_at=updated if cancelled or dice.chance(50) else None,
        )
        return self._paid(order, dice)

    def _customer(self, number: int) -> Customer:
        """One of a quarter as many people as there are orders."""
        person = Dice(self.sizes.seed, _CUSTOMER, number).roll(max(1, self.sizes.orders // 4))
        dice = Dice(self.sizes.seed, _CUSTOMER, person, 1)
        first, last = dice.pick(self.market.first_names), dice.pick(self.market.last_names)
        since = self.sizes.since - timedelta(hours=person % 5000)
        return Customer(CUSTOMER + person * STEP, first, last, f"person{person}@example.com", since)

    def _lines(self, number: int, discount: Discount | None) -> Iterator[Line]:
        dice = Dice(self.sizes.seed, _LINES, number)
        count = _LONG if number % _LONG_EVERY == 7 else (1, 1, 1, 2, 2, 3, 4, 6)[dice.roll(8)]
        for place in range(count):
            yield self.line(LINE + number * 128 + place, dice, discount)

    def line(self, identity: int, dice: Dice, discount: Discount | None) -> Line:
        """A line of some product, at the price that the catalogue began with."""
        bought = dice.roll(max(1, self.sizes.products))
        place = dice.roll(self.catalog.breadth(bought))
        price, quantity = self.catalog.price(bought, place), (1, 1, 1, 2, 3)[dice.roll(5)]
        off = (price * quantity * (discount.percentage if discount else 0) / 100).quantize(_CENT)
        taxed = (price * quantity - off) * self.market.tax
        tax = taxed / (100 + self.market.tax) if self.market.taxes_included else taxed / 100
        title, variant_title, sku, vendor = self.catalog.label(bought, place)
        return Line(
            id=identity,
            product_id=product_id(bought),
            variant_id=variant_id(bought, place),
            title=title,
            variant_title=variant_title,
            sku=sku,
            vendor=vendor,
            quantity=quantity,
            unit_price=price,
            discount=off,
            tax=tax.quantize(_CENT),
        )

    def _paid(self, order: Order, dice: Dice) -> Order:
        """The order with its sale, and with its refunds where it has any."""
        kind, gateway = dice.roll(100), dice.pick(self.market.gateways)
        if kind < 4 or order.total == 0:
            return order
        identity = TRANSACTION + order_number(order.id) * 32
        at = order.created_at + timedelta(seconds=20)
        sale = Transaction(identity, "SALE", "SUCCESS", order.total, gateway, order.test, at)
        order = replace(order, transactions=(sale,))
        if order.cancelled_at or kind >= 94:
            whole = order.cancelled_at is not None or kind >= 98
            refund = self.refund(
                order, dict(self._given_back(order, whole=whole)), order.updated_at
            )
            order = replace(order, refunds=(refund,), transactions=(sale, *refund.transactions))
        return order

    def _given_back(self, order: Order, *, whole: bool) -> Iterator[tuple[int, int]]:
        for line in order.lines if whole else order.lines[:1]:
            yield line.id, line.quantity if whole else 1

    def refund(
        self,
        order: Order,
        quantities: dict[int, int],
        at: datetime,
        *,
        restock: bool = True,
        note: str | None = None,
        location_id: int | None = None,
    ) -> Refund:
        """A refund of so many of each line (by its id), in proportion to what was paid for it."""
        place = len(order.refunds)
        base = order_number(order.id)
        where = (location_id or LOCATION) if restock else None
        lines = tuple(
            self._refund_line(REFUND_LINE + base * 1024 + place * 128 + n, order, line, where)
            for n, line in enumerate(quantities.items())
        )
        tax = Decimal(0) if order.taxes_included else sum((x.tax for x in lines), Decimal(0))
        asked = sum((x.subtotal for x in lines), Decimal(0)) + tax
        amount = min(asked, order.received - order.refunded)  # what was not paid is only let off
        sale = next((x for x in order.transactions if x.kind == "SALE"), None)
        if sale is None or not amount:
            return Refund(REFUND + base * 16 + place, note, lines, (), at)
        back = Transaction(
            id=TRANSACTION + base * 32 + 1 + place,
            kind="REFUND",
            status="SUCCESS",
            amount=amount,
            gateway=sale.gateway,
            test=order.test,
            created_at=at,
            parent_id=sale.id,
        )
        return Refund(REFUND + base * 16 + place, note, lines, (back,), at)

    def _refund_line(
        self, identity: int, order: Order, given: tuple[int, int], location_id: int | None
    ) -> RefundLine:
        line_id, quantity = given
        line = next(line for line in order.lines if line.id == line_id)
        share = Decimal(quantity) / line.quantity
        subtotal = (line.unit_price * quantity - line.discount * share).quantize(_CENT)
        return RefundLine(
            id=identity,
            line_id=line_id,
            quantity=quantity,
            price=line.unit_price,
            subtotal=subtotal,
            tax=(line.tax * share).quantize(_CENT),
            restock_type="RETURN" if location_id else "NO_RESTOCK",
            location_id=location_id,
        )
