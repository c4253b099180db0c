import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets_tests.cli.conftest import Commands
from sync_assets_tests.conftest import register

pytestmark = pytest.mark.postgres


def test_all_is_well(run: Commands, acme: Tenant) -> None:
    findings = run.json("doctor")
    names = ["database", "migrations", "pgvector", "secret key", f"tenant {acme.id}"]
    assert [finding["check"] for finding in findings] == names
    assert run("doctor") == 0
    assert all(line.startswith("ok") for line in run.out.splitlines())


def test_a_revoked_password_is_found(run: Commands, acme: Tenant, demo_site: DemoSite) -> None:
    demo_site.site.revoke()
    assert run("doctor") == 1
    assert f"failed tenant {acme.id}: acme's WordPress does not accept" in run.out


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
