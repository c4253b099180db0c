"""The feed says what happened to each record, whoever did it, and nothing else."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal

from sync_assets.bootstrap import Platform
from sync_assets.core.known import NO_HASH
from sync_assets.core.streams import StreamSpec, Table
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.settings import Settings
from sync_assets.sources import SPECS
from sync_assets.store.secrets import new_key
from sync_assets_tests.store.feed import Reader
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.new_server import NewServer
from sync_assets_tests.store.writing import APRIL, held, page, post, request, sync

pytestmark = pytest.mark.postgres

STREAMS = [stream for spec in SPECS for stream in spec.streams]
OTHER = {
    "text": "'other'",
    "bigint": "77",
    "boolean": "NOT coalesce({name}, false)",
    "timestamptz": "'2020-02-02'::timestamptz",
    "numeric": "77.01",
    "jsonb": """'{{"other": 1}}'::jsonb""",
}

streams = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)


@pytest.fixture
def synced(platform: Platform, acme: Tenant) -> Reader:
    """A reader who has seen the first sync of the bundled site."""
    sync(platform, acme.id)
    reader = Reader(platform)
    reader.changes()
    return reader


def edit(owner: Owner, change: str, key: int = 1) -> None:
    statement = f"UPDATE cms.wordpress_posts SET {change} WHERE wp_id = {key}"  # noqa: S608
    owner.execute(statement.encode())


def add_one(owner: Owner, table: Table) -> None:
    """A row of a source that the synced site is not of."""
    empty = {"text": "''", "boolean": "false"}
    values = {c.name: empty.get(c.type.value, "NULL") for c in table.columns}
    statement = f"""
        INSERT INTO cms.{table.name} (tenant_id, {table.key}, {", ".join(values)}, content_hash,
          synced_at, synced_by)
        VALUES ('acme', 7, {", ".join(values.values())}, %s, now(), gen_random_uuid())
    """  # noqa: S608
    owner.execute(statement.encode(), [NO_HASH])


def first(owner: Owner, table: str, key: str) -> int | None:
    query = SQL("SELECT min({}) FROM cms.{} WHERE deleted_at IS NULL")
    (row,) = owner.execute(query.format(Identifier(key), Identifier(table))).fetchall()
    return row[0]


# What a sync does


def test_a_first_sync_creates_each_live_record_once(platform: Platform, owner: Owner, acme: Tenant):
    sync(platform, acme.id)
    seen = Reader(platform).seen()
    assert len(seen) == len(set(seen)) > 250
    for stream in STREAMS:
        query = SQL("SELECT count(*) FROM cms.{}").format(Identifier(stream.table.name))
        (rows,) = owner.execute(query).fetchall()
        assert len([kind for kind, name, _ in seen if name == stream.name]) == rows[0]
    assert {kind for kind, _, _ in seen} == {"created"}


def test_a_second_sync_changes_nothing(platform: Platform, synced: Reader, acme: Tenant):
    sync(platform, acme.id)
    assert synced.seen() == []


def test_what_a_sync_writes_is_said_with_its_type_and_its_sync(platform: Platform):
    wanted = request()
    with held(platform, wanted) as stream:
        stream.write(page(post(7)))
    (change,) = Reader(platform).changes()
    assert (change.kind.value, change.stream, change.collection, change.key, change.sync_id) == (
        "created", "posts", "post", 7, wanted.id,
    )  # fmt: skip
    assert change.as_dict()["change"] == "created"


def test_a_sync_creates_updates_buries_and_restores(platform: Platform):
    with held(platform) as stream:
        stream.write(page(post(1), post(2), post(3)))
        stream.write(page(post(2, "Outro", APRIL)))
        stream.bury("post", [1, 3])
        stream.write(page(post(3, "Olá")))
    assert Reader(platform).seen() == [
        ("created", "posts", 1), ("created", "posts", 2), ("created", "posts", 3),
        ("updated", "posts", 2), ("deleted", "posts", 1), ("deleted", "posts", 3),
        ("restored", "posts", 3),
    ]  # fmt: skip


def test_other_terms_of_a_post_are_one_update_of_the_post(platform: Platform):
    with held(platform) as stream:
        stream.write(page(post(1, terms=[5])))
        stream.write(page(post(1, terms=[5, 6])))
        stream.write(page(post(1)))
    updates = [("updated", "posts", 1)] * 2
    assert Reader(platform).seen() == [("created", "posts", 1), *updates]


def test_a_page_that_was_rolled_back_is_not_in_the_feed(platform: Platform):
    with held(platform) as stream:
        stream.write(page(post(1)))
        with stream.writing() as connection, connection.transaction(force_rollback=True):
            connection.execute("UPDATE cms.wordpress_posts SET title = ''")
    assert Reader(platform).seen() == [("created", "posts", 1)]


# What others do


def test_an_edit_made_here_is_an_update_without_a_sync(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(post(1), post(2)))
    reader = Reader(platform)
    reader.changes()
    edit(owner, "title = 'Local'")
    (change,) = reader.changes()
    assert (change.kind.value, change.key, change.sync_id) == ("updated", 1, None)


@pytest.mark.parametrize(
    ("statement", "happened"),
    [
        ("UPDATE cms.wordpress_posts SET deleted_at = now() WHERE wp_id = 1", ["deleted"]),
        ("DELETE FROM cms.wordpress_posts WHERE wp_id = 1", ["deleted"]),
        ("UPDATE cms.wordpress_posts SET wp_id = 9 WHERE wp_id = 1", ["created", "deleted"]),
        ("UPDATE cms.wordpress_posts SET title = 'x' WHERE wp_id = 2", []),  # it is buried
        ("UPDATE cms.wordpress_posts SET deleted_at = NULL WHERE wp_id = 2", ["restored"]),
        ("DELETE FROM cms.wordpress_posts WHERE wp_id = 2", []),
        ("UPDATE cms.wordpress_posts SET title = title, synced_at = now()", []),
        ("INSERT INTO cms.wordpress_content_terms VALUES ('acme', 1, 'tag', 8)", ["updated"]),
        ("DELETE FROM cms.wordpress_content_terms WHERE term_wp_id = 5", ["updated"]),
        ("UPDATE cms.wordpress_content_terms SET term_wp_id = 6", ["updated"]),
        ("UPDATE cms.wordpress_content_terms SET taxonomy = taxonomy", []),
        ("INSERT INTO cms.wordpress_content_terms VALUES ('acme', 2, 'tag', 8)", []),
    ],
)
def test_what_a_person_does_by_sql_is_seen(
    platform: Platform, owner: Owner, statement: str, happened: list[str]
):
    with held(platform) as stream:
        stream.write(page(post(1, terms=[5]), post(2)))
        stream.bury("post", [2])
    reader = Reader(platform)
    reader.changes()
    owner.execute(statement.encode())
    assert sorted(kind for kind, _, _ in reader.seen()) == happened


def test_a_role_of_the_cms_that_may_not_even_read_the_feed_writes_to_it(
    platform: Platform, owner: Owner
):
    with held(platform) as stream:
        stream.write(page(post(1)))
    reader = Reader(platform)
    reader.changes()
    owner.execute("""
        DROP ROLE IF EXISTS front_end; CREATE ROLE front_end;
        GRANT USAGE ON SCHEMA cms TO front_end;
        GRANT SELECT, UPDATE ON cms.wordpress_posts TO front_end
    """)
    try:
        with owner.transaction():
            owner.execute("SET LOCAL ROLE front_end")
            owner.execute("SET LOCAL sync_assets.tenant_id = 'acme'")
            edit(owner, "title = 'Front'")
            with pytest.raises(psycopg.errors.InsufficientPrivilege), owner.transaction():
                owner.execute("INSERT INTO cms.changes (tenant_id) VALUES ('acme')")
    finally:
        owner.execute("DROP OWNED BY front_end; DROP ROLE front_end")
    assert reader.seen() == [("updated", "posts", 1)]


def test_one_statement_over_many_tenants_tells_each_its_own(platform: Platform, owner: Owner):
    for tenant in ("acme", "globex"):
        with held(platform, request(tenant)) as stream:
            stream.write(page(post(1)))
    readers = [Reader(platform, tenant) for tenant in ("acme", "globex")]
    for reader in readers:
        reader.changes()
    edit(owner, "title = tenant_id")
    assert [reader.seen() for reader in readers] == [[("updated", "posts", 1)]] * 2


def test_many_records_of_one_statement_are_all_there(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(*(post(key) for key in range(1, 2502))))
    reader = Reader(platform, limit=999)
    assert sorted(key for _, _, key in reader.seen()) == list(range(1, 2502))
    most = one(owner, "SELECT max(cardinality(keys)) FROM cms.changes")
    assert most == 1000  # so that no entry becomes slow to read piece by piece


# Every source's tables


@streams
def test_every_column_that_can_be_seen_counts_and_bookkeeping_does_not(
    synced: Reader, owner: Owner, stream: StreamSpec
):
    table = stream.table
    if first(owner, table.name, table.key) is None:
        add_one(owner, table)
        synced.changes()
    key = first(owner, table.name, table.key)
    update = SQL("UPDATE cms.{} SET {} = {} WHERE {} = {}")
    values = {c.name: OTHER[c.type.value].format(name=c.name) for c in table.columns}
    values["source_modified_at"] = "'2020-02-02'"
    for name, value in values.items():
        new = SQL(value)  # pyright: ignore[reportArgumentType] - our own words
        parts = (Identifier(table.name), Identifier(name), new, Identifier(table.key))
        owner.execute(update.format(*parts, Literal(key)))
        assert synced.seen() == [("updated", stream.name, key)], name
    owner.execute(
        update.format(
            Identifier(table.name),
            Identifier("synced_at"),
            SQL(
                "now(), synced_by = \
            gen_random_uuid(), local_modified_at = now()"
            ),
            Identifier(table.key),
            Literal(key),
        )
    )
    assert synced.seen() == []


@streams
def test_every_streams_table_is_followed_by_the_name_of_its_stream(
    owner: Owner, stream: StreamSpec
):
    query = """
        SELECT count(*) FROM pg_trigger
        WHERE tgrelid = to_regclass(%s) AND tgenabled = 'O' AND NOT tgisinternal
          AND tgfoid = to_regproc(%s) AND encode(tgargs, 'escape') LIKE %s
    """
    table, links = stream.table, stream.table.links
    wanted = "\\000".join([stream.name, table.key, table.scope or "", ""])
    followed = one(
        owner, query, f"cms.{table.name}", "cms.note_changes", wanted.replace("\\", "\\\\")
    )
    assert followed == 3
    if links is not None:
        wanted = "\\000".join(
            [stream.name, table.name, table.key, table.scope or "", links.owner, ""]
        )
        pattern = wanted.replace("\\", "\\\\")
        assert one(owner, query, f"cms.{links.name}", "cms.note_link_changes", pattern) == 3


def test_a_renamed_category_is_an_update_of_the_term_alone(
    platform: Platform, synced: Reader, acme: Tenant, demo_site: DemoSite
):
    term = demo_site.site.ids("categories")[0]
    demo_site.site.edit("categories", term, name="Outra")
    sync(platform, acme.id)
    assert synced.seen() == [("updated", "terms", term)]


# Another server


def test_on_a_hosters_server_where_row_security_binds_the_owner_it_is_written_too(
    new_server: NewServer, tmp_path: Path
):
    names = {"DATABASE_URL": new_server.hosted("CREATEROLE"), "home": tmp_path}
    with closing(Platform(Settings.model_validate({**names, "secret_key": new_key()}))) as hosted:
        for tenant in ("acme", "globex"):
            with held(hosted, request(tenant)) as stream:
                stream.write(page(post(1, terms=[5])))
        with psycopg.connect(hosted.database_url, autocommit=True) as owner:
            owner.execute("SELECT set_config('sync_assets.tenant_id', 'acme', false)")
            edit(owner, "title = 'Local'")
            owner.execute("DELETE FROM cms.wordpress_content_terms")
            assert one(owner, "SELECT current_setting('sync_assets.tenant_id')") == "acme"
        assert Reader(hosted).seen() == [("created", "posts", 1), *[("updated", "posts", 1)] * 2]
        assert Reader(hosted, "globex").seen() == [("created", "posts", 1)]
        with hosted.database.as_control() as control:
            query = "SELECT cms.has_new_changes('acme'), cms.has_new_changes('globex')"
            assert tuple(control.execute(query).one()) == (False, False)
            with held(hosted, request("acme")) as stream:
                stream.write(page(post(2)))
            assert tuple(control.execute(query).one()) == (True, False)
