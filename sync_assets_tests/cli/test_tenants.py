import subprocess
import sys

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import UnknownTenant
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.environment import environment
from sync_assets_tests.cli.conftest import Commands, sync_quietly

pytestmark = pytest.mark.postgres

UNREACHABLE = "http://127.0.0.1:9"


def add(run: Commands, site: str, *more: str, tenant: str = "acme", given: str = "") -> int:
    options = ("--source", "wordpress", "--organization", "agency", "--url", site)
    return run("tenant", "add", tenant, *options, *more, given=given)


def test_a_tenant_is_registered_once_its_site_accepts_the_account(
    run: Commands, platform: Platform, demo_site: DemoSite
) -> None:
    account = ("--username", demo_site.username, "--password-stdin")
    more = (*account, "--setting", "post_types=eventos")
    assert add(run, f"{demo_site.url}/", *more, given=f"{demo_site.password}\n") == 0, run.err
    tenant = platform.tenants.get("acme")
    assert tenant.credentials is not None
    assert tenant.credentials.secret == demo_site.password
    assert (tenant.url, tenant.settings) == (demo_site.url, {"post_types": "eventos"})


def test_a_refused_account_registers_nothing(
    run: Commands, platform: Platform, demo_site: DemoSite
) -> None:
    account = ("--username", demo_site.username, "--password-stdin")
    assert add(run, demo_site.url, *account, given="not the password\n") == 1
    assert "Nothing was registered" in run.err
    assert "Traceback" not in run.err
    assert platform.tenants.all() == []


@pytest.mark.parametrize("setting", ["post_types=nope", "taxonomies=nope"])
def test_a_setting_that_would_fail_in_every_sync_registers_nothing(
    run: Commands, platform: Platform, demo_site: DemoSite, setting: str
) -> None:
    assert add(run, demo_site.url, "--public", "--setting", setting) == 1
    assert "offers no" in run.err
    assert "'nope' to this user; it offers " in run.err
    assert "Nothing was registered" in run.err
    assert platform.tenants.all() == []


def test_a_password_is_never_shown(run: Commands, demo_site: DemoSite, acme: Tenant) -> None:
    said = ""
    for command in (("show", acme.id), ("list",), ("update", acme.id, "--organization", "other")):
        for form in ((), ("--json",)):
            assert run("tenant", *command, *form) == 0
            said += run.out + run.err
    assert demo_site.username in said
    assert demo_site.password not in said


def test_no_check_registers_a_site_that_cannot_be_reached(
    run: Commands, platform: Platform
) -> None:
    assert add(run, UNREACHABLE, "--public", "--no-check") == 0
    assert platform.tenants.get("acme").credentials is None


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ((), "either --username and --password-stdin, or --public"),
        (("--public", "--username", "u"), "either --username and --password-stdin, or --public"),
        (("--username", "u"), "belong together"),
        (("--password-stdin",), "belong together"),
        (("--username", "u", "--password-stdin"), "holds no password"),
        (("--public", "--setting", "colour=red"), "has no setting 'colour'. It has post_types"),
        (("--public", "--setting", "post_types"), "is not KEY=VALUE"),
        (("--public", "--setting", "post_types=a b"), "is no name of a WordPress post type"),
        (("--public", "--setting", "post_types="), "has no value. To take it back, use --unset"),
    ],
)
def test_wrong_options_are_refused_before_the_site_is_asked(
    run: Commands, platform: Platform, more: tuple[str, ...], complaint: str
) -> None:
    assert add(run, UNREACHABLE, *more) == 2
    assert complaint in " ".join(run.err.split())
    assert platform.tenants.all() == []


@pytest.mark.parametrize(
    "url",
    [
        "site.com",
        "ftp://site.com",
        "https://",
        "https://u:secret@site.com",
        "https://x/?a=1",
        "http://x:y",
    ],
)
def test_what_is_no_address_is_refused(run: Commands, platform: Platform, url: str) -> None:
    assert add(run, url, "--public", "--no-check") == 2
    assert "secret@" not in run.err
    assert platform.tenants.all() == []


@pytest.mark.usefixtures("settings")
def test_an_id_says_what_it_may_look_like(run: Commands) -> None:
    assert add(run, UNREACHABLE, "--public", tenant="Acme Inc") == 2
    assert "small letters" in run.err


@pytest.mark.usefixtures("settings")
def test_an_unknown_source_names_the_known_ones(run: Commands) -> None:
    options = ("--organization", "agency", "--url", UNREACHABLE, "--public")
    assert run("tenant", "add", "acme", "--source", "myspace", *options) == 2
    assert "There is wordpress" in run.err


def test_an_id_is_never_used_twice(run: Commands, acme: Tenant) -> None:
    assert add(run, UNREACHABLE, "--public", tenant=acme.id) == 2
    assert "already" in run.err


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["show", "update", "remove"])
def test_an_unknown_tenant_is_wrong_usage(run: Commands, command: str) -> None:
    assert run("tenant", command, "nobody") == 2
    assert run.err.startswith("Error: There is no tenant 'nobody'.")


