"""Large sets get indexes of their own, which go with them; without them nothing fails."""

import logging
from collections.abc import Generator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.texts import SetKey, VectorSet
from sync_assets.store.chunk_indexes import LOCK, ChunkIndexes
from sync_assets.store.database import Database
from sync_assets_tests.store.articles import KEY, Embedder, article, put
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.new_server import NewServer, upgrade

pytestmark = pytest.mark.postgres

INDEXES = """
    SELECT coalesce(array_agg(c.relname::text ORDER BY c.relname), '{}')
    FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relname ~ '_of_[0-9]+$' AND i.indisvalid
"""


@pytest.fixture
def embedder(platform: Platform) -> Embedder:
    """Three texts, in a program for which that is many."""
    put(platform, article(1, "One\nTwo"))
    return Embedder(platform, large=3)


def indexes(owner: Owner) -> list[str]:
    return one(owner, INDEXES)


def names(own: VectorSet) -> list[str]:
    return [f"vectors_of_{own.id}", f"words_of_{own.id}"]


def live(embedder: Embedder) -> VectorSet:
    (found,) = embedder.store.sets()
    assert found.live
    return found.set


def test_a_large_set_is_indexed_when_it_is_complete(embedder: Embedder, owner: Owner):
    own = embedder.split()
    assert not embedder.store.finish(own)
    assert indexes(owner) == []
    embedder.embed(own)
    assert embedder.store.finish(own)
    assert indexes(owner) == names(own)
    assert [found.indexed for found in embedder.store.sets()] == [True]


def test_a_smaller_one_is_not(platform: Platform, owner: Owner):
    put(platform, article(1, "One\nTwo"))
    embedder = Embedder(platform, large=4)
    embedder.run()
    assert indexes(owner) == []
    put(platform, article(2, "", title="It grows"))
    embedder.run()
    assert indexes(owner) == names(live(embedder))


def test_search_uses_the_index_of_its_set(embedder: Embedder):
    embedder.run()
    set_id = live(embedder).id
    with embedder.platform.database.as_tenant("acme") as connection:
        connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        query = f"""
            EXPLAIN SELECT hash FROM cms.vectors WHERE set_id = {set_id}
            ORDER BY embedding::halfvec(4) <=> '[1,0,0,0]'::halfvec(4) LIMIT 5
        """  # noqa: S608
        plan = "\n".join(connection.execute(query).scalars())
    assert f"Index Scan using vectors_of_{set_id}" in plan


def test_the_indexes_of_a_dropped_set_go(embedder: Embedder, owner: Owner):
    embedder.run()
    before = names(live(embedder))
    assert indexes(owner) == before
    embedder.run(SetKey("better", 8, "lines"))
    after = names(live(embedder))
    assert indexes(owner) == after != before


def test_indexes_of_purged_tenants_go_and_others_stay(embedder: Embedder, owner: Owner):
    put(embedder.platform, article(1, "One\nTwo"), tenant="globex")
    embedder.run()
    globex = Embedder(embedder.platform, "globex", large=3)
    globex.run()
    embedder.platform.tenants.purge("acme", [])
    tidied = ChunkIndexes(embedder.platform.database).tidy()
    assert len(tidied) == 2
    assert indexes(owner) == names(live(globex))
    assert ChunkIndexes(embedder.platform.database).tidy() == []


def test_an_index_that_a_crash_left_half_built_is_built_anew(embedder: Embedder, owner: Owner):
    embedder.run()
    own, oid = live(embedder), "SELECT %s::regclass::oid::bigint"
    before = one(owner, oid, f"cms.vectors_of_{own.id}")
    owner.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s", [before])
    assert indexes(owner) == [f"words_of_{own.id}"]
    assert ChunkIndexes(embedder.platform.database).build(own)
    assert indexes(owner) == names(own)
    assert one(owner, oid, f"cms.vectors_of_{own.id}") != before


def test_whole_indexes_are_not_built_twice(embedder: Embedder, owner: Owner):
    embedder.run()
    oids = "SELECT array_agg(oid::bigint ORDER BY oid) FROM pg_class WHERE relname ~ '_of_[0-9]+$'"
    before = one(owner, oids)
    assert ChunkIndexes(embedder.platform.database).build(live(embedder))
    assert one(owner, oids) == before


def test_while_somebody_else_builds_the_set_waits_for_the_next_sync(
    embedder: Embedder, owner: Owner
):
    owner.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    embedder.run()
    assert indexes(owner) == []
    assert [found.indexed for found in embedder.store.sets()] == [False]
    owner.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    embedder.run()
    assert indexes(owner) == names(live(embedder))


@pytest.fixture
def guest(platform: Platform, owner: Owner) -> Generator[Database]:
    """The program as a user that may take its roles but owns no table."""
    owner.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'guest'")
    owner.execute("GRANT sync_assets_sync, sync_assets_control TO guest")
    owner.execute("GRANT USAGE ON SCHEMA cms TO guest")
    parts = urlsplit(platform.database_url)
    database = Database(f"postgresql://guest:guest@{parts.hostname}:{parts.port}{parts.path}")
    yield database
    database.close()
    owner.execute("DROP OWNED BY guest; DROP ROLE guest")


def test_who_may_build_no_index_searches_without(
    embedder: Embedder, owner: Owner, guest: Database, caplog: pytest.LogCaptureFixture
):
    own = embedder.split()
    embedder.embed(own)
    with caplog.at_level(logging.WARNING):
        assert not ChunkIndexes(guest).build(own)
    assert f"Set {own.id} of chunks is not indexed yet" in caplog.text
    assert indexes(owner) == []


def test_the_owner_of_a_hosted_database_may_build_them_without_being_superuser(
    new_server: NewServer,
):
    url = new_server.hosted("CREATEROLE")
    upgrade(url)
    with closing(Database(url)) as database:
        built = ChunkIndexes(database)
        assert built.build(VectorSet(7, KEY))
        assert built.tidy() == ["vectors_of_7", "words_of_7"]


def test_a_database_that_does_not_answer_stops_nobody(embedder: Embedder):
    nowhere = ChunkIndexes(Database("postgresql://nobody@127.0.0.1:1/none"))
    assert not nowhere.build(embedder.store.open(KEY))
    assert nowhere.tidy() == []
