import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant
from sync_assets_tests.cli.conftest import Commands

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _a_tenant(platform: Platform) -> None:
    platform.tenants.add(Tenant("acme", "wordpress", "agency", "http://demo.invalid"))


def secret(platform: Platform) -> str | None:
    hook = platform.hooks.get("acme")
    return hook.secret if hook else None


def test_the_secret_is_shown_once_as_wordpress_wants_it(run: Commands, platform: Platform) -> None:
    assert run("tenant", "hook", "acme") == 0, run.err
    assert f"define( 'SYNC_ASSETS_SECRET', '{secret(platform)}' );" in run.out
    assert "define( 'SYNC_ASSETS_TENANT', 'acme' );" in run.out
    assert run("tenant", "show", "acme") == 0
    assert str(secret(platform)) not in run.out + run.err


def test_another_one_takes_its_place(run: Commands, platform: Platform) -> None:
    first = run.json("tenant", "hook", "acme")
    second = run.json("tenant", "hook", "acme")
    assert first["secret"] != second["secret"] == secret(platform)


def test_a_site_can_be_heard_no_more(run: Commands, platform: Platform) -> None:
    run("tenant", "hook", "acme")
    assert run.json("tenant", "hook", "acme", "--remove") == {"id": "acme", "secret": None}
    assert secret(platform) is None
    assert run("tenant", "hook", "acme", "--remove") == 0
    assert "is heard no more" in run.err


def test_there_is_none_for_who_is_not_there(run: Commands, platform: Platform) -> None:
    assert run("tenant", "hook", "nobody") == 2
    platform.tenants.deactivate("acme")
    assert run("tenant", "hook", "acme") == 2
    assert "was removed" in run.err
