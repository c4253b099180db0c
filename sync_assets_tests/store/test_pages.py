"""A page's rows, its dead letters, its counts and the checkpoint behind it commit together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, LiteralString

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import OperatorMustAct, RetryLater
from sync_assets.core.known import NO_VERSION
from sync_assets.core.ports import Checkpoint
from sync_assets.core.records import Rejected
from sync_assets.core.tenants import Credentials
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets.store.held_stream import HeldStream
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import APRIL, held, new_page, page, post, request

pytestmark = pytest.mark.postgres

FAIL = """
    CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = '53100'; END $$
"""
AFTER_THE_ROWS = """
    CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON sync.checkpoints
    FOR EACH ROW EXECUTE FUNCTION public.fail()
"""
AT_COMMIT = """
    CREATE CONSTRAINT TRIGGER fail AFTER INSERT OR UPDATE ON cms.wordpress_posts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fail()
"""
REFUSES_UPSERTS = """
    CREATE FUNCTION public.no_upserts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF current_query() LIKE '%ON CONFLICT%' THEN
        RAISE EXCEPTION 'no upsert' USING ERRCODE = '0A000';
      END IF;
      RETURN new;
    END $$;
    CREATE TRIGGER no_upserts BEFORE INSERT ON cms.wordpress_posts
      FOR EACH ROW EXECUTE FUNCTION public.no_upserts();
    CREATE TRIGGER no_upserts BEFORE INSERT ON cms.wordpress_content_terms
      FOR EACH ROW EXECUTE FUNCTION public.no_upserts()
"""
TERMS = """
    SELECT array_agg((content_wp_id, term_wp_id)::text ORDER BY content_wp_id, term_wp_id)
    FROM cms.wordpress_content_terms
"""
DROPS_2 = """
    CREATE FUNCTION public.drop_2() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RETURN CASE WHEN new.wp_id = 2 THEN NULL ELSE new END; END $$;
    CREATE TRIGGER drop_2 BEFORE INSERT ON cms.wordpress_posts
      FOR EACH ROW EXECUTE FUNCTION public.drop_2()
