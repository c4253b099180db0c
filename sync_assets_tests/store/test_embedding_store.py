"""Chunks follow their records, vectors follow their chunks, and nothing is paid for twice."""

from contextlib import suppress

import numpy as np
import pytest
from psycopg.sql import SQL

from sync_assets.bootstrap import Platform
from sync_assets.core.texts import Chunk, Pending, SetKey
from sync_assets.store import chunks
from sync_assets.store import documents as documents_module
from sync_assets.store.connection import Connection
from sync_assets_tests.store.articles import (
    KEY,
    Embedder,
    article,
    bury,
    lines,
    put,
    unsettled,
    vectors,
)
from sync_assets_tests.store.looking import Owner, one, versions
from sync_assets_tests.store.writing import begin, request

pytestmark = pytest.mark.postgres

LEFT = """
    SELECT (SELECT count(*) FROM cms.embedded_records), (SELECT count(*) FROM cms.chunks),
      (SELECT count(*) FROM cms.vectors)
"""


@pytest.fixture
def embedder(platform: Platform) -> Embedder:
    begin(platform, request())
    return Embedder(platform)


def left(owner: Owner) -> tuple[int, int, int]:
    """How many records were split, and how many chunks and vectors there are."""
    (row,) = owner.execute(LEFT).fetchall()
    return row


# What is embedded


def test_pages_and_posts_that_anybody_may_read_are_split(embedder: Embedder):
    put(embedder.platform, article(1, "One"), article(2, "Two"), article(3, "Three"))
    put(embedder.platform, article(1, "Page", "pages"), stream="pages")
    bury(embedder.platform, 3)
    assert embedder.changed() == [("wp_page", 1), ("wp_post", 1), ("wp_post", 2)]


UNPUBLISHED = [
    article(2, "", status="draft"),
    article(3, "", status="private"),
    article(4, "", password_protected=True),
]


def test_what_is_not_public_is_not_split(embedder: Embedder):
    put(embedder.platform, article(1, ""), *UNPUBLISHED)
    assert embedder.changed() == [("wp_post", 1)]


def test_unless_the_tenant_wishes_it(platform: Platform):
    put(platform, article(1, ""), *UNPUBLISHED)
    wishing = Embedder(platform, settings={"embed_unpublished": "true"})
    assert [key for _, key in wishing.changed()] == [1, 2, 3, 4]


def test_one_tenant_never_sees_anothers_texts(platform: Platform):
    put(platform, article(1, "Ours"), tenant="acme")
    put(platform, article(2, "Theirs"), tenant="globex")
    assert Embedder(platform, "acme").run() == ["Ours", "T1"]
    assert Embedder(platform, "globex").run() == ["T2", "Theirs"]
    assert Embedder(platform, "acme").ask("SELECT DISTINCT record_id FROM cms.chunks") == [1]


def test_documents_come_in_batches_of_a_bounded_number(embedder: Embedder):
    put(embedder.platform, *(article(key, "") for key in range(1, 402)))
    batches = embedder.store.changed(embedder.store.open(KEY))
    assert [len(batch) for batch in batches] == [200, 200, 1]


def test_and_of_a_bounded_size(embedder: Embedder):
    sizes = [1_500_000, 1_500_000, 1_500_000, 9_000_000, 1]
    put(embedder.platform, *(article(key, "x" * size) for key, size in enumerate(sizes)))
    batches = embedder.store.changed(embedder.store.open(KEY))
    assert [[one.record_id for one in batch] for batch in batches] == [[0, 1], [2], [3], [4]]


def test_a_batch_may_be_written_while_others_wait(embedder: Embedder):
    put(embedder.platform, *(article(key, "Same") for key in range(1, 402)))
    own = embedder.split()
    assert embedder.changed() == []
    titles = sum(len(f"T{key}") for key in range(1, 402))
    assert embedder.store.pending(own) == Pending(401, 402, len("Same") + titles)


# Only what changed


def test_a_second_run_writes_nothing(embedder: Embedder, owner: Owner):
    put(embedder.platform, *(article(key, "One\nTwo") for key in range(1, 30)))
    embedder.run()
    before = versions(owner)
    assert embedder.run() == []
    assert versions(owner) == before


