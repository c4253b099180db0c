"""The parts of records: written with them, replaced with them, never touched without need."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.ports import Page, SyncRequest
from sync_assets.core.records import Child, Record, Scalar
from sync_assets.core.streams import ColumnType, Table
from sync_assets.core.tenants import Tenant
from sync_assets.sources.shopify.streams import SPEC
from sync_assets.sources.shopify.tables import ORDERS
from sync_assets.store.held_stream import HeldStream
from sync_assets_tests.store.feed import Reader
from sync_assets_tests.store.looking import Owner

pytestmark = pytest.mark.postgres

_EMPTY: dict[ColumnType, Scalar] = {ColumnType.TEXT: "", ColumnType.BOOLEAN: False}
MARCH = datetime(2024, 3, 1, 12, tzinfo=UTC)


def values(table: Any, **known: Scalar) -> tuple[Scalar, ...]:
    return tuple(known.get(c.name, _EMPTY.get(c.type)) for c in table.columns)


def order(key: int, lines: dict[int, str], **known: Scalar) -> Record:
    """An order with the prices of its lines."""
    children = tuple(
        Child(line, values(ORDERS.children[0], unit_price=Decimal(price)))
        for line, price in sorted(lines.items())
    )
    return Record(key, MARCH, values(ORDERS, **known), (), 0, (children, (), ()))


@contextmanager
def held(platform: Platform) -> Generator[HeldStream]:
    tenant = Tenant("loja", "shopify", "agency", "http://demo.invalid")
    wanted = SyncRequest(uuid4(), tenant, ("orders",))
    with suppress(OperatorMustAct):
        platform.tenants.add(tenant)
    platform.syncs.begin(wanted)
    with platform.syncs.holder(SPEC).hold(wanted, "orders") as stream:
        yield stream


def page(*records: Record) -> Page:
    return Page("orders", "orders", [(record, record.content_hash()) for record in records])


def lines(owner: Owner) -> list[tuple[Any, ...]]:
    query = "SELECT order_id, line_id, unit_price FROM cms.shopify_order_lines ORDER BY 1, 2"
    return owner.execute(query).fetchall()


def test_parts_are_written_and_replaced_with_their_record(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(order(1, {10: "1.10", 11: "2"}), order(2, {10: "3"})))
        stream.write(page(order(1, {11: "2.5", 12: "4"}, name="#1")))
    assert lines(owner) == [
        (1, 11, Decimal("2.5")),
        (1, 12, Decimal(4)),
        (2, 10, Decimal(3)),
    ]


def test_a_part_that_is_as_it_was_is_not_touched(platform: Platform, owner: Owner):
    query = "SELECT line_id, xmin::text FROM cms.shopify_order_lines ORDER BY 1"
    with held(platform) as stream:
        stream.write(page(order(1, {10: "1", 11: "2"})))
        before = dict(owner.execute(query).fetchall())
        stream.write(page(order(1, {10: "1", 11: "3"}, name="#1")))
    after = dict(owner.execute(query).fetchall())
    assert (after[10] == before[10], after[11] == before[11]) == (True, False)


def test_money_comes_back_as_exactly_as_it_went(platform: Platform):
    price = "12345678901234567890.123456789"
    with held(platform) as stream:
        stream.write(page(order(1, {10: price}, total=Decimal(price))))
    (row,) = platform.export.page("loja", SPEC.stream("orders"), None, 10)
    assert row["total"] == Decimal(price)
    assert row["lines"][0]["unit_price"] == price


def test_a_new_record_may_find_a_part_of_its_own_there_already(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(order(1, {10: "1"})))
        owner.execute("UPDATE cms.shopify_order_lines SET order_id = 2")
        written = stream.write(page(order(2, {10: "2", 11: "3"}))._replace(all_new=True))
    assert (written.created, written.failed) == (1, 0)
    assert lines(owner) == [(2, 10, Decimal(2)), (2, 11, Decimal(3))]


@pytest.mark.parametrize("all_new", [False, True])
def test_what_is_left_of_a_record_whose_row_is_gone_goes_too(
    platform: Platform, owner: Owner, all_new: bool
):
    with held(platform) as stream:
        stream.write(page(order(1, {10: "1", 11: "2"}), order(2, {12: "3"})))
        owner.execute("DELETE FROM cms.shopify_orders WHERE order_id = 1")
        stream.write(page(order(1, {11: "2", 13: "4"}))._replace(all_new=all_new))
    assert [row[:2] for row in lines(owner)] == [(1, 11), (1, 13), (2, 12)]


@pytest.mark.parametrize("all_new", [False, True])
def test_a_record_that_the_database_refuses_leaves_no_part(
    platform: Platform, owner: Owner, all_new: bool
):
    owner.execute("ALTER TABLE cms.shopify_order_lines ADD CHECK (unit_price < 100)")
    sent = page(order(1, {10: "1"}), order(2, {10: "1", 11: "100"}))._replace(all_new=all_new)
    with held(platform) as stream:
        written = stream.write(sent)
    assert (written.created, written.failed) == (1, 1)
    assert [row[:2] for row in lines(owner)] == [(1, 10)]


def test_a_hash_differs_by_every_part():
    hashes = {
        order(1, {}).content_hash(),
        order(1, {10: "1"}).content_hash(),
        order(1, {11: "1"}).content_hash(),
        order(1, {10: "2"}).content_hash(),
        order(1, {10: "1", 11: "1"}).content_hash(),
    }
    assert len(hashes) == 5


def test_a_record_without_parts_has_the_hash_that_it_always_had():
    """Otherwise every row of every tenant would be written once more."""
    assert Record(1, MARCH, ("a", None)).content_hash().hex() == "b94b2ac389b3a94558478887f49ccac3"


def test_a_part_that_somebody_edits_is_an_update_of_its_record(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(order(1, {10: "1"})))
    reader = Reader(platform, "loja")
    assert reader.seen() == [("created", "orders", 1)]
    owner.execute("UPDATE cms.shopify_order_lines SET quantity = 5")
    assert reader.seen()[-1] == ("updated", "orders", 1)


def test_every_child_table_has_the_columns_and_key_of_the_registry(owner: Owner):
    names = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
    tables: list[Table] = [stream.table for stream in SPEC.streams]
    for part in (part for table in tables for part in table.children):
        found = {row[0] for row in owner.execute(names, [f"cms.{part.name}"])}
        columns = {column.name for column in part.columns}
        assert found == {"tenant_id", part.owner, part.key, *columns}, part.name
