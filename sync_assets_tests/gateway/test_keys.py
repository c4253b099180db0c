"""Keys: what opens, what does not, and that nobody can tell why."""

from datetime import timedelta

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.keys import Scope, parse
from sync_assets_tests.gateway.conftest import Client, Organization
from sync_assets_tests.gateway.looking import change, rows

pytestmark = pytest.mark.postgres

PATH = "/v1/syncs"


def test_a_key_opens_what_its_scope_includes(ours: Organization, client: Client):
    reader, syncer, admin = map(client, (ours.reader, ours.syncer, ours.admin))
    create = f"/v1/tenants/{ours.tenant}/syncs"
    for one in (reader, syncer, admin):
        assert one.get(PATH).status_code == 200
    for one in (syncer, admin):
        assert one.post(create, json={}).status_code == 202
    assert admin.get("/v1/workers").status_code == 200
    for refused in (reader.post(create, json={}), syncer.get("/v1/workers")):
        assert refused.status_code == 403
    problem = reader.post(create, json={}).json()
    assert problem["scope"] == "sync"
    assert problem["type"].endswith(":missing-scope")


def test_expired_revoked_wrong_and_malformed_keys_are_told_apart_by_nobody(
    platform: Platform, ours: Organization, client: Client
):
    expired = platform.keys.add("ours", [Scope.READ], expires_at=utc_now() - timedelta(seconds=1))
    revoked = platform.keys.add("ours", [Scope.READ])
    platform.keys.revoke(revoked[0].id)
    bad = [expired[1], revoked[1], ours.reader[:-1] + "!", "nonsense", "sa__"]
    key_id, _ = parse(ours.reader) or ("", "")
    bad.append(f"sa_{key_id}_{'x' * 43}")
    answers = [client(key).get(PATH) for key in bad]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_the_schemes_name_is_as_good_in_small_letters(ours: Organization, client: Client):
    for scheme, status in (("bearer", 200), ("BEARER", 200), ("Basic", 404), ("Bearer:", 404)):
        header = {"Authorization": f"{scheme} {ours.reader}"}
        assert client("").get(PATH, headers=header).status_code == status


def test_a_revoked_key_opens_nothing_from_that_moment_on(
    platform: Platform, ours: Organization, client: Client
):
    reader = client(ours.reader)
    assert reader.get(PATH).status_code == 200
    platform.keys.revoke((parse(ours.reader) or ("",))[0])
    assert reader.get(PATH).status_code == 404


def test_only_a_hash_of_the_secret_is_kept(platform: Platform, ours: Organization):
    [row] = rows(platform, "SELECT k::text AS k FROM sync.api_keys k WHERE name = 'read'")
    assert (parse(ours.reader) or ("", ""))[1] not in row["k"]
    assert not any(key.organization in key.id for key in platform.keys.all())


def test_the_last_use_is_kept_and_written_once_a_minute_at_most(
    platform: Platform, ours: Organization, client: Client
):
    reader = client(ours.reader)
    key_id = (parse(ours.reader) or ("",))[0]
    query = "SELECT last_used_at, xmin::text FROM sync.api_keys WHERE id = %(id)s"
    assert rows(platform, query, id=key_id)[0]["last_used_at"] is None
    reader.get(PATH)
    first = rows(platform, query, id=key_id)
    assert first[0]["last_used_at"] is not None
    reader.get(PATH)
    assert rows(platform, query, id=key_id) == first
    change(platform, "UPDATE sync.api_keys SET last_used_at = now() - interval '2 minutes'")
    reader.get(PATH)
    assert rows(platform, query, id=key_id)[0]["last_used_at"] > first[0]["last_used_at"]


def test_without_a_header_the_answer_says_what_to_send(client: Client):
    answer = client("").get(PATH)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("ours", "theirs")
def test_keys_are_listed_by_organization(platform: Platform):
    assert len(platform.keys.all()) == 6
    assert {key.organization for key in platform.keys.all("ours")} == {"ours"}
    shown = platform.keys.all("ours")[2].as_dict()
    assert shown["scopes"] == ["read", "sync", "admin"]
