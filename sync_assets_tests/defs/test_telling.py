"""Dagster is told of checks what it does not know, and is never left with what is not so."""

from collections.abc import Set as AbstractSet

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import RetryLater
from sync_assets.core.tenants import Tenant
from sync_assets.definitions import defs
from sync_assets.defs.checks import CHECKS
from sync_assets.defs.telling import remembered, worth_telling
from sync_assets.demo import DemoSite
from sync_assets.store.failed_checks import Check, FailedChecks
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import STREAMS, Dagster, evaluations, latest, shown

POSTS = dg.AssetKey(["wordpress", "posts"])
REFUSED = ("posts", "nothing_refused")
STILL_KNOWN = Check("acme", *REFUSED)


def results(**passed: bool) -> list[dg.AssetCheckResult]:
    return [
        dg.AssetCheckResult(check_name=name, asset_key=POSTS, passed=ok)
        for name, ok in passed.items()
    ]


def told(found: list[dg.AssetCheckResult], *failed: str, room: int = 10, **more: bool) -> list[str]:
    known = {Check("acme", "posts", name) for name in failed}
    chosen = worth_telling(found, "acme", known, room, **more)
    return [str(result.check_name) for result in chosen]


# What is worth a row


def test_what_passes_as_before_is_not_told():
    assert told(results(a=True, b=True)) == []


def test_what_passes_as_before_is_told_where_all_is():
    assert told(results(a=True, b=True), passing=True) == ["a", "b"]


def test_what_passes_again_is_told():
    assert told(results(a=True, b=True), "b") == ["b"]


def test_what_changed_comes_first_then_what_still_fails_then_the_rest():
    found = results(passes=True, still=False, new=False, again=True)
    order = told(found, "still", "again", passing=True)
    assert order == ["new", "again", "still", "passes"]
    assert told(found, "still", "again", passing=True, room=2) == order[:2]


# What Dagster sees


pytestmark = pytest.mark.postgres


def empty(site: DemoSite) -> None:
    """Let a site lose all its posts at once, which no sync believes."""
    for post in site.site.ids("posts"):
        site.site.delete("posts", post)


@pytest.fixture
def red(dagster: Dagster, acme: Tenant, demo_site: DemoSite) -> Dagster:
    """A sweep has refused a deletion."""
    dagster.know(acme.id)
    assert evaluations(dagster.sweep([acme.id])) == {}
    empty(demo_site)
    assert evaluations(dagster.sweep([acme.id])) == {REFUSED: False}
    return dagster


def test_a_check_that_fails_in_a_sweep_is_shown(red: Dagster, platform: Platform):
    assert latest(red.instance, "nothing_refused", "acme") is False
    assert shown(red.instance, "nothing_refused", "acme", "posts") is False
    assert platform.failed_checks.of("acme") == {STILL_KNOWN}


def test_it_is_shown_while_it_fails(red: Dagster):
    assert evaluations(red.sweep(["acme"])) == {REFUSED: False}
    assert shown(red.instance, "nothing_refused", "acme", "posts") is False


@pytest.mark.parametrize("full", [False, True])
def test_the_next_good_sweep_turns_it_green_and_says_so_once(
    red: Dagster, platform: Platform, full: bool
):
    red.sweep(["acme"], approve_deletions=True)
    assert latest(red.instance, "nothing_refused", "acme") is True
    assert shown(red.instance, "nothing_refused", "acme", "posts") is True
    assert platform.failed_checks.of("acme") == set()
    assert evaluations(red.sweep(["acme"], full=full)) == {}


def test_a_run_for_the_tenant_turns_it_green(red: Dagster, platform: Platform):
    red.sync("acme", approve_deletions=True)
    assert shown(red.instance, "nothing_refused", "acme", "posts") is True
    assert platform.failed_checks.of("acme") == set()


def test_another_tenant_is_told_nothing(red: Dagster, platform: Platform, empty_site: DemoSite):
    register(platform, "globex", empty_site)
    red.know("globex")
    assert evaluations(red.sweep(["globex"])) == {}
    assert latest(red.instance, "nothing_refused", "globex") is None
    assert platform.failed_checks.of("globex") == set()


def test_all_results_of_a_run_for_one_tenant_are_shown(dagster: Dagster, acme: Tenant):
    assert dagster.sync(acme.id).success
    told = {(s, c): shown(dagster.instance, c, acme.id, s) for s in STREAMS for c in CHECKS}
    assert told == {(s, c): True for s in STREAMS for c in CHECKS}


# From Dagster's UI


def materialized(
    dagster: Dagster, tenant: str, checks: AbstractSet[dg.AssetCheckKey]
) -> dg.ExecuteInProcessResult:
    """Terms, as if a person had chosen them in the UI, with these checks."""
    dagster.know(tenant)
    job = defs.resolve_implicit_global_asset_job_def()
    terms = {dg.AssetKey(["wordpress", "terms"])}
    subset = job.get_subset(asset_selection=terms, asset_check_selection=checks)
    return subset.execute_in_process(instance=dagster.instance, partition_key=tenant)


@pytest.mark.parametrize("chosen", [True, False], ids=["with_its_checks", "without"])
def test_materializing_from_the_ui_tells_each_check_once(
    dagster: Dagster, acme: Tenant, chosen: bool
):
    terms = dg.AssetKey(["wordpress", "terms"])
    checks = {dg.AssetCheckKey(terms, name) for name in CHECKS} if chosen else set()
    result = materialized(dagster, acme.id, checks)
    names = [found.check_name for found in result.get_asset_check_evaluations()]
    assert sorted(names) == sorted(CHECKS)
    assert {shown(dagster.instance, name, acme.id, "terms") for name in CHECKS} == {True}


# After a crash


def test_what_may_have_been_told_to_fail_is_remembered(platform: Platform, acme: Tenant):
    failed = platform.failed_checks
    with pytest.raises(KeyboardInterrupt), remembered(failed, acme.id, results(a=False)):
        raise KeyboardInterrupt
    assert failed.of(acme.id) == {Check(acme.id, "posts", "a")}
    with pytest.raises(KeyboardInterrupt), remembered(failed, acme.id, results(a=True)):
        raise KeyboardInterrupt
    assert failed.of(acme.id) == {Check(acme.id, "posts", "a")}


def test_a_database_that_is_away_spoils_no_sync(
    dagster: Dagster, acme: Tenant, monkeypatch: pytest.MonkeyPatch
):
    def away(*_: object) -> set[Check]:
        raise RetryLater("PostgreSQL does not answer.")

    monkeypatch.setattr(FailedChecks, "of", away)
    result = dagster.sync(acme.id)
    assert result.success
    assert evaluations(result) == {}
