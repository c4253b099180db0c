"""What a source says of itself."""

import pytest

from sync_assets.core.streams import Column, ColumnType, Setting, SourceSpec, StreamSpec, Table

TABLE = Table("shop_orders", "order_id", (Column("total", ColumnType.BIGINT),))
ORDERS = StreamSpec("orders", TABLE, needs=(), description="What was bought.")
SHOP = SourceSpec("shop", "A shop", (ORDERS,), settings={})


def test_a_stream_is_found_by_name():
    assert SHOP.stream("orders") is ORDERS


def test_a_stream_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(KeyError, match=r"A shop has no stream 'order'\. It has orders\."):
        SHOP.stream("order")


def test_a_setting_is_text_unless_it_says_otherwise():
    assert Setting("where").parse("anywhere") == "anywhere"
    assert Setting("how many", int).parse("3") == 3


def test_column_types_have_the_names_that_postgresql_gives_them():
    assert [kind.value for kind in ColumnType] == [
        "text",
        "bigint",
        "boolean",
        "timestamptz",
        "jsonb",
        "numeric",
    ]
