"""What comes out again: the names of the tables, live rows, everything that belongs to one."""

import dataclasses
from typing import Any

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.records import Link
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets_tests.store.writing import held, page, post, request, sync

pytestmark = pytest.mark.postgres

TIMES = {"source_modified_at", "local_modified_at", "synced_at", "deleted_at"}


def exported(
    platform: Platform, tenant: str = "acme", stream: str = "posts", *, deleted: bool = False
) -> list[dict[str, Any]]:
    chunks = platform.export.chunks(tenant, SPEC.stream(stream), deleted=deleted)
    return [row for chunk in chunks for row in chunk]


@pytest.mark.parametrize("stream", [stream.name for stream in SPEC.streams])
def test_rows_carry_the_names_of_the_tables_columns(platform: Platform, acme: Tenant, stream: str):
    sync(platform, acme.id)
    spec = SPEC.stream(stream)
    names = {spec.table.key, *(column.name for column in spec.table.columns)} | TIMES
    if spec.table.links:
        names |= {"terms", "categories", "tags"}
    rows = exported(platform, stream=stream)
    assert rows
    assert all(set(row) == names for row in rows)
    assert [row["wp_id"] for row in rows] == sorted(row["wp_id"] for row in rows)


def test_a_posts_terms_come_with_it(platform: Platform, acme: Tenant, demo_site: DemoSite):
    sync(platform, acme.id)
    for row in exported(platform):
        held = demo_site.site.entry("posts", row["wp_id"]).terms
        assert row["categories"] == sorted(held["categories"])
        assert row["tags"] == sorted(held["tags"])
        assert row["terms"] == {
            "category": sorted(held["categories"]),
            "post_tag": sorted(held["tags"]),
            "regiao": sorted(held["regiao"]),
        }


def test_a_post_without_terms_has_empty_lists(platform: Platform):
    with held(platform) as stream:
        stream.write(page(post(1)))
    (row,) = exported(platform)
    assert (row["terms"], row["categories"], row["tags"]) == ({}, [], [])


def test_json_is_json_and_times_are_aware(platform: Platform, acme: Tenant):
    sync(platform, acme.id)
    rows = exported(platform)
    assert any(isinstance(row["acf"], dict) for row in rows)
    assert all(row["source_modified_at"].utcoffset() is not None for row in rows)
    assert {row["sticky"] for row in rows} == {True, False}


def test_deleted_rows_come_only_when_asked_for(platform: Platform):
    with held(platform) as stream:
        stream.write(page(post(1), post(2)))
        stream.bury("post", [1])
    assert [row["wp_id"] for row in exported(platform)] == [2]
    everything = exported(platform, deleted=True)
    assert [(row["wp_id"], row["deleted_at"] is None) for row in everything] == [
        (1, False),
        (2, True),
    ]


def test_only_the_tenants_own_rows_and_terms_come(platform: Platform):
    for tenant, term in (("acme", 5), ("globex", 6)):
        with held(platform, request(tenant)) as stream:
            stream.write(page(post(1, tenant, terms=[term])))
    assert [(row["title"], row["categories"]) for row in exported(platform, "globex")] == [
        ("globex", [6])
    ]
    assert exported(platform, "nobody") == []


def test_many_rows_come_in_chunks_of_a_thousand(platform: Platform):
    links = tuple(Link("category", key) for key in range(1, 4))
    with held(platform) as stream:
        records = [dataclasses.replace(post(key), links=links) for key in range(1, 2502)]
        stream.write(page(*records))
    chunks = list(platform.export.chunks("acme", SPEC.stream("posts")))
    assert [len(chunk) for chunk in chunks] == [1000, 1000, 501]
    assert len({row["wp_id"] for chunk in chunks for row in chunk}) == 2501
