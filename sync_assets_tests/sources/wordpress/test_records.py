from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.errors import Unmappable
from sync_assets.core.keep import seconds
from sync_assets.core.known import NO_VERSION, Sighting
from sync_assets.core.records import Link, Record
from sync_assets.core.streams import Table
from sync_assets.sources.wordpress import records, tables
from sync_assets.sources.wordpress.collections import sightings
from sync_assets_tests.sources.wordpress import payloads

TAXONOMIES = {"categories": "category", "tags": "post_tag"}

to_term = partial(records.to_term, taxonomy="category")
to_page = partial(records.to_page, kind="page", taxonomies={})
to_post = partial(records.to_post, kind="post", taxonomies=TAXONOMIES)
to_media = records.to_media

KINDS = [
    pytest.param(to_term, payloads.term, tables.TERMS, id="terms"),
    pytest.param(to_media, payloads.media, tables.MEDIA, id="media"),
    pytest.param(to_page, payloads.page, tables.PAGES, id="pages"),
    pytest.param(to_post, payloads.post, tables.POSTS, id="posts"),
]


def named(record: Record, table: Table) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    return dict(zip(names, record.values, strict=True))


def test_a_term() -> None:
    record = to_term(payloads.term())
    assert (record.key, record.modified_at) == (5, None)
    assert named(record, tables.TERMS) == {
        "taxonomy": "category",
        "name": "Praia &amp; mar",
        "slug": "praia-mar",
        "description": "",
        "parent_wp_id": 2,
        "acf": None,
    }


def test_a_tag_has_no_parent() -> None:
    sent = payloads.term()
    del sent["parent"]
    assert named(to_term(sent), tables.TERMS)["parent_wp_id"] is None


def test_an_attachment() -> None:
    record = to_media(payloads.media())
    assert record.modified_at == datetime(2024, 5, 2, 10, 20, 30, tzinfo=UTC)
    assert named(record, tables.MEDIA) == {
        "title": "Farol",
        "slug": "farol",
        "status": "inherit",
        "link": "https://acme.example/farol/",
        "mime_type": "image/jpeg",
        "source_url": "https://acme.example/farol.jpg",
        "alt_text": "Um farol",
        "caption": "Foto: acervo",
        "description": "",
        "details": '{"height":1067,"width":1600}',
        "parent_wp_id": 7,
        "author_wp_id": 3,
        "published_at": datetime(2024, 5, 1, 13, tzinfo=UTC),
        "is_raw": True,
        "acf": '{"crédito":"Ana","licença":null}',
    }


@pytest.mark.parametrize("details", [{}, [], None])
def test_an_attachment_without_a_file(details: object) -> None:
    sent = payloads.media(media_details=details, post=None, source_url=False)
    columns = named(to_media(sent), tables.MEDIA)
    assert (columns["details"], columns["parent_wp_id"], columns["source_url"]) == (None, None, "")


def test_a_page() -> None:
    columns = named(to_page(payloads.page(parent=4)), tables.PAGES)
    assert (columns["type"], columns["parent_wp_id"], columns["menu_order"]) == ("page", 4, 2)
    assert columns["title"] == "Olá & mundo"


def test_a_post() -> None:
    record = to_post(payloads.post(acf={"nota": 7}))
    assert named(record, tables.POSTS) == {
        "type": "post",
        "status": "publish",
        "title": "Olá & mundo",
        "slug": "ola-mundo",
        "link": "https://acme.example/ola-mundo/",
        "content": "<p>Olá</p>",
        "excerpt": "",
        "author_wp_id": 3,
        "featured_media_wp_id": None,
        "template": "",
        "sticky": True,
        "password_protected": False,
        "is_raw": True,
        "acf": '{"nota":7}',
        "published_at": datetime(2024, 5, 1, 13, tzinfo=UTC),
    }
    assert record.links == (Link("category", 2), Link("category", 5))
    assert record.repaired == 0


def test_a_post_of_a_custom_type_may_lack_half_of_it() -> None:
    sent = {"id": 8, "modified_gmt": "2024-05-02T10:20:30", "title": {"raw": "Festa"}}
    record = records.to_post(sent, kind="evento", taxonomies=TAXONOMIES)
    columns = named(record, tables.POSTS)
    assert (columns["type"], columns["title"], columns["content"]) == ("evento", "Festa", "")
    assert (columns["author_wp_id"], columns["sticky"], record.links) == (None, False, ())


