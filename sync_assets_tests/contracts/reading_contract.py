"""What every source must do when nothing is wrong with the site but its life goes on."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import pytest

from sync_assets.core.counts import Counts
from sync_assets.core.keep import seconds
from sync_assets.core.known import NO_VERSION
from sync_assets.core.ports import Collection
from sync_assets.core.records import Record, Scalar
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import Column, ColumnType
from sync_assets.core.sync import sync_stream
from sync_assets_tests.contracts.conversation import connected, listed, survey
from sync_assets_tests.contracts.lab import SourceLab
from sync_assets_tests.core.memory_store import MemoryStore

HOLDS = {
    ColumnType.TEXT: str,
    ColumnType.JSONB: str,
    ColumnType.BIGINT: int,
    ColumnType.BOOLEAN: bool,
    ColumnType.TIMESTAMPTZ: datetime,
    ColumnType.NUMERIC: Decimal,
}


class SpecContract:
    """What a source says of itself."""

    def test_streams_and_tables_have_the_names_that_follow_from_the_source(self, lab: SourceLab):
        spec = lab.source.spec
        assert [stream.table.name for stream in spec.streams] == [
            f"{spec.name}_{stream.name}" for stream in spec.streams
        ]
        assert len({stream.name for stream in spec.streams}) == len(spec.streams)

    def test_a_stream_needs_only_streams_before_it(self, lab: SourceLab):
        before = set[str]()
        for stream in lab.source.spec.streams:
            assert set(stream.needs) <= before
            before.add(stream.name)

    def test_every_stream_has_collections_with_names_of_their_own(self, lab: SourceLab):
        with connected(lab) as (connection, _):
            for stream in lab.source.spec.streams:
                names = [part.name for part in connection.collections(stream.name)]
                assert names
                assert len(set(names)) == len(names)

    def test_the_servers_time_is_aware(self, lab: SourceLab):
        with connected(lab) as (connection, _):
            assert connection.server_time().utcoffset() is not None


class ListingContract:
    """A listing shows every record."""

    def test_a_listing_has_every_record(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            assert listed(collection) == lab.keys()

    def test_a_listing_has_several_pages_in_ascending_order(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            pages = [[seen.key for seen in page.sightings] for page in collection.listing()]
        pages = [page for page in pages if page]
        assert len(pages) >= 3
        assert all(page == sorted(page) for page in pages)
        assert all(before[0] < after[-1] for before, after in pairwise(pages))

    def test_two_listings_are_alike(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            assert list(survey(collection)) == list(survey(collection))

    def test_a_listing_announces_no_more_than_there_is(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            announced = [page.announced for page in collection.listing()]
        assert set(announced[-1:]) <= {None, len(lab.keys())}

    def test_no_record_is_lost_when_earlier_ones_are_deleted_meanwhile(self, lab: SourceLab):
        for requests in range(1, 8):
            with connected(lab) as (_, collection):
                lab.interpose(lambda: lab.delete(min(lab.keys())), after=requests)
                assert listed(collection) >= lab.keys(), f"deleted before request {requests + 1}"

    def test_no_record_is_lost_when_a_whole_page_is_deleted_meanwhile(self, lab: SourceLab):
        doomed = sorted(lab.keys())[: lab.options.batch_size + 1]

        def delete() -> None:
            for key in doomed:
                lab.delete(key)

        with connected(lab) as (_, collection):
            lab.interpose(delete, after=2)
            assert listed(collection) >= lab.keys()

    def test_no_record_is_lost_when_others_are_added_meanwhile(self, lab: SourceLab):
        before = lab.keys()

        def add_three() -> None:
            for _ in range(3):
                lab.add()

        with connected(lab) as (_, collection):
            lab.interpose(add_three, after=1)
            assert listed(collection) >= before

    def test_an_anonymous_reader_says_so_and_sees_nothing_hidden(self, lab: SourceLab):
        skip_unless_public(lab)
        key = min(lab.keys())
        lab.hide(key)
        with connected(lab, public=True) as (connection, collection):
            assert not connection.authenticated
            assert listed(collection) == lab.keys() - {key}
        with connected(lab) as (connection, collection):
            assert connection.authenticated
            assert key in listed(collection)


class FetchContract:
    """Contents come as they were asked for, and say the same as the listing."""

    def test_what_is_asked_for_is_what_comes(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            keys = sorted(lab.keys())[1::2][: lab.options.batch_size]
            fetched = collection.fetch(keys)
        assert sorted(payload["id"] for payload in fetched.payloads) == keys
        assert not fetched.rejected

    def test_a_record_that_vanished_is_not_served_but_the_others_are(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            keys = sorted(lab.keys())[:3]
            lab.delete(keys[1])
            fetched = collection.fetch(keys)
            assert {payload["id"] for payload in fetched.payloads} == {keys[0], keys[2]}
            assert collection.absent(keys) == {keys[1]}

    def test_a_record_fills_the_streams_table(self, lab: SourceLab):
        table = lab.source.spec.stream(lab.stream).table
        with connected(lab) as (_, collection):
            for record in records(collection, sorted(lab.keys())[: lab.options.batch_size]):
                assert_fills(table.columns, record.values)
                for part, children in zip(table.children, record.children, strict=True):
                    keys = [child.key for child in children]
                    assert keys == sorted(set(keys))
                    for child in children:
                        assert_fills(part.columns, child.values)
                links = [(link.kind, link.key) for link in record.links]
                assert links == sorted(set(links))

    def test_the_listing_and_the_record_agree_on_the_modified_time(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            sighted = dict(list(survey(collection))[: lab.options.batch_size])
            for record in records(collection, sorted(sighted)):
                assert seconds(record.modified_at, NO_VERSION) == sighted[record.key]

    def test_an_edit_shows_in_the_content_and_in_the_listing(self, lab: SourceLab):
        key = min(lab.keys())
        with connected(lab) as (_, collection):
            before, version = records(collection, [key])[0], dict(survey(collection))[key]
            lab.edit(key)
            after = records(collection, [key])[0]
            assert after.content_hash() != before.content_hash()
            assert collection.inline or dict(survey(collection))[key] > version

    def test_two_readings_of_one_record_are_alike(self, lab: SourceLab):
        keys = sorted(lab.keys())[: lab.options.batch_size]
        with connected(lab) as (_, collection):
            assert records(collection, keys) == records(collection, keys)

    def test_the_listing_carries_contents_exactly_when_it_says_so(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            for page in collection.listing():
                payloads = {payload["id"] for payload in page.payloads}
                expected = {seen.key for seen in page.sightings} if collection.inline else set()
                assert payloads == expected


class AbsenceContract:
    """Absence is proved for each record."""

    def test_what_exists_is_never_absent(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            assert collection.absent(sorted(lab.keys())) == set()

    def test_what_was_deleted_and_what_never_was_are_absent(self, lab: SourceLab):
        keys = sorted(lab.keys())
        never = keys[-1] + 1000
        with connected(lab) as (_, collection):
            lab.delete(keys[2])
            assert collection.absent([*keys, never]) == {keys[2], never}

    def test_what_an_anonymous_reader_may_not_see_is_not_absent(self, lab: SourceLab):
        skip_unless_public(lab)
        key = min(lab.keys())
        lab.hide(key)
        with connected(lab, public=True) as (_, collection):
            assert key not in collection.absent([key])


class SyncContract:
    """The loop and the source together."""

    def test_a_sync_ends_in_step_and_the_second_writes_nothing(self, lab: SourceLab):
        store = MemoryStore()
        assert sync(lab, store).adds_up()
        assert set(store.live()) >= lab.keys()
        store.writes.clear()
        again = sync(lab, store)
        assert (store.writes, again.failed, again.deleted) == ([], 0, 0)

    def test_edits_additions_and_deletions_arrive(self, lab: SourceLab):
        store = MemoryStore()
        sync(lab, store)
        edited, deleted = sorted(lab.keys())[:2]
        added = lab.add()
        lab.edit(edited)
        lab.delete(deleted)
        store.writes.clear()
        counts = sync(lab, store)
        assert {edited, added} <= set(store.writes)
        assert (counts.created, counts.deleted, store.buried()) == (1, 1, {deleted})
        assert counts.adds_up()


def assert_fills(columns: Sequence[Column], values: Sequence[Scalar]) -> None:
    """A value of the right type, or none, for each column."""
    for column, value in zip(columns, values, strict=True):
        assert value is None or type(value) is HOLDS[column.type], column.name


def skip_unless_public(lab: SourceLab) -> None:
    if lab.public is None:
        pytest.skip("nothing of this collection can be hidden from an anonymous reader")


def records(collection: Collection, keys: list[int]) -> list[Record]:
    """The records of these keys, in their order."""
    found = [collection.to_record(payload) for payload in collection.fetch(keys).payloads]
    return sorted(found, key=lambda record: record.key)


def sync(lab: SourceLab, store: MemoryStore) -> Counts:
    """One sync of the whole stream."""
    stop = StopSignal()
    with lab.source.connect(lab.tenant, lab.options, stop) as connection:
        return sync_stream(lab.stream, connection, store, lab.options, stop)