"""
BEHIND_2 = Checkpoint(reread_from=2)
BEHIND_4 = Checkpoint(reread_from=4)


def first_page(stream: HeldStream) -> None:
    rejected = [Rejected(9, {"id": 9}, "no good")]
    stream.write(new_page(post(1), post(2, terms=[5]), rejected=rejected, checkpoint=BEHIND_2))


def state(owner: Owner) -> dict[str, Any]:
    """All that a page writes."""
    queries: list[LiteralString] = [
        "SELECT array_agg((wp_id, title)::text ORDER BY wp_id) FROM cms.wordpress_posts",
        "SELECT array_agg(term_wp_id ORDER BY term_wp_id) FROM cms.wordpress_content_terms",
        "SELECT array_agg((record, occurrences)::text ORDER BY record) FROM sync.dead_letters",
        "SELECT array_agg((collection, reread_from)::text) FROM sync.checkpoints",
        "SELECT array_agg(counts) FROM sync.streams",
    ]
    return {query: one(owner, query) for query in queries}


@pytest.mark.parametrize("trouble", [AFTER_THE_ROWS, AT_COMMIT])
def test_a_page_that_fails_leaves_neither_rows_nor_a_checkpoint(
    platform: Platform, owner: Owner, trouble: LiteralString
):
    with held(platform) as stream:
        first_page(stream)
        before = state(owner)
        owner.execute(FAIL)
        owner.execute(trouble)
        newer = [post(1, "Novo", APRIL, terms=[7]), post(3), post(4)]
        rejected = [Rejected(9, {"id": 9}, "still no good"), Rejected(8, {"id": 8}, "neither")]
        with pytest.raises(RetryLater, match="the disk is full"):
            stream.write(page(*newer, rejected=rejected, checkpoint=BEHIND_4))
        assert state(owner) == before
        owner.execute("DROP FUNCTION public.fail CASCADE")
        stream.write(page(*newer, rejected=rejected, checkpoint=BEHIND_4))
        after = state(owner)
    assert all(after[query] != before[query] for query in after)


def test_the_checkpoint_is_there_for_the_next_sync(platform: Platform):
    with held(platform) as stream:
        assert stream.checkpoint("post") == Checkpoint()
        first_page(stream)
        assert stream.checkpoint("eventos") == Checkpoint()
    with held(platform) as stream:
        assert stream.checkpoint("post").reread_from == 2
        stream.write(page(checkpoint=Checkpoint(overlap_from=APRIL)))
        assert stream.checkpoint("post") == Checkpoint(overlap_from=APRIL, own=True)


def test_a_page_without_a_checkpoint_keeps_the_stored_one(platform: Platform):
    with held(platform) as stream:
        first_page(stream)
        stream.write(page(post(3)))
        assert stream.checkpoint("post").reread_from == 2


def test_counts_are_there_with_the_page_not_a_second_later(platform: Platform, owner: Owner):
    counts = "SELECT counts FROM sync.streams"
    with held(platform) as stream:
        first_page(stream)
        assert one(owner, counts) == {"created": 2, "updated": 0, "deleted": 0}
        stream.write(page(post(2, "Novo", APRIL), post(3)))
        assert one(owner, counts) == {"created": 3, "updated": 1, "deleted": 0}


def test_tombstones_are_counted_with_their_transaction_too(platform: Platform, owner: Owner):
    with held(platform) as stream:
        first_page(stream)
        stream.bury("post", [1])
        stream.bury("post", [1, 2])
        assert one(owner, "SELECT counts->>'deleted' FROM sync.streams") == "2"


def test_another_attempt_of_a_sync_carries_on_what_the_last_one_wrote(platform: Platform):
    wanted = request()
    with held(platform, wanted) as stream:
        first_page(stream)
        stream.bury("post", [1])
    with held(platform, wanted) as stream:
        stream.write(page(post(3)))
        shown = platform.syncs.report(wanted.id)
    (row,) = shown.streams
    assert row.attempt == 2
    assert (row.counts.created, row.counts.deleted) == (1, 1)  # and 2 once they are seen again


def test_a_new_record_may_find_a_reference_of_its_own_there_already(
    platform: Platform, owner: Owner
):
    with held(platform) as stream:
        owner.execute("INSERT INTO cms.wordpress_content_terms VALUES ('acme', 2, 'category', 5)")
        written = stream.write(new_page(post(1, terms=[5]), post(2, terms=[5, 6])))
    assert (written.created, written.failed) == (2, 0)
    assert one(owner, TERMS) == ["(1,5)", "(2,5)", "(2,6)"]


@pytest.mark.parametrize("all_new", [False, True])
def test_what_is_left_of_a_record_whose_row_is_gone_goes_too(
    platform: Platform, owner: Owner, all_new: bool
):
    with held(platform) as stream:
        stream.write(page(post(1, terms=[5, 6]), post(2, terms=[5])))
        owner.execute("DELETE FROM cms.wordpress_posts WHERE wp_id = 1")
        stream.write(page(post(1, "Novo", APRIL, terms=[6, 7]))._replace(all_new=all_new))
    assert one(owner, TERMS) == ["(1,6)", "(1,7)", "(2,5)"]


def test_a_record_that_was_new_may_be_there_already(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(post(2, "Velho")))
        written = stream.write(new_page(post(1), post(2, "Novo", APRIL)))
    assert (written.created, written.updated, written.failed) == (1, 1, 0)
    assert one(owner, "SELECT title FROM cms.wordpress_posts WHERE wp_id = 2") == "Novo"
    changes = "SELECT array_agg((change, keys)::text) FROM cms.changes"
    assert sorted(one(owner, changes)) == ["(created,{1})", "(created,{2})", "(updated,{2})"]
    counts = "SELECT counts FROM sync.streams"
    assert one(owner, counts) == {"created": 2, "updated": 1, "deleted": 0}


def test_a_new_record_that_a_trigger_of_the_cms_drops_is_counted_as_skipped(
    platform: Platform, owner: Owner
):
    owner.execute(DROPS_2)
    with held(platform) as stream:
        written = stream.write(new_page(post(1), post(2, terms=[5]), post(3)))
    assert (written.created, written.skipped, written.failed) == (2, 1, 0)
    assert one(owner, "SELECT array_agg(wp_id ORDER BY wp_id) FROM cms.wordpress_posts") == [1, 3]
    assert one(owner, "SELECT count(*) FROM cms.wordpress_content_terms") == 0


def test_new_records_are_written_without_looking_for_them(platform: Platform, owner: Owner):
    owner.execute(REFUSES_UPSERTS)
    with held(platform) as stream:
        assert stream.write(new_page(post(1), post(2, terms=[5]))).created == 2
        with pytest.raises(OperatorMustAct, match="no upsert"):
            stream.write(page(post(3)))


# A tenant that is changed meanwhile


LATER = Checkpoint(overlap_from=APRIL, loaded=True)
CHANGES = pytest.mark.parametrize(
    "change",
    [
        {"url": "http://other.invalid"},
        {"settings": {"acf": "both"}},
        {"credentials": Credentials("editor", "secret")},
    ],
    ids=lambda change: next(iter(change)),
)


@CHANGES
def test_a_sync_of_a_tenant_that_was_changed_stores_no_checkpoint_any_more(
    platform: Platform, change: dict[str, Any]
):
    wanted = request()
    with held(platform, wanted) as stream:
        stream.write(page(checkpoint=LATER))
        platform.tenants.update(replace(wanted.tenant, **change))
        with pytest.raises(RetryLater, match="acme were changed"):
            stream.write(page(post(1), checkpoint=LATER._replace(listed_at=APRIL)))
        stored = stream.checkpoint("post")
    assert (stored.reread_from, stored.listed_at) == (NO_VERSION, None)
    assert platform.syncs.holder(SPEC).stored("acme", "posts").known("post").get(1) is None


@CHANGES
def test_not_even_the_first_checkpoint_of_a_first_load_is_stored(
    platform: Platform, change: dict[str, Any]
):
    wanted = request()
    with held(platform, wanted) as stream:
        platform.tenants.update(replace(wanted.tenant, **change))
        with pytest.raises(RetryLater, match="acme were changed"):
            stream.write(page(checkpoint=LATER))
        assert stream.checkpoint("post") == Checkpoint()


def test_what_changes_nothing_of_what_is_read_disturbs_no_sync(platform: Platform):
    wanted = request()
    with held(platform, wanted) as stream:
        platform.tenants.update(replace(wanted.tenant, schedule="off", organization="other"))
        stream.write(page(checkpoint=LATER))
        assert stream.checkpoint("post") == LATER._replace(own=True)


def test_whoever_changes_a_tenant_waits_for_the_page_that_is_being_written(platform: Platform):
    """Or the page's checkpoint would overwrite the word that everything has to be read again."""
    wanted = request()
    with held(platform, wanted) as stream:
        stream.write(page(checkpoint=LATER))
        changed = replace(wanted.tenant, url="http://other.invalid")
        with ThreadPoolExecutor(1) as pool:
            with stream.writing():
                update = pool.submit(platform.tenants.update, changed)
                with pytest.raises(TimeoutError):
                    update.result(0.3)
            update.result(20)
        assert stream.checkpoint("post").reread_from == NO_VERSION
