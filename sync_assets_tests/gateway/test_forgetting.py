"""What the gateway keeps is forgotten after a while."""

from datetime import timedelta

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.upkeep.cleaning import clean_rows
from sync_assets_tests.gateway.conftest import Client, Organization
from sync_assets_tests.gateway.looking import change, count

pytestmark = pytest.mark.postgres


def counts(platform: Platform) -> list[int]:
    tables = ("audit", "answers", "upkeep_wishes")
    return [count(platform, table) for table in tables]


def test_old_records_answers_and_wishes_go_and_new_ones_stay(
    platform: Platform, ours: Organization, client: Client
):
    for task in ("health", "statistics"):
        answer = client(ours.admin).post(
            f"/v1/maintenance/{task}", headers={"Idempotency-Key": task}
        )
        assert answer.status_code == 202
    platform.wishes.taken([wish.id for wish in platform.wishes.waiting()])
    assert counts(platform) == [2, 2, 2]
    change(platform, "UPDATE sync.audit SET at = at - interval '91 days' WHERE id = 1")
    change(
        platform,
        "UPDATE sync.answers SET at = at - interval '25 hours' WHERE idempotency_key = 'health'",
    )
    change(
        platform,
        "UPDATE sync.upkeep_wishes SET taken_at = taken_at - interval '31 days' "
        "WHERE task = 'health'",
    )
    found = clean_rows(platform, utc_now())
    assert (found["audit"], found["answers"], found["upkeep_wishes"]) == (1, 1, 1)
    assert counts(platform) == [1, 1, 1]
    assert clean_rows(platform, utc_now() + timedelta(days=92))["audit"] == 1