def test_an_update_keeps_what_it_does_not_name(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    assert run("tenant", "update", acme.id, "--setting", "post_types=eventos") == 0, run.err
    assert run("tenant", "update", acme.id, "--organization", "other") == 0
    after = platform.tenants.get(acme.id)
    assert (after.url, after.organization) == (demo_site.url, "other")
    assert after.settings == {"post_types": "eventos"}
    assert after.credentials == acme.credentials


def test_an_update_of_nothing_is_wrong_usage(run: Commands, acme: Tenant) -> None:
    assert run("tenant", "update", acme.id) == 2
    assert "Say what to change" in run.err


def test_a_setting_can_be_taken_back(run: Commands, platform: Platform, acme: Tenant) -> None:
    assert run("tenant", "update", acme.id, "--setting", "post_types=eventos") == 0
    assert run("tenant", "update", acme.id, "--unset", "post_types") == 0
    assert platform.tenants.get(acme.id).settings == {}


def test_a_refused_update_changes_nothing(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    changes = ("--organization", "other", "--password-stdin")
    assert run("tenant", "update", acme.id, *changes, given="not it\n") == 1
    assert "Nothing was changed" in run.err
    after = platform.tenants.get(acme.id)
    assert after.organization == "agency"
    assert after.credentials is not None
    assert after.credentials.secret == demo_site.password


def test_a_new_password_needs_no_old_key(
    run: Commands,
    acme: Tenant,
    demo_site: DemoSite,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SYNC_ASSETS_SECRET_KEY", "YW5vdGhlci1zZWNyZXQtb25seS1mb3ItdGhpcy10LTE=")
    assert run("tenant", "update", acme.id, "--organization", "other") == 2
    assert "another SYNC_ASSETS_SECRET_KEY" in run.err
    given = f"{demo_site.password}\n"
    assert run("tenant", "update", acme.id, "--password-stdin", given=given) == 0, run.err


def test_a_removed_tenant_keeps_its_rows_and_can_come_back(
    run: Commands, platform: Platform, acme: Tenant
) -> None:
    sync_quietly(platform, acme.id)
    assert run("tenant", "remove", acme.id) == 0
    assert f"Removed {acme.id}; its rows stay" in run.err
    assert f"'sync-assets tenant remove {acme.id} --purge'" in run.err
    assert run("tenant", "remove", acme.id) == 0
    assert f"{acme.id} is removed already; its rows stay" in run.err
    assert run.json("tenant", "list") == []
    assert [entry["status"] for entry in run.json("tenant", "list", "--all")] == ["removed"]
    assert run("sync", acme.id) == 2
    assert run("export", acme.id, "terms") == 0
    assert len(run.out.splitlines()) > 10
    assert run("tenant", "update", acme.id, "--restore") == 0
    assert run.json("tenant", "show", acme.id)["status"] == "active"


def test_a_purge_wants_to_be_confirmed(run: Commands, platform: Platform, acme: Tenant) -> None:
    assert run("tenant", "remove", acme.id, "--purge") == 2
    assert "--yes" in run.err
    assert platform.tenants.get(acme.id).active


def test_a_purge_leaves_nothing(run: Commands, platform: Platform, acme: Tenant) -> None:
    sync_quietly(platform, acme.id)
    in_dagster(platform, f"instance.add_dynamic_partitions(name, ['{acme.id}', 'globex'])")
    assert run("tenant", "remove", acme.id, "--purge", "--yes") == 0, run.err
    assert "Dagster still shows" not in run.err
    assert in_dagster(platform, "print(*instance.get_dynamic_partitions(name))") == "globex"
    with pytest.raises(UnknownTenant):
        platform.tenants.get(acme.id)
    query = "SELECT (SELECT count(*) FROM cms.wordpress_content_terms) + count(*) FROM sync.streams"
    with platform.database.as_owner() as connection:
        assert connection.execute(query).scalar() == 0


def in_dagster(platform: Platform, statement: str) -> str:
    """What a statement prints that is given Dagster's instance and the tenants' partitions."""
    script = f"""
import dagster as dg
from sync_assets.defs.partitions import tenants_of
name = tenants_of("wordpress").name
with dg.DagsterInstance.get() as instance:
    {statement}
"""
    command = [sys.executable, "-c", script]
    return subprocess.check_output(  # noqa: S603 - our own script
        command, env=environment(platform), text=True
    ).strip()


@pytest.mark.parametrize(
    ("given", "kept"),
    [("0  */6 * * *", "0 */6 * * *"), ("off", "off"), ("30 4 * * mon-fri", "30 4 * * mon-fri")],
)
def test_a_tenant_has_a_schedule_of_its_own(
    run: Commands, platform: Platform, given: str, kept: str
) -> None:
    assert add(run, UNREACHABLE, "--public", "--no-check", "--schedule", given) == 0, run.err
    assert platform.tenants.get("acme").schedule == kept
    assert run.json("tenant", "show", "acme")["schedule"] == kept
    assert run("tenant", "list") == 0
    assert kept in run.out


def test_a_schedule_is_changed_without_asking_the_site(run: Commands, platform: Platform) -> None:
    assert add(run, UNREACHABLE, "--public", "--no-check") == 0
    assert run.json("tenant", "show", "acme")["schedule"] == "default"
    for given, kept in (("15 3 * * *", "15 3 * * *"), ("off", "off"), ("default", None)):
        assert run("tenant", "update", "acme", "--schedule", given) == 0, run.err
        assert platform.tenants.get("acme").schedule == kept
    assert run("tenant", "update", "acme", "--organization", "other", "--schedule", "off") == 0
    assert platform.tenants.get("acme").organization == "other"


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("hourly", "not five fields"),
        ("", "not five fields"),
        ("0 0 * * * *", "not five fields"),
        ("61 * * * *", "Bad minute"),
        ("0 0 31 2 *", "day"),
    ],
)
def test_what_is_no_cron_line_is_refused_with_an_example(
    run: Commands, platform: Platform, given: str, fault: str
) -> None:
    assert add(run, UNREACHABLE, "--public", "--no-check") == 0
    assert run("tenant", "update", "acme", "--schedule", given) == 2
    assert fault in run.err
    assert "such as '0 */6 * * *' for every six hours" in run.err
    assert platform.tenants.get("acme").schedule is None
    assert add(run, UNREACHABLE, "--public", "--schedule", given, tenant="globex") == 2
