"""The comparison with the shop leaves no column out, and sees whatever is not as it has to be."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sync_assets.core.streams import ChildTable, Table
from sync_assets.demo.shop.data.shop import Shop
from sync_assets.sources.shopify.streams import SPEC
from sync_assets_tests.sources.shopify.comparing import OURS, differences, names
from sync_assets_tests.sources.shopify.conftest import SIZES
from sync_assets_tests.sources.shopify.truth import TRUTH

OTHER: tuple[Any, ...] = (
    None,
    "otherwise",
    17,
    True,
    Decimal("0.01"),
    datetime(2020, 1, 1, tzinfo=UTC),
)
CASES = [
    pytest.param(stream.name, part, column, id=f"{(part or stream.table).name}.{column}")
    for stream in SPEC.streams
    for part in (None, *stream.table.children)
    for column in sorted(names(part or stream.table))
]


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop(SIZES)


def rows(shop: Shop, stream: str) -> Iterator[dict[str, Any]]:
    """Rows as a perfect sync would leave them."""
    for truth in TRUTH[stream](shop):
        yield {**deepcopy(truth), **dict.fromkeys(OURS, datetime(2026, 1, 1, tzinfo=UTC))}


@pytest.mark.parametrize(("stream", "part", "column"), CASES)
def test_a_column_that_is_wrong_is_seen(
    shop: Shop, stream: str, part: ChildTable | None, column: str
):
    table = SPEC.stream(stream).table
    truths = zip(rows(shop, stream), TRUTH[stream](shop), strict=True)
    row, truth = next(pair for pair in truths if part is None or pair[0][part.field])
    assert differences(table, row, truth) == []
    holder = row if part is None else row[part.field][0]
    wrong = [other for other in OTHER if other != holder[column]]
    for other in wrong:
        holder[column] = other
        assert differences(table, row, truth), other


@pytest.mark.parametrize("stream", TRUTH)
def test_every_leaf_of_what_the_shop_sent_is_compared(shop: Shop, stream: str):
    table = SPEC.stream(stream).table
    for row, truth in zip(rows(shop, stream), TRUTH[stream](shop), strict=True):
        for original in originals_of(table, row):
            for holder, key in leaves(original):
                was, holder[key] = holder[key], "otherwise"
                assert differences(table, row, truth), key
                holder[key] = was
        assert differences(table, row, truth) == []
        if all(row[part.field] for part in table.children):
            return
    raise AssertionError(f"no row of {stream} has all of its parts")


def originals_of(table: Table, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield row["original"]
    for part in table.children:
        yield from (one["original"] for one in row[part.field][:2])


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where each leaf of a JSON tree is: what holds it, and its name or place there."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
    for key, inner in pairs:
        if isinstance(inner, dict | list) and inner:
            yield from leaves(inner)
        else:
            yield value, key
