"""Arrays arrive as what they were; a page goes on after its connection was lost."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import RetryLater
from sync_assets.store.arrays import array
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import held, page, post

pytestmark = pytest.mark.postgres

NOW = datetime(2026, 5, 4, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("bigint", [1, None, -(2**63), 2**63 - 1]),
        ("boolean", [True, None, False]),
        ("bytea", [b"", b"\x00\xff", None]),
        ("text", ["", None, "Olá, 😀", 'a"b\\c,{d}', "NULL"]),
        (
            "timestamptz",
            [NOW, None, datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
        ),
        ("text", []),
        ("bigint", [None]),
    ],
)
def test_an_array_arrives_as_what_it_was(platform: Platform, kind: str, members: list[object]):
    with platform.database.as_tenant("acme") as connection:
        query = f"SELECT %s::{kind}[]".encode()
        (found,) = connection.execute(query, [array(kind, members)]).fetchall()
    assert found == (members,)


def test_a_time_of_another_zone_is_the_same_moment(platform: Platform):
    there = NOW.astimezone(timezone(timedelta(hours=-3)))
    with platform.database.as_tenant("acme") as connection:
        query = "SELECT %s::timestamptz[]"
        (found,) = connection.execute(query, [array("timestamptz", [there])]).fetchall()
    assert found == ([NOW],)


def test_a_page_that_lost_its_connection_can_be_written_again(platform: Platform, owner: Owner):
    with held(platform) as stream:
        stream.write(page(post(1)))
        owner.execute("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'sync_assets' AND datname = current_database()
              AND pid NOT IN (SELECT backend_pid FROM sync.leases)
        """)
        with pytest.raises(RetryLater):
            stream.write(page(post(2)))
        assert stream.write(page(post(2))).created == 1
    assert one(owner, "SELECT count(*) FROM cms.wordpress_posts") == 2
