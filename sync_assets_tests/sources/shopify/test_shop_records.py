"""Shopify's JSON to records: totals that add up, and originals that PostgreSQL can hold."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from sync_assets.core.errors import Unmappable
from sync_assets.core.records import Record, canonical_json
from sync_assets.sources.shopify.records import to_order
from sync_assets.sources.shopify.tables import LINES, ORDERS


def bag(amount: str) -> dict[str, Any]:
    money = {"amount": amount, "currencyCode": "BRL"}
    return {"shopMoney": money, "presentmentMoney": money}


def line(*allocated: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/LineItem/7",
        "originalUnitPriceSet": bag("10.0"),
        "originalTotalSet": bag("30.0"),
        "discountAllocations": [{"allocatedAmountSet": bag(amount)} for amount in allocated],
        **fields,
    }


def order(*lines: dict[str, Any], **fields: Any) -> Record:
    node = {"id": "gid://shopify/Order/1", "lineItems": list(lines), "refunds": [], **fields}
    return to_order({"id": 1, "node": node})


def of_order(record: Record) -> dict[str, Any]:
    return dict(zip((column.name for column in ORDERS.columns), record.values, strict=True))


def of_line(record: Record) -> dict[str, Any]:
    (only,) = record.children[0]
    return dict(zip((column.name for column in LINES.columns), only.values, strict=True))


@pytest.mark.parametrize(
    ("allocated", "discount", "total"),
    [((), "0", "30.0"), (("2.5",), "2.5", "27.5"), (("2.5", "0.01"), "2.51", "27.49")],
)
def test_a_lines_discount_is_all_that_was_allocated_to_it(
    allocated: tuple[str, ...], discount: str, total: str
):
    values = of_line(order(line(*allocated)))
    assert (values["discount"], values["total"]) == (Decimal(discount), Decimal(total))


def test_a_line_without_a_price_has_no_total():
    values = of_line(order(line(originalTotalSet=None)))
    assert values["total"] is None


def test_money_that_is_no_money_is_refused():
    with pytest.raises(Unmappable, match="totalPriceSet"):
        order(totalPriceSet="30.00")
    with pytest.raises(Unmappable, match="shopMoney"):
        order(totalPriceSet={"shopMoney": ["30.00"]})


def test_what_the_shop_sent_is_kept_as_canonical_json():
    record = order(name="#1", note="ação ✓", tags=["b", "a"], zebra=1, apple=None)
    kept = of_order(record)["original"]
    assert kept == canonical_json(orjson.loads(kept))
    assert list(orjson.loads(kept)) == ["apple", "id", "name", "note", "tags", "zebra"]


@pytest.mark.parametrize("broken", ["a\x00b", "a\ud800b"])
def test_what_postgresql_cannot_hold_is_mended_in_the_original_too(broken: str):
    record = order(note=broken)
    values = of_order(record)
    assert "\x00" not in values["original"]
    assert "\\u0000" not in values["original"]
    values["original"].encode()
    assert record.repaired == 2  # the column, and the original
