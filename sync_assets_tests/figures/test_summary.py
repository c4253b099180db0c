"""The figures of a shop that was made by hand, to the cent."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.months import Month
from sync_assets.core.shops import ProductSales, ShopSummary
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.data.goods import Variant
from sync_assets.sources.shopify.figures import FIGURES
from sync_assets_tests.figures.selling import NOTHING, Counter, register, sync
from sync_assets_tests.store.conftest import owner as owner
from sync_assets_tests.store.looking import Owner

pytestmark = pytest.mark.postgres


def of(platform: Platform, month: str = "2026-10", tenant: str = "loja") -> ShopSummary:
    return platform.summary(tenant, "shopify", Month.parse(month))


def money(summary: ShopSummary) -> dict[str, tuple[int, Decimal, int, Decimal, Decimal]]:
    """By currency: orders, revenue, refunds, refunded, net."""
    return {
        x.currency: (x.orders, x.revenue, x.refunds, x.refunded, x.net) for x in summary.takings
    }


def sales(products: Sequence[ProductSales]) -> list[tuple[str, str, int, Decimal]]:
    return [(x.currency, x.title, x.units, x.revenue) for x in products]


@pytest.mark.usefixtures("october")
def test_a_month_is_added_up_by_currency_to_the_cent(platform: Platform):
    found = money(of(platform))
    assert found == {
        "BRL": (2, Decimal("109.30"), 1, Decimal("59.90"), Decimal("49.40")),
        "USD": (1, Decimal("20.00"), 0, Decimal(0), Decimal("20.00")),
    }
    assert list(found) == ["BRL", "USD"]  # the currency of most orders is first


@pytest.mark.usefixtures("october")
def test_a_refund_counts_in_the_month_in_which_it_was_made(platform: Platform):
    september, november = (of(platform, month).takings for month in ("2026-09", "2026-11"))
    assert [(x.orders, x.revenue, x.refunds) for x in september] == [(1, Decimal("59.90"), 0)]
    assert [(x.orders, x.revenue, x.refunds, x.refunded) for x in november] == [
        (1, Decimal("0.20"), 1, Decimal("50.00"))
    ]


@pytest.mark.usefixtures("october")
def test_the_months_together_are_what_the_shop_took(platform: Platform):
    months = [of(platform, month).takings for month in ("2026-09", "2026-10", "2026-11")]
    reais = [x.net for month in months for x in month if x.currency == "BRL"]
    assert sum(reais) == Decimal("59.90") + Decimal("49.40") + Decimal("-49.80")


@pytest.mark.usefixtures("october")
def test_the_best_products_are_net_of_what_came_back(platform: Platform):
    found = of(platform)
    shirt, mug = ("BRL", "Camiseta", 1, Decimal("40.10")), ("BRL", "Caneca", 4, Decimal("0.40"))
    cap = ("USD", "Gorro", 1, Decimal("20.00"))  # deleted since, but it was sold
    assert sales(found.best_by_revenue) == [shirt, mug, cap]
    assert sales(found.best_by_units) == [mug, shirt, cap]


def test_nothing_remains_of_what_was_given_back_whole(platform: Platform, counter: Counter):
    """Also where a code took something off the order."""
    mug = counter.product("Caneca", "33.33")
    order = counter.sell("2026-10-05T12:00:00", (mug, 3, "10.00"))
    counter.refund("2026-10-06T12:00:00", order)
    register(platform, counter.site)
    sync(platform)
    found = of(platform)
    assert [(x.units, x.revenue) for x in found.products] == [(0, Decimal(0))]
    assert found.takings[0].net == 0


@pytest.mark.usefixtures("october")
def test_each_day_is_a_day_of_the_shops_zone(platform: Platform):
    days = [(x.day.day, x.takings.currency, x.takings.net) for x in of(platform).days]
    assert days == [
        (1, "BRL", Decimal("0.30")),
        (15, "BRL", Decimal("109.00")),
        (20, "BRL", Decimal("-59.90")),
        (31, "USD", Decimal("20.00")),
    ]


@pytest.mark.usefixtures("october")
def test_an_imported_order_counts_when_it_was_placed(platform: Platform, owner: Owner):
    owner.execute(
        "UPDATE cms.shopify_orders SET processed_at = '2026-05-05T12:00Z' WHERE total = 109.00"
    )
    assert money(of(platform, "2026-05"))["BRL"][:2] == (1, Decimal(109))
    assert money(of(platform))["BRL"][0] == 1


@pytest.mark.usefixtures("october")
def test_an_order_without_that_time_counts_when_it_was_made(platform: Platform, owner: Owner):
    owner.execute("UPDATE cms.shopify_orders SET processed_at = NULL")
    owner.execute("UPDATE cms.shopify_refunds SET processed_at = NULL")
    found = of(platform).takings
    assert [(x.currency, x.orders, x.refunds) for x in found] == [("BRL", 2, 1), ("USD", 1, 0)]


@pytest.mark.usefixtures("october")
def test_money_is_as_exact_as_the_source_sent_it(platform: Platform, owner: Owner):
    """A float has sixteen digits."""
    owner.execute("UPDATE cms.shopify_orders SET total = 12345678901234567.89 WHERE total = 109.00")
    [reais, _] = of(platform).takings
    assert reais.revenue == Decimal("12345678901234568.19")


@pytest.mark.usefixtures("october")
def test_what_has_no_product_is_told_apart_by_its_title(platform: Platform, owner: Owner):
    owner.execute("UPDATE cms.shopify_order_lines SET product_id = NULL, title = 'Embrulho'")
    owner.execute("UPDATE cms.shopify_order_lines SET title = 'Cartão' WHERE unit_price = 0.10")
    titles = [(x.product_id, x.title, x.units) for x in of(platform).best_by_units]
    assert titles == [(None, "Cartão", 4), (None, "Embrulho", 1), (None, "Embrulho", 1)]


def test_a_product_goes_by_its_present_title(platform: Platform, october: Counter):
    [shirt] = [x for x in october.site.shop.products if x.title == "Camiseta"]
    october.site.desk.edit_product(shirt.id, title="Camiseta azul")
    sync(platform)
    assert of(platform).best_by_revenue[0].title == "Camiseta azul"


def test_a_deleted_product_goes_by_the_title_it_was_sold_under(
    platform: Platform, october: Counter
):
    [mug] = [x for x in october.site.shop.products if x.title == "Caneca"]
    october.site.desk.edit_product(mug.id, title="Caneca azul")
    sync(platform)
    october.site.desk.delete_product(mug.id)
    sync(platform)
    assert of(platform).best_by_units[0].title == "Caneca"


def test_another_tenants_rows_never_show(platform: Platform, october: Counter, cache: Path):
    before = of(platform)
    with ShopSite.start(sizes=NOTHING, cache=cache) as other:
        neighbour = Counter(other)
        neighbour.sell("2026-10-15T12:00:00", (neighbour.product("Sino", "999.00", 0), 1, "0"))
        register(platform, other, "vizinha")
        sync(platform, "vizinha")
    assert of(platform) == before
    theirs = of(platform, tenant="vizinha")
    assert sales(theirs.best_by_units) == [("BRL", "Sino", 1, Decimal("999.00"))]
    assert [x.product for x in theirs.empty] == ["Sino"]
    assert october.site.url != neighbour.site.url


def test_stock_at_zero_is_what_is_counted_and_not_there(platform: Platform, counter: Counter):
    counter.product("Abajur", "1.00", available=1)
    counter.product("Bola", "1.00", available=0)
    counter.product("Copo", "1.00", available=-2)
    uncounted, gone = counter.product("Dado", "1.00", 0), counter.product("Estojo", "1.00", 0)
    archived = counter.product("Anel", "1.00", 0)
    counter.site.desk.edit_variant(uncounted.id, tracked=False)
    counter.site.desk.edit_product(archived.product_id, status="ARCHIVED")
    register(platform, counter.site)
    sync(platform)
    counter.site.desk.delete_product(gone.product_id)
    sync(platform)
    found = of(platform)
    assert [(x.product, x.available, x.on_sale) for x in found.empty] == [
        ("Bola", 0, True),
        ("Copo", -2, True),
        ("Anel", 0, False),
    ]
    assert found.empty_total == 3


def test_what_lies_at_two_places_is_added_up(platform: Platform, counter: Counter):
    short = counter.product("Vaso", "1.00", available=-3)
    enough = counter.product("Tigela", "1.00", available=-3)
    for variant, amount in ((short, 3), (enough, 4)):
        place = counter.site.shop.stock.levels(variant)[1].location_id
        counter.site.desk.restock(variant.item_id, place, amount)
    register(platform, counter.site)
    sync(platform)
    assert [(x.product, x.available) for x in of(platform).empty] == [("Vaso", 0)]


def test_lists_are_bounded_and_say_how_much_there_is(platform: Platform, counter: Counter):
    for number in range(4):
        variant = counter.product(f"Peça {number}", f"{number + 1}.00", available=0)
        counter.sell("2026-10-05T12:00:00", (variant, 4 - number, "0"))
    register(platform, counter.site)
    sync(platform)
    found = platform.shops.summary("loja", FIGURES, Month(2026, 10), most=2)
    assert [x.title for x in found.best_by_units] == ["Peça 0", "Peça 1"]
    assert [x.title for x in found.best_by_revenue] == ["Peça 1", "Peça 2"]
    assert (len(found.empty), found.empty_total) == (2, 4)


@pytest.mark.usefixtures("october")
def test_a_month_without_orders_is_empty(platform: Platform):
    found = of(platform, "2020-02")
    assert (found.orders, found.takings, found.days, found.products) == (0, [], [], [])


def test_months_begin_by_the_installations_clocks(platform: Platform, october: Counter):
    settings = platform.settings.model_copy(update={"timezone": "Asia/Tokyo"})
    tokyo = Platform(settings)
    try:
        found = tokyo.summary("loja", "shopify", Month(2026, 10))
    finally:
        tokyo.close()
    assert found.zone == "Asia/Tokyo"
    # Of what is September here, 23:59:59 is October there; of October the last day's is November.
    assert [(x.currency, x.orders) for x in found.takings] == [("BRL", 3)]
    assert len(october.site.shop.orders) == 7


def test_a_source_that_is_no_shop_says_so(platform: Platform):
    with pytest.raises(OperatorMustAct, match=r"acme is no shop: WordPress .* Shopify has"):
        platform.summary("acme", "wordpress")


def test_what_only_came_back_is_told_after_what_was_sold(platform: Platform, october: Counter):
    [order] = [x for x in october.site.shop.orders if x.currency == "USD"]
    october.refund("2026-12-01T10:00:00", order.id)
    october.sell("2026-12-02T10:00:00", (replace(_any(october), price=Decimal(3)), 1, "0"))
    sync(platform)
    december = of(platform, "2026-12")
    assert [(x.currency, x.orders, x.net) for x in december.takings] == [
        ("BRL", 1, Decimal(3)),
        ("USD", 0, Decimal(-20)),
    ]
    assert [(x.currency, x.units) for x in december.best_by_units] == [("BRL", 1), ("USD", -1)]


def _any(counter: Counter) -> Variant:
    return next(iter(counter.site.shop.products)).variants[0]
