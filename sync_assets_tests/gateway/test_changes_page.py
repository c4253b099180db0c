"""The Python of docs/changes.md does what the page says."""

import time
from typing import Any

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.webhooks import SIGNATURE, signature
from sync_assets.settings import PROJECT
from sync_assets_tests.end_to_end.snippets import snippets_of
from sync_assets_tests.gateway.conftest import Organization
from sync_assets_tests.store.writing import held, page, post, request

PAGE = PROJECT / "docs/changes.md"
SNIPPETS = snippets_of(PAGE)


def run(heading: str, **names: Any) -> dict[str, Any]:
    """Run the page's Python under a heading; gives what it defines."""
    exec(compile(SNIPPETS[heading]["python"], str(PAGE), "exec"), names)  # noqa: S102 - our own page
    return names


@pytest.mark.postgres
def test_a_copy_is_made_and_kept_up(
    platform: Platform, ours: Organization, address: str, database_url: str
):
    def edit(change: str) -> None:
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute(f"UPDATE cms.wordpress_posts SET {change}".encode())  # noqa: S608

    with held(platform, request(ours.tenant)) as stream:
        stream.write(page(*(post(key) for key in range(1, 251))))
    snippet = run(
        "Making a copy and keeping it", GATEWAY=address, TENANT=ours.tenant, KEY=ours.reader
    )
    cursor, copy = snippet["begin"]("posts")
    assert sorted(copy) == list(range(1, 251))
    edit("title = 'New' WHERE wp_id > 20")
    edit("deleted_at = now() WHERE wp_id BETWEEN 3 AND 5")
    edit("deleted_at = NULL WHERE wp_id = 4")
    cursor = snippet["follow"]("posts", cursor, copy)
    assert sorted(copy) == [1, 2, 4, *range(6, 251)]
    assert {entry["title"] for key, entry in copy.items() if key > 20} == {"New"}
    edit("title = 'Newer' WHERE wp_id = 1")
    platform.changes.now(ours.tenant)
    assert sum(platform.changes.forget(utc_now())) > 0
    with pytest.raises(LookupError, match="begin anew"):
        snippet["follow"]("posts", cursor, copy)
    snippet["session"].close()


def test_a_signature_is_verified():
    is_genuine = run("Who sent it")["is_genuine"]
    body, now = b'{"id": "1"}', int(time.time())
    header = signature("whsec_ours", body, now)
    assert is_genuine("whsec_ours", header, body)
    assert not is_genuine("whsec_theirs", header, body)
    assert not is_genuine("whsec_ours", header, body + b" ")
    assert not is_genuine("whsec_ours", header, body, now + 301)
    assert not is_genuine("whsec_ours", header.replace(f"t={now}", f"t={now + 9}"), body)
    assert not is_genuine("whsec_ours", "", body)
    assert f"`{SIGNATURE}: t=" in PAGE.read_text()