def test_an_edited_paragraph_costs_one_chunk(embedder: Embedder, owner: Owner):
    put(embedder.platform, article(1, "One\nTwo\nThree"), article(2, "Four"))
    assert embedder.run() == ["Four", "One", "T1", "T2", "Three", "Two"]
    put(embedder.platform, article(1, "One\nTwo, edited\nThree"))
    assert embedder.run() == ["Two, edited"]
    assert left(owner) == (2, 6, 6)


def test_moved_and_repeated_texts_cost_nothing(embedder: Embedder):
    put(embedder.platform, article(1, "One\nTwo"), article(2, "Three"))
    embedder.run()
    put(embedder.platform, article(1, "Three\nThree\nOne"), article(2, "Two"))
    assert embedder.run() == []


def test_a_text_moved_from_a_deleted_record_costs_nothing(embedder: Embedder):
    put(embedder.platform, article(1, "One", title="Title"))
    embedder.run()
    bury(embedder.platform, 1)
    put(embedder.platform, article(2, "One", title="Title"))
    assert embedder.run() == []


def test_a_text_of_many_records_is_pending_once(embedder: Embedder):
    put(embedder.platform, *(article(key, "Olá", title="Olá") for key in (1, 2, 3)))
    own = embedder.split()
    assert embedder.store.pending(own) == Pending(records=3, chunks=1, bytes=4)
    assert embedder.embed(own) == ["Olá"]
    assert embedder.store.pending(own) == Pending(0, 0, 0)


def test_a_shorter_text_loses_the_chunks_at_its_end(embedder: Embedder, owner: Owner):
    put(embedder.platform, article(1, "One\nTwo\nThree"))
    embedder.run()
    put(embedder.platform, article(1, "One"))
    embedder.run()
    assert left(owner) == (1, 2, 2)
    put(embedder.platform, article(1, "", title=""))
    own = embedder.store.open(KEY)
    for documents in embedder.store.changed(own):
        nothing: list[Chunk] = []
        embedder.store.write(own, [(found, nothing) for found in documents], request().id)
    assert embedder.store.finish(own)
    assert left(owner) == (1, 0, 0)


def test_an_edit_in_the_cms_is_a_change(embedder: Embedder, owner: Owner):
    put(embedder.platform, article(1, "One"), article(2, "Two"))
    embedder.run()
    owner.execute("UPDATE cms.wordpress_posts SET content = 'Local' WHERE wp_id = 2")
    assert embedder.changed() == [("wp_post", 2)]
    assert embedder.run() == ["Local"]


def test_a_chunk_keeps_the_sync_that_brought_it(embedder: Embedder):
    first, second = request().id, request().id
    put(embedder.platform, article(1, "One\nTwo"))
    embedder.split(sync_id=first)
    put(embedder.platform, article(1, "One\nTwo, edited"))
    embedder.split(sync_id=second)
    query = "SELECT synced_by FROM cms.chunks ORDER BY position"
    assert embedder.ask(query) == [first, first, second]


# What goes away


def test_records_that_are_public_no_longer_lose_chunks_in_all_sets(
    embedder: Embedder, owner: Owner
):
    put(embedder.platform, article(1, "One"), article(2, "Two"), article(3, "Three"))
    embedder.run()
    embedder.split(SetKey("other", 4, "lines"))
    put(embedder.platform, article(2, "Two", status="draft"))
    bury(embedder.platform, 3)
    assert embedder.store.prune() == 2
    assert left(owner) == (2, 4, 6)
    assert embedder.store.forget() == 4
    assert left(owner) == (2, 4, 2)
    assert embedder.store.prune() == embedder.store.forget() == 0


def test_a_wish_that_was_taken_back_takes_its_chunks_along(platform: Platform, owner: Owner):
    put(platform, article(1, "One"), *UNPUBLISHED)
    Embedder(platform, settings={"embed_unpublished": "on"}).run()
    assert left(owner)[0] == 4
    assert Embedder(platform).store.prune() == 3


