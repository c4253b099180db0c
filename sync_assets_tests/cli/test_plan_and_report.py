from uuid import uuid4

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, status
from sync_assets_tests.cli.conftest import Commands, sync_quietly

pytestmark = pytest.mark.postgres


def test_a_plan_says_what_a_sync_would_do_and_writes_nothing(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    planned = run.json("sync", acme.id, "--plan")
    assert planned["streams"]["posts"]["created"] == len(demo_site.site.ids("posts"))
    assert platform.syncs.latest(acme.id) is None
    assert run("export", acme.id, "posts") == 0
    assert run.out == ""


def test_a_plan_can_be_read(run: Commands, acme: Tenant) -> None:
    assert run("sync", acme.id, "--plan", "--stream", "terms") == 0
    assert "would create" in run.out
    assert "posts" not in run.out
    assert run.out.splitlines()[-1] == "Nothing was written."


def test_a_plan_of_a_site_that_is_down_fails(
    run: Commands, acme: Tenant, demo_site: DemoSite
) -> None:
    demo_site.site.revoke()
    assert run("sync", acme.id, "--plan") == 1
    assert run.err.startswith("Error: acme's WordPress does not accept the credentials")


def test_the_last_report_of_a_tenant_is_found(
    run: Commands, platform: Platform, acme: Tenant
) -> None:
    sync_quietly(platform, acme.id)
    latest = platform.syncs.latest(acme.id)
    assert latest is not None
    assert run.json("report", "--tenant", acme.id) == run.json("report", str(latest))
    assert run.json("report", str(latest)) == platform.syncs.report(latest).as_dict()


def test_a_report_has_its_log(run: Commands, platform: Platform, acme: Tenant) -> None:
    sync_quietly(platform, acme.id)
    assert run("report", "--tenant", acme.id, "--log") == 0
    assert "INFO    Synced posts." in run.out
    assert run.json("report", "--tenant", acme.id, "--log")["log"][0]["message"] == "Syncing terms."


def test_a_report_says_what_to_do_about_refused_deletions(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    sync_quietly(platform, acme.id)
    for post in demo_site.site.ids("posts"):
        demo_site.site.delete("posts", post)
    sync_quietly(platform, acme.id)
    assert run("report", "--tenant", acme.id) == 0
    assert "Deletions refused" in run.out
    assert f"sync-assets sync {acme.id} --approve-deletions" in run.out


def test_a_report_shows_why_records_could_not_be_kept(
    run: Commands, platform: Platform, acme: Tenant
) -> None:
    with platform.database.as_owner() as connection:
        connection.execute("ALTER TABLE cms.wordpress_terms ADD CHECK (slug <> 'cidade')")
    sync_quietly(platform, acme.id)
    assert run("report", "--tenant", acme.id) == 0
    assert "Dead letters: 1 records could not be kept." in run.out
    assert "PostgreSQL refused it" in run.out


def test_a_report_gives_the_error_of_a_failed_stream(
    run: Commands, platform: Platform, acme: Tenant, demo_site: DemoSite
) -> None:
    demo_site.faults.add(Fault(status(403), path="/wp/v2/media", times=None))
    sync_quietly(platform, acme.id)
    assert run("report", "--tenant", acme.id) == 0
    assert "failed" in run.out
    assert "media: " in run.out
    assert "skipped" in run.out
    assert "which was not synced" not in run.out


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "either SYNC_ID or --tenant"),
        ((str(uuid4()), "--tenant", "acme"), "either SYNC_ID or --tenant"),
        (("not-an-id",), "not a valid UUID"),
        ((str(uuid4()),), "There is no sync"),
        (("--tenant", "nobody"), "There is no tenant"),
    ],
)
def test_a_report_needs_a_sync_that_exists(
    run: Commands, arguments: tuple[str, ...], complaint: str
) -> None:
    assert run("report", *arguments) == 2
    assert complaint in run.err


def test_a_tenant_that_was_never_synced_has_no_report(run: Commands, acme: Tenant) -> None:
    assert run("report", "--tenant", acme.id) == 2
    assert f"sync-assets sync {acme.id}" in run.err
