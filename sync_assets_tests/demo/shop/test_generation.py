"""Shops are made from numbers: always alike, cheap, and large where that is asked."""

import time
import tracemalloc
from decimal import Decimal
from itertools import islice

import pytest

from sync_assets.demo.shop.data.numbering import order_id, product_id
from sync_assets.demo.shop.data.shop import Shop
from sync_assets.demo.shop.data.sizes import Sizes

LARGE = Sizes(products=5_000, orders=20_000)


def test_two_shops_of_one_seed_are_alike() -> None:
    one, two = Shop(Sizes(products=8, orders=12)), Shop(Sizes(products=8, orders=12))
    assert list(one.products) == list(two.products)
    assert list(one.orders) == list(two.orders)
    assert list(one.levels()) == list(two.levels())


def test_another_seed_makes_another_shop() -> None:
    one, two = Shop(Sizes(products=8, orders=12)), Shop(Sizes(products=8, orders=12, seed=2))
    assert list(one.orders) != list(two.orders)


def test_a_large_shop_is_small_in_memory() -> None:
    shop = Shop(LARGE)
    tracemalloc.start()  # makes everything ten times slower
    for _ in islice(shop.orders, 600):
        pass
    filled, _ = tracemalloc.get_traced_memory()
    for _ in islice(shop.orders, 600, 1500):
        pass
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(shop.orders) == 20_000
    assert held < 1.2 * filled < 10_000_000


def test_a_large_shop_opens_at_once() -> None:
    started = time.process_time()
    Shop(LARGE)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("market", ["br", "us"])
def test_the_money_of_orders_adds_up(market: str) -> None:
    shop = Shop(Sizes(products=50, orders=300, market=market))
    for order in shop.orders:
        gross = sum((x.unit_price * x.quantity for x in order.lines), Decimal(0))
        added = Decimal(0) if order.taxes_included else order.tax
        assert order.total == gross - order.discounts + order.shipping + added
        assert order.refunded <= order.received
        assert order.total == order.total.quantize(Decimal("0.01"))


def test_markets_differ_in_language_and_money() -> None:
    brazil, states = Shop(Sizes(products=30, orders=60)), Shop(Sizes(30, 60, market="us"))
    assert {order.currency for order in brazil.orders} == {"BRL"}
    assert {order.currency for order in states.orders} == {"USD"}
    assert any("ã" in product.title for product in brazil.products)
    assert not any("ã" in product.title for product in states.products)


def test_times_never_run_backwards() -> None:
    shop = Shop(Sizes(products=60, orders=300))
    for product in shop.products:
        assert product.created_at <= product.updated_at <= shop.sizes.until
        for variant in product.variants:
            assert variant.created_at <= variant.item_updated_at <= product.updated_at
    for order in shop.orders:
        assert order.created_at <= order.updated_at <= shop.sizes.until


def test_lines_name_variants_that_exist() -> None:
    shop = Shop(Sizes(products=40, orders=100))
    variants = {x.id: x for product in shop.products for x in product.variants}
    for order in shop.orders:
        for line in order.lines:
            variant = variants[line.variant_id]
            assert (line.sku, line.variant_title) == (variant.sku, variant.title)
            assert line.title == shop.products[line.product_id].title
            assert line.unit_price == variant.price


def test_heads_agree_with_the_records_they_stand_for() -> None:
    shop = Shop(Sizes(products=40, orders=100))
    for identity in (product_id(7), order_id(7)):
        table = shop.products if identity == product_id(7) else shop.orders
        head, record = table.head(identity), table[identity]
        assert head.created == record.created_at.timestamp()
        assert head.updated == record.updated_at.timestamp()


def test_the_shops_clock_never_stands_before_its_history() -> None:
    sizes = Sizes(products=1, orders=1)
    assert Shop(sizes, clock=lambda: sizes.since).now() == sizes.until