def test_a_purge_leaves_nothing(embedder: Embedder, owner: Owner):
    put(embedder.platform, article(1, "One"))
    put(embedder.platform, article(1, "One"), tenant="globex")
    for tenant in ("acme", "globex"):
        Embedder(embedder.platform, tenant).run()
    tables = ["wordpress_posts", "wordpress_pages"]
    assert embedder.platform.tenants.purge("acme", tables) == 1
    assert left(owner) == (1, 2, 2)
    assert one(owner, "SELECT array_agg(tenant_id) FROM sync.embedding_sets") == ["globex"]


# Batches


def test_the_newest_records_come_first_and_pages_before_posts(embedder: Embedder):
    put(embedder.platform, article(1, "One\nTwo"), article(2, "Three"))
    put(embedder.platform, article(3, "Page", "pages"), stream="pages")
    own = embedder.split()
    assert embedder.embed(own, most=2) == ["T3", "Page", "T2", "Three", "T1", "One", "Two"]


def test_a_batch_stays_the_same_until_it_is_saved(embedder: Embedder):
    put(embedder.platform, article(1, "One\nTwo\nThree"))
    own = embedder.split()
    first = embedder.store.next_batch(own, 2, 1000)
    assert embedder.store.next_batch(own, 2, 1000) == first
    assert [text for _, text in first] == ["T1", "One"]
    hashes = [key for key, _ in first]
    assert hashes == [Chunk(0, "", text).hash for _, text in first]
    embedder.store.save(own, hashes, vectors(["T1", "One"]), unsettled)
    assert [text for _, text in embedder.store.next_batch(own, 2, 1000)] == ["Two", "Three"]


def test_a_batch_holds_as_many_bytes_as_it_may(embedder: Embedder):
    put(embedder.platform, article(1, "éé\nabcd\nabcde", title="T"))
    own = embedder.split()
    for most, texts in [(9, ["T", "éé", "abcd"]), (8, ["T", "éé"]), (0, ["T"])]:
        assert [text for _, text in embedder.store.next_batch(own, 10, most)] == texts


def test_a_batch_knows_what_was_written_meanwhile(embedder: Embedder):
    put(embedder.platform, article(1, "One"))
    own = embedder.split()
    assert len(embedder.store.next_batch(own, 10, 1000)) == 2
    put(embedder.platform, article(2, "Two"))
    embedder.split()
    texts = [text for _, text in embedder.store.next_batch(own, 10, 1000)]
    assert texts == ["T2", "Two", "T1", "One"]


def test_and_what_was_pruned(embedder: Embedder):
    put(embedder.platform, article(1, "One"), article(2, "Two"))
    own = embedder.split()
    assert len(embedder.store.next_batch(own, 10, 1000)) == 4
    bury(embedder.platform, 2)
    embedder.store.prune()
    assert [text for _, text in embedder.store.next_batch(own, 10, 1000)] == ["T1", "One"]


def test_whoever_goes_on_after_a_kill_pays_for_the_rest_only(embedder: Embedder):
    put(embedder.platform, *(article(key, f"Text {key}") for key in range(1, 11)))
    own = embedder.split()
    batch = embedder.store.next_batch(own, 15, 1000)
    paid = [text for _, text in batch]
    embedder.store.save(own, [key for key, _ in batch], vectors(paid), unsettled)
    embedder.store.next_batch(own, 3, 1000)  # on its way when the process died
    rest = Embedder(embedder.platform).run()
    assert len(rest) == 5
    assert not set(rest) & set(paid)


# Paying


class RefusedError(Exception):
    """The ledger does not settle."""


def refuse(_: Connection) -> None:
    raise RefusedError


def test_vectors_and_their_cost_are_stored_together_or_not_at_all(embedder: Embedder, owner: Owner):
    put(embedder.platform, article(1, "One"))
    own = embedder.split()
    ((key, text), *_) = embedder.store.next_batch(own, 10, 1000)
    with suppress(RefusedError):
        embedder.store.save(own, [key], vectors([text]), refuse)
    assert left(owner)[2] == 0
    assert len(embedder.store.next_batch(own, 10, 1000)) == 2

    def note(connection: Connection) -> None:
        connection.execute("UPDATE sync.embedding_sets SET indexed = true")

    embedder.store.save(own, [key], vectors([text]), note)
    assert left(owner)[2] == 1
    assert one(owner, "SELECT indexed FROM sync.embedding_sets") is True


