import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.upkeep import health
from sync_assets_tests.cli.conftest import Commands
from sync_assets_tests.conftest import register
from sync_assets_tests.upkeep.past import Past

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine's disks have."""
    monkeypatch.setattr(health, "_BYTES", 0)
    monkeypatch.setattr(health, "_ROOM", 0)


def test_all_is_well(run: Commands, acme: Tenant) -> None:
    findings = run.json("doctor")
    installed = ["database", "migrations", "pgvector", "secret key"]
    healthy = ["daemon", "queue", "failing_tenants", "dead_letters", "disk"]
    assert [f["check"] for f in findings] == [*installed, *healthy, f"tenant {acme.id}"]
    assert run("doctor") == 0
    assert all(line.startswith("ok") for line in run.out.splitlines())


def test_what_is_only_worth_a_look_is_no_failure(run: Commands, platform: Platform) -> None:
    past = Past(platform)
    past.tenant("acme")
    past.execute("UPDATE sync.tenants SET active = false")
    past.letter(past.request("acme", 1), "acme", None)
    assert run("doctor") == 0
    assert "warn   dead_letters: 1 are unresolved: acme (1)." in run.out
    [finding] = [found for found in run.json("doctor") if not found["ok"]]
    assert (finding["check"], finding["serious"]) == ("dead_letters", False)


def test_a_queue_that_is_stuck_is_found(run: Commands, platform: Platform) -> None:
    past = Past(platform)
    past.tenant("acme")
    past.request("acme", 1, "queued")
    assert run("doctor") == 1
    assert "failed queue: A request waits in default for 24 h though there are places." in run.out


def test_a_revoked_password_is_found(run: Commands, acme: Tenant, demo_site: DemoSite) -> None:
    demo_site.site.revoke()
    assert run("doctor") == 1
    assert f"failed tenant {acme.id}: acme's WordPress does not accept" in run.out


def test_without_the_tenants_nobodys_password_matters(
    run: Commands, acme: Tenant, demo_site: DemoSite
) -> None:
    demo_site.site.revoke()
    assert run("doctor", "--no-tenants") == 0
    assert acme.id not in run.out


def test_a_missing_key_is_found(
    run: Commands, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SYNC_ASSETS_SECRET_KEY")
    assert run("doctor") == 1
    assert "failed secret key: SYNC_ASSETS_SECRET_KEY is not set" in run.out
    assert f"failed tenant {acme.id}" in run.out


def test_a_key_that_is_none_is_found(
    run: Commands, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_ASSETS_SECRET_KEY", "c2hvcnQ=")
    assert run("doctor") == 1
    assert "failed secret key: SYNC_ASSETS_SECRET_KEY is no key. Make one with" in run.out
    assert f"failed tenant {acme.id}: SYNC_ASSETS_SECRET_KEY is no key" in run.out


def test_a_setting_that_the_site_cannot_meet_is_found(
    run: Commands, platform: Platform, demo_site: DemoSite
) -> None:
    register(platform, "acme", demo_site, post_types="nope")
    assert run("doctor") == 1
    assert "failed tenant acme: acme's WordPress offers no post type 'nope'" in run.out


def test_a_database_that_is_away_is_found(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:9/nothing")
    assert run("doctor") == 1
    assert run.out.startswith("failed database: PostgreSQL does not answer: ")
    assert "Check DATABASE_URL, or unset it to use the embedded server." in run.out
    assert "secret" not in run.out
    assert len(run.out.splitlines()) == 1
