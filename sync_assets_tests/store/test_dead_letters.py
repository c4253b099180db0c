"""A record that cannot be kept stops no other, and is itself kept with the cause."""

import json
from typing import Any

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import SyncOptions
from sync_assets.core.records import Rejected
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets_tests.conftest import register
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import APRIL, held, page, post, sync

pytestmark = pytest.mark.postgres

POISON = "ALTER TABLE cms.wordpress_posts ADD CONSTRAINT healthy CHECK (title <> 'poison')"


@pytest.fixture
def hundred(platform: Platform, owner: Owner, empty_site: DemoSite) -> Tenant:
    """A tenant with 100 posts, one page, of which PostgreSQL refuses the 38th."""
    owner.execute(POISON)
    for number in range(1, 101):
        text = "poison" if number == 38 else f"Artigo {number}"
        empty_site.site.add("posts", id=number, title=text, date="2024-05-01T10:00:00")
    return register(platform, "acme", empty_site)


def letter(owner: Owner) -> dict[str, Any]:
    """The only dead letter."""
    return one(owner, "SELECT to_jsonb(d) FROM sync.dead_letters d")


def test_one_refused_record_never_stops_the_other_99_of_its_page(
    platform: Platform, owner: Owner, hundred: Tenant
):
    counts = sync(platform, hundred.id)
    assert (counts.created, counts.failed) == (99, 1)
    assert one(owner, "SELECT count(*) FROM cms.wordpress_posts") == 99
    assert one(owner, "SELECT count(*) FROM cms.wordpress_posts WHERE wp_id = 38") == 0


def test_its_payload_and_the_cause_are_kept(platform: Platform, owner: Owner, hundred: Tenant):
    sync(platform, hundred.id)
    kept = letter(owner)
    assert json.loads(kept["payload"])["id"] == 38
    assert json.loads(kept["payload"])["title"] == "poison"
    assert "PostgreSQL refused it" in kept["cause"]
    assert "healthy" in kept["cause"]
    assert (kept["tenant_id"], kept["stream"], kept["record"]) == ("acme", "posts", "38")


def test_it_is_tried_again_by_each_sync_and_kept_once(
    platform: Platform, owner: Owner, hundred: Tenant
):
    for occurrences in (1, 2, 3):
        assert sync(platform, hundred.id).failed == 1
        assert letter(owner)["occurrences"] == occurrences


def test_it_is_resolved_once_it_can_be_written(
    platform: Platform, owner: Owner, hundred: Tenant, empty_site: DemoSite
):
    sync(platform, hundred.id)
    assert letter(owner)["resolved_at"] is None
    empty_site.site.edit("posts", 38, title="Sarado")
    counts = sync(platform, hundred.id)
    assert (counts.created, counts.failed) == (1, 0)
    assert letter(owner)["resolved_at"] is not None


def test_it_is_unresolved_again_when_it_fails_again(
    platform: Platform, owner: Owner, hundred: Tenant, empty_site: DemoSite
):
    for title in ("poison", "Sarado", "poison"):
        empty_site.site.edit("posts", 38, title=title)
        sync(platform, hundred.id, SyncOptions(full=True))
    assert letter(owner)["resolved_at"] is None
    assert letter(owner)["occurrences"] == 2
    assert one(owner, "SELECT title FROM cms.wordpress_posts WHERE wp_id = 38") == "Sarado"


def test_it_is_resolved_once_it_is_gone_at_the_site(
    platform: Platform, owner: Owner, hundred: Tenant, empty_site: DemoSite
):
    sync(platform, hundred.id)
    empty_site.site.delete("posts", 38)
    sync(platform, hundred.id)
    assert letter(owner)["resolved_at"] is not None