@pytest.mark.parametrize("wrong", [vectors(["One"]), vectors(["One", "T1"], 3)])
def test_what_cannot_be_the_answer_is_not_stored_and_not_settled(
    embedder: Embedder, owner: Owner, wrong: np.ndarray
):
    put(embedder.platform, article(1, "One"))
    own = embedder.split()
    hashes = [key for key, _ in embedder.store.next_batch(own, 10, 1000)]
    with pytest.raises(ValueError, match="not \\(2, 4\\)"):
        embedder.store.save(own, hashes, wrong, refuse)
    assert left(owner)[2] == 0


# Sets


def test_search_uses_a_set_once_it_is_complete(embedder: Embedder):
    put(embedder.platform, article(1, "One"))
    own = embedder.split()
    assert not embedder.store.finish(own)
    assert [found.live for found in embedder.store.sets()] == [False]
    embedder.embed(own)
    assert embedder.store.finish(own)
    (found,) = embedder.store.sets()
    assert (found.set, found.live) == (own, True)
    assert found.completed_at is not None


def test_the_old_set_stays_until_the_new_one_is_complete(embedder: Embedder, owner: Owner):
    put(embedder.platform, article(1, "One"))
    embedder.run()
    (old,) = embedder.store.sets()
    new = embedder.split(SetKey("better", 8, "lines"))
    assert not embedder.store.finish(new)
    assert [(found.set.key.model, found.live) for found in embedder.store.sets()] == [
        ("model", True),
        ("better", False),
    ]
    assert left(owner) == (2, 4, 2)
    assert embedder.embed(new) == ["T1", "One"]  # vectors of two models never mix
    assert embedder.store.finish(new)
    (found,) = embedder.store.sets()
    assert found.set == new != old.set
    assert left(owner) == (1, 2, 2)


def test_a_text_that_no_model_takes_does_not_keep_a_set_from_search(embedder: Embedder):
    put(embedder.platform, article(1, "One"), article(2, "Poison"))
    own = embedder.split()
    embedder.store.leave_out(own, [Chunk(0, "", "Poison").hash])
    assert embedder.embed(own) == ["T2", "T1", "One"]
    assert embedder.store.pending(own).chunks == 1
    assert embedder.store.finish(own)
    assert not Embedder(embedder.platform).store.finish(own)  # somebody else may offer it again


def test_other_sets_are_those_that_search_may_use_meanwhile(embedder: Embedder):
    put(embedder.platform, article(1, "One"))
    embedder.run()
    (old,) = embedder.store.sets()
    new = embedder.store.open(SetKey("better", 8, "lines"))
    assert embedder.store.others(new) == [old.set]
    assert embedder.store.others(old.set) == [new]


def test_a_tenant_without_texts_has_a_complete_set(embedder: Embedder):
    assert embedder.run() == []
    assert [found.live for found in embedder.store.sets()] == [True]


def test_a_new_splitter_takes_the_same_models_vectors_over(embedder: Embedder, owner: Owner):
    put(embedder.platform, article(1, "One\nTwo"))
    embedder.run()
    put(embedder.platform, article(2, "Three"))
    assert embedder.run(SetKey("model", 4, "better lines")) == ["T2", "Three"]
    assert left(owner) == (2, 5, 5)
    stored = embedder.ask("SELECT embedding::real[] FROM cms.vectors")
    expected = vectors(["T1", "One", "Two", "T2", "Three"])
    assert np.allclose(sorted(stored), sorted(expected.tolist()), atol=1e-3)


def test_a_set_is_opened_once(embedder: Embedder):
    assert embedder.store.open(KEY) == embedder.store.open(KEY)
    assert len(embedder.store.sets()) == 1


# Words


WORDS = """
    SELECT weights[1] || lexeme FROM cms.chunks, unnest(search) WHERE position = 1 ORDER BY lexeme
"""