def test_the_public_gets_rendered_texts() -> None:
    sent = payloads.post(title={"rendered": "Olá &#038; mundo"}, content={"rendered": "<p>Olá</p>"})
    columns = named(to_post(sent), tables.POSTS)
    assert (columns["title"], columns["is_raw"]) == ("Olá &#038; mundo", False)


def test_an_object_that_nothing_is_left_of_is_an_empty_text() -> None:
    columns = named(to_post(payloads.post(title=[], content=[])), tables.POSTS)
    assert (columns["title"], columns["content"]) == ("", "")


@pytest.mark.parametrize(
    "protection",
    [
        {records.PROTECTED: True},
        {"content": {"rendered": "", "protected": True}},
    ],
)
def test_a_protected_post_is_known_as_such(protection: dict[str, Any]) -> None:
    columns = named(to_post(payloads.post(**protection)), tables.POSTS)
    assert columns["password_protected"] is True


@pytest.mark.parametrize("status", ["draft", "pending", "auto-draft"])
def test_what_was_never_published_has_no_time_of_that(status: str) -> None:
    columns = named(to_post(payloads.post(status=status)), tables.POSTS)
    assert columns["published_at"] is None


@pytest.mark.parametrize("modified", ["-0001-11-30T00:00:00", "0000-00-00T00:00:00"])
def test_an_impossible_time_is_none_and_counted(modified: str) -> None:
    record = to_post(payloads.post(modified_gmt=modified))
    assert (record.modified_at, record.repaired) == (None, 1)


def test_terms_are_named_once_each_and_in_order() -> None:
    record = to_post(payloads.post(categories=[9, 2, 9, 0], tags=[1], regiao=[4]))
    assert record.links == (Link("category", 2), Link("category", 9), Link("post_tag", 1))


def test_a_nul_is_dropped_and_counted() -> None:
    record = to_post(payloads.post(title={"raw": "a\x00b"}, acf={"x": "c\x00"}))
    columns = named(record, tables.POSTS)
    assert (columns["title"], columns["acf"], record.repaired) == ("ab", '{"x":"c"}', 2)


@pytest.mark.parametrize(
    "wrong", [{"slug": ["a"]}, {"author": "Ana"}, {"modified_gmt": 7}, {"title": {"raw": {}}}]
)
def test_a_value_of_a_wrong_kind_is_named(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(Unmappable, match=name):
        to_post(payloads.post(**wrong))


@pytest.mark.parametrize(("to_record", "payload", "table"), KINDS)
def test_records_have_a_value_for_every_column(to_record, payload, table: Table) -> None:
    assert len(to_record(payload()).values) == len(table.columns)


@pytest.mark.parametrize(("to_record", "payload", "table"), KINDS)
def test_the_order_of_a_payload_does_not_change_the_hash(to_record, payload, table: Table) -> None:
    del table
    sent = payload()
    turned = dict(reversed(sent.items()))
    assert to_record(sent).content_hash() == to_record(turned).content_hash()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["raw", "rendered", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(("to_record", "payload", "table"), KINDS)
@given(data=st.data())
def test_any_value_is_mapped_or_said_to_be_unmappable(
    to_record, payload, table: Table, data: st.DataObject
) -> None:
    del table
    sent = payload()
    name = data.draw(st.sampled_from(sorted(sent.keys() - {"id"})))
    sent[name] = data.draw(anything)
    try:
        record = to_record(sent)
    except Unmappable:
        return
    record.content_hash()
    for value in record.values:
        if isinstance(value, str):
            value.encode()
            assert "\x00" not in value


@pytest.mark.parametrize(
    "modified",
    [
        "2024-05-02T10:20:30",
        "2024-05-02T10:20:30.9",
        "2024-05-02T10:20:30Z",
        "2024-05-02T10:20:30-03:00",
        "1969-12-31T23:59:59",
        "-0001-11-30T00:00:00",
        "",
        None,
        False,
    ],
)
def test_the_listing_and_the_record_agree_on_the_version(modified: object) -> None:
    sent = payloads.post(modified_gmt=modified)
    version = seconds(to_post(sent).modified_at, NO_VERSION)
    assert sightings([sent]) == [Sighting(7, version)]