def test_a_full_sync_resolves_what_is_as_it_was_before_it_failed(
    platform: Platform, owner: Owner, hundred: Tenant, empty_site: DemoSite
):
    sync(platform, hundred.id)
    owner.execute("DELETE FROM sync.dead_letters")
    for title, untouched in (("poison", True), ("Artigo 7", True)):
        empty_site.site.edit("posts", 7, title=title, touch=not untouched)
        sync(platform, hundred.id, SyncOptions(full=True))
    query = "SELECT resolved_at IS NOT NULL FROM sync.dead_letters WHERE record = '7'"
    assert one(owner, query)


def test_one_that_only_a_full_sync_can_try_again_stays_open_until_then(
    platform: Platform, owner: Owner, hundred: Tenant, empty_site: DemoSite
):
    sync(platform, hundred.id)
    empty_site.site.edit("posts", 7, title="poison", touch=False)
    assert sync(platform, hundred.id, SyncOptions(full=True)).failed == 2
    assert sync(platform, hundred.id).failed == 1
    query = "SELECT count(*) FROM sync.dead_letters WHERE resolved_at IS NULL"
    assert one(owner, query) == 2


@pytest.mark.parametrize(
    "poisoned", [{1}, {100}, {1, 2}, {99, 100}, {25, 50, 75}, set(range(1, 101))]
)
def test_wherever_they_are_exactly_the_refused_ones_are_left_out(
    platform: Platform, owner: Owner, poisoned: set[int]
):
    owner.execute(POISON)
    records = [post(key, "poison" if key in poisoned else "Bom") for key in range(1, 101)]
    with held(platform) as stream:
        written = stream.write(page(*records))
    assert (written.created, written.failed) == (100 - len(poisoned), len(poisoned))
    letters = owner.execute("SELECT record::int FROM sync.dead_letters").fetchall()
    assert {row[0] for row in letters} == poisoned
    rows = owner.execute("SELECT wp_id FROM cms.wordpress_posts").fetchall()
    assert {row[0] for row in rows} == set(range(1, 101)) - poisoned


def test_a_refused_newer_version_leaves_the_older_row_as_it_was(platform: Platform, owner: Owner):
    owner.execute(POISON)
    with held(platform) as stream:
        stream.write(page(post(1, terms=[5]), post(2)))
        newer = [post(1, "poison", APRIL, terms=[6]), post(2, "Novo", APRIL)]
        written = stream.write(page(*newer))
    assert (written.updated, written.failed) == (1, 1)
    assert one(owner, "SELECT title FROM cms.wordpress_posts WHERE wp_id = 1") == "Olá"
    assert one(owner, "SELECT term_wp_id FROM cms.wordpress_content_terms") == 5


def test_a_trigger_of_the_cms_may_refuse_a_record_too(platform: Platform, owner: Owner):
    owner.execute("""
        CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'no such author'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON cms.wordpress_posts
        FOR EACH ROW WHEN (NEW.wp_id = 2) EXECUTE FUNCTION public.refuse();
    """)
    with held(platform) as stream:
        assert stream.write(page(post(1), post(2), post(3))).failed == 1
    assert letter(owner)["cause"] == "PostgreSQL refused it: no such author"


def test_a_payload_is_kept_even_with_nuls_and_broken_letters(platform: Platform, owner: Owner):
    payload = {"id": 7, "title": "a\x00b", "content": "\ud800", "size": float("nan")}
    with held(platform) as stream:
        stream.write(page(rejected=[Rejected(7, payload, "title holds \x00, a NUL")]))
    kept = letter(owner)
    assert str(json.loads(kept["payload"])) == str(payload)
    assert kept["cause"] == "title holds , a NUL"


def test_records_without_an_id_are_told_apart_by_their_payload(platform: Platform, owner: Owner):
    nameless = [Rejected(None, {"title": title}, "no id") for title in ("a", "b")]
    for _ in range(2):
        with held(platform) as stream:
            stream.write(page(rejected=nameless))
    rows = owner.execute("SELECT payload, occurrences FROM sync.dead_letters ORDER BY id")
    assert rows.fetchall() == [('{"title": "a"}', 2), ('{"title": "b"}', 2)]