def test_words_are_indexed_in_each_language_by_where_they_stand(embedder: Embedder):
    put(embedder.platform, article(1, "casas running", title="T&iacute;tulos"))
    embedder.split()
    assert sorted(embedder.ask(WORDS)) == sorted(
        ["Ccas", "Ccasa", "Bh", "Crun", "Crunning", "Atítul", "Atítulo", "Atitul", "Atitulo"]
    )


def test_only_the_beginning_of_a_long_text_is_indexed(embedder: Embedder):
    put(embedder.platform, article(1, "casas " + "nada " * 1_600 + "fim", title=""))
    embedder.split()
    assert "Cfim" not in embedder.ask(WORDS)
    assert "Ccas" in embedder.ask(WORDS)


def test_another_language_is_indexed_anew_and_paid_for_not_at_all(platform: Platform):
    put(platform, article(1, "casas", title=""))
    Embedder(platform).run()
    german = Embedder(platform, settings={"language": "de"})
    assert german.changed() == [("wp_post", 1)]
    assert german.run() == []
    assert german.changed() == []
    assert german.ask("SELECT search::text FROM cms.chunks WHERE content = 'casas'") == [
        "'casas':2C 'h':1B"
    ]


def test_other_rules_index_anew_and_cost_nothing(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch
):
    put(embedder.platform, article(1, "One"))
    embedder.run()
    monkeypatch.setattr(documents_module, "RULES", "another")
    assert embedder.changed() == [("wp_post", 1)]
    assert embedder.run() == []
    assert embedder.changed() == []


def test_and_take_nothing_from_whom_nothing_is_split_anew(
    embedder: Embedder, owner: Owner, monkeypatch: pytest.MonkeyPatch
):
    put(embedder.platform, article(1, "One"), article(2, "Two"))
    embedder.run()
    before = left(owner)
    monkeypatch.setattr(documents_module, "RULES", "another")
    assert embedder.store.prune(edited=True) == 0
    assert left(owner) == before
    put(embedder.platform, article(1, "One, edited"))
    assert embedder.store.prune(edited=True) == 1


def test_no_text_is_too_long_for_the_index_of_words(platform: Platform):
    """PostgreSQL refuses an index of words of more than a megabyte."""
    long = " ".join(f"\N{CJK UNIFIED IDEOGRAPH-5C71}{n}" for n in range(300_000))
    wide = "\N{CJK UNIFIED IDEOGRAPH-20000}" * 500_000 + "/a-b" * 100_000
    put(platform, article(1, long + "\n" + wide, title=long), article(2, "<" * 3_000_000))
    embedder = Embedder(platform, settings={"language": "pt,en,es,fr,de"})
    own = embedder.store.open(KEY)
    for documents in embedder.store.changed(own):
        batch = [
            (found, [Chunk(c.position, long, c.text) for c in lines(found)]) for found in documents
        ]
        embedder.store.write(own, batch, request().id)
    assert embedder.changed() == []
    sizes = embedder.ask("SELECT pg_column_size(search) FROM cms.chunks")
    assert len(sizes) == 5


# Speed


def test_a_first_load_is_compared_before_postgresql_has_counted_it(
    embedder: Embedder, owner: Owner
):
    """By nested loops, 20,000 chunks would take 12 seconds."""
    own = embedder.store.open(KEY)
    for table in ("chunks", "vectors"):
        owner.execute(SQL("ALTER TABLE cms.{} SET (autovacuum_enabled = off)").format(SQL(table)))
    owner.execute(
        """
        INSERT INTO cms.chunks SELECT 'acme', %s, 'wp_post', n, 0, '', n::text,
          decode(md5(n::text), 'hex'), '', gen_random_uuid() FROM generate_series(1, 20000) n
        """,
        [own.id],
    )
    owner.execute(
        """
        INSERT INTO cms.vectors SELECT 'acme', %s, decode(md5(n::text), 'hex'), '[1,0,0,0]'
        FROM generate_series(1, 19999) n
        """,
        [own.id],
    )
    with embedder.platform.database.as_tenant("acme") as connection:
        connection.execute("SET LOCAL statement_timeout = '5s'")
        assert chunks.pending(connection, own.id) == Pending(1, 1, 5)
        assert [found.bytes for found in chunks.missing(connection, own.id)] == [5]
        assert chunks.forget(connection) == 0
