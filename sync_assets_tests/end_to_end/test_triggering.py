"""Every snippet of docs/triggering.md, as it stands, against a live webserver.

Once with the shell's snippets and once with Python's. They build on each other, as they do on the
page: what one of them needs from an earlier one is a fixture here.
"""

import re
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import pytest

from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, slow, status
from sync_assets.settings import PROJECT, inherited
from sync_assets.store.embedded import EmbeddedServer
from sync_assets.store.leases import hold
from sync_assets_tests.conftest import register
from sync_assets_tests.end_to_end.dagster_stack import Stack, running
from sync_assets_tests.end_to_end.graphql import LAUNCH, until
from sync_assets_tests.end_to_end.snippets import Session, session, snippets_of

pytestmark = pytest.mark.postgres

PAGE = PROJECT / "docs/triggering.md"
STREAMS = ("terms", "media", "pages", "posts")
TENANTS = ("acme", "globex", "initech", "busy")
NEW_POSTS = 600  # six requests of 100

_HERE = {"repositoryLocationName": "sync_assets", "repositoryName": "__repository__"}
_SENSORS = """
query($here: RepositorySelector!) { sensorsOrError(repositorySelector: $here) {
  ... on Sensors { results { name sensorState { id } } } } }
"""
_STOP_SENSOR = "mutation($id: String!) { stopSensor(id: $id) { __typename } }"
_FORGET = """
mutation($here: RepositorySelector!) { deleteDynamicPartitions(repositorySelector: $here,
  partitionsDefName: "wordpress_tenants", partitionKeys: ["umbrella"]) { __typename } }
"""
_TIMES = "query($id: ID!) { runOrError(runId: $id) { ... on Run { startTime endTime } } }"


@pytest.fixture(scope="module")
def sites() -> Generator[Mapping[str, DemoSite]]:
    with ExitStack() as opened:
        sites = {t: opened.enter_context(DemoSite.start(seed=False)) for t in TENANTS}
        for site in sites.values():
            site.site.add("posts", title="Olá", content="Mundo")
        yield sites


@pytest.fixture(scope="module")
def stack(
    postgres: EmbeddedServer, template: str, sites: Mapping[str, DemoSite]
) -> Generator[Stack]:
    """An installation in which no sensor asks for syncs of its own accord."""
    with running(postgres, template, {}) as stack:
        for sensor in stack.dagster.ask(_SENSORS, here=_HERE)["results"]:
            if sensor["name"] != "requests":
                stack.dagster.ask(_STOP_SENSOR, id=sensor["sensorState"]["id"])
        for tenant, site in sites.items():
            register(stack.platform, tenant, site)
            stack.dagster.add_partition(tenant)
        yield stack


@pytest.fixture(scope="module", params=["sh", "python"])
def page(
    request: pytest.FixtureRequest, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Session]:
    """The page in one language, begun."""
    inherits = inherited()
    path = f"{Path(sys.executable).parent}:{inherits['PATH']}"
    variables = {**inherits, **stack.variables, "PATH": path, "DAGSTER": stack.dagster.url}
    folder = tmp_path_factory.mktemp(request.param)
    with session(request.param, snippets_of(PAGE), variables, folder) as page:
        page.run("Once, at the start")
        yield page


@pytest.fixture(scope="module")
def launched(page: Session) -> list[str]:
    """Two runs of acme, launched one right after the other."""
    return [run_in(page.run("Launch a tenant's sync")) for _ in range(2)]


@pytest.fixture(scope="module")
def followed(page: Session, launched: list[str]) -> str:
    """What following the second of them printed."""
    assert launched
    return page.run("Follow status and log")


@pytest.fixture(scope="module")
def counted(page: Session, followed: str) -> str:
    """The counts behind it."""
    assert followed
    return page.run("Read the counts")


@pytest.fixture(scope="module")
def backfill(page: Session, counted: str) -> str:
    """A backfill that is under way while other tests run."""
    assert counted
    return page.run("Backfill many tenants")


@pytest.fixture(scope="module")
def cancelled(
    page: Session, followed: str, stack: Stack, sites: Mapping[str, DemoSite]
) -> Generator[str]:
    """A run of acme that was cancelled in the middle of its new posts, after one behind it."""
    assert followed
    demo, before = sites["acme"], posts(stack)
    for number in range(NEW_POSTS):
        demo.site.add("posts", title=f"Notícia {number}", content="Maré alta.")
    demo.faults.add(Fault(slow(2), path="include=", times=None))
    run_id = run_in(page.run("Launch a tenant's sync"))
    waiting = run_in(page.run("Launch a tenant's sync"))
    assert "TerminateRunSuccess" in page.run("Cancel")
    assert stack.dagster.status(waiting) == "CANCELED"
    until(lambda: posts(stack) > before)
    page.execute(f"RUN={run_id}" if page.language == "sh" else f"run_id = '{run_id}'")
    assert "TerminateRunSuccess" in page.run("Cancel")
    assert stack.dagster.ended(run_id, 10) == "CANCELED"
    demo.faults.clear()
    yield run_id
    demo.faults.clear()


def test_each_task_is_shown_in_both_languages():
    assert {tuple(shown) for shown in snippets_of(PAGE).values()} == {("sh", "python")}


def test_a_launch_syncs_all_streams(launched: list[str], followed: str, stack: Stack):
    assert "SUCCESS" in followed
    for stream in STREAMS:
        assert stack.dagster.materialized_by(stream, "acme") == launched[1]


def test_each_line_of_the_log_is_told_once(page: Session, launched: list[str], followed: str):
    for stream in STREAMS:
        assert followed.count(f"Sync {sync_of(launched[1])} of acme: {stream}") == 1
    if page.language == "sh":
        assert '"events": []' in page.call("news", launched[1])


def test_two_equal_launches_are_two_runs_one_after_the_other(
    launched: list[str], followed: str, stack: Stack
):
    assert followed
    first, second = (stack.dagster.ask(_TIMES, id=run_id) for run_id in launched)
    assert first["endTime"] <= second["startTime"]


def test_the_counts_are_those_of_the_last_sync(launched: list[str], counted: str, stack: Stack):
    assert counted.count(launched[1]) == len(STREAMS)
    assert counted.count(str(sync_of(launched[1]))) == len(STREAMS)
    seen = [0, 0, 0, posts(stack)]
    assert counts(counted, "seen") == counts(counted, "unchanged") == seen
    assert counts(counted, "created") == [0, 0, 0, 0]


def test_a_backfill_names_the_tenants_that_it_does_not_know(page: Session, backfill: str):
    assert backfill
    wrong = page.snippet("Backfill many tenants").replace("initech", "nobody")
    refused, _ = page.execute(f"({wrong})" if page.language == "sh" else wrong)
    assert "Partition keys `['nobody']` could not be found." in refused


def test_some_streams_are_launched_with_options(page: Session, followed: str, stack: Stack):
    assert followed
    run_id = run_in(page.run("Launch some streams, with options"))
    assert stack.dagster.ended(run_id) == "SUCCESS"
    assert stack.dagster.materialized_by("posts", "acme") == run_id
    assert stack.dagster.materialized_by("terms", "acme") != run_id
    assert asked_for(stack, run_id) == (["posts"], True)


@pytest.mark.parametrize("mistake", [("full", "ful"), ("wordpress__posts", "wordpress__post")])
def test_a_mistake_in_the_options_is_refused_at_once(
    page: Session, followed: str, mistake: tuple[str, str]
):
    assert followed
    wrong = page.snippet("Launch some streams, with options").replace(*mistake)
    refused, _ = page.execute(wrong)
    assert re.search(rf'Received unexpected config entry .?"{mistake[1]}', refused)


def test_an_unknown_tenants_run_fails_in_the_sentence_that_the_page_shows(
    page: Session, followed: str
):
    assert followed
    printed = page.run("Learn why a run failed")
    assert "FAILURE" in printed
    [shown] = re.findall(r"^> (.+)$", PAGE.read_text(), re.MULTILINE)
    step, sentence = shown.split(" ", 1)
    assert printed.count(sentence) == 1
    assert step in printed


def test_the_report_of_a_launch_is_found(page: Session, followed: str, stack: Stack):
    assert followed
    printed = page.run("Find the sync and its report")
    run_id = stack.dagster.materialized_by("posts", "acme")
    assert re.findall(r'"syncId": ?"(.+?)"', printed) == [str(sync_of(run_id or ""))]
    assert re.findall(r'"status": ?"(.+?)"', printed)[-5:] == ["completed", *["done"] * 4]


def test_the_sync_of_a_request_is_named_by_its_run(page: Session, followed: str, stack: Stack):
    assert followed
    sync_id = str(uuid4())
    tags = {"dagster/partition": "nobody", "sync_assets/sync_id": sync_id}
    params = {
        "selector": {**_HERE, "jobName": "wordpress_sync"},
        "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
    }
    run_id = stack.dagster.ask(LAUNCH, params=params)["run"]["runId"]
    assert page.call("sync_id_of", run_id, "nobody").strip() == sync_id


def test_a_run_that_meets_another_sync_fails(stack: Stack):
    with hold(stack.platform.database, "busy", "terms", uuid4()):
        run_id = stack.dagster.launch("busy")
        assert stack.dagster.ended(run_id) == "FAILURE"
    [failure, *_] = [e for e in stack.dagster.events(run_id) if "failureMetadata" in e]
    assert failure["failureMetadata"]["description"].startswith("busy's terms is held by sync ")


def test_a_cancelled_run_keeps_the_pages_that_it_wrote(cancelled: str, stack: Stack):
    assert attempts(stack, cancelled) == {"terms": 1, "media": 1, "pages": 1, "posts": 1}
    assert stack.platform.syncs.report(sync_of(cancelled)).status == "cancelled"
    assert posts(stack) % NEW_POSTS > 1


def test_what_failed_is_taken_up_again_by_the_same_sync(
    page: Session, cancelled: str, stack: Stack, sites: Mapping[str, DemoSite]
):
    until(lambda: not taken(stack, cancelled))
    sites["acme"].faults.add(Fault(status(401), path="/posts", times=None))
    failed = run_in(page.run("Re-execute from failure"))
    assert stack.dagster.ended(failed) == "FAILURE"
    sites["acme"].faults.clear()
    done = run_in(page.run("Re-execute from failure"))
    assert stack.dagster.ended(done) == "SUCCESS"
    assert page.call("sync_id_of", done, "acme").strip() == str(sync_of(cancelled))
    assert attempts(stack, cancelled) == {"terms": 1, "media": 1, "pages": 1, "posts": 3}
    assert posts(stack) % NEW_POSTS == 1


def test_a_partition_is_added_once(page: Session, backfill: str, stack: Stack):
    assert backfill
    stack.dagster.ask(_FORGET, here=_HERE)
    assert "AddDynamicPartitionSuccess" in page.run("Add a tenant's partition")
    assert "umbrella" in stack.dagster.partitions()
    assert "DuplicateDynamicPartitionError" in page.run("Add a tenant's partition")


def test_a_backfill_is_a_run_for_each_tenant(page: Session, backfill: str):
    assert backfill
    until(lambda: "COMPLETED_SUCCESS" in page.run("Follow a backfill"), 120)
    seen = page.run("Follow a backfill")
    assert len(re.findall(r"\bSUCCESS\b", seen)) == 2
    assert "globex" in seen
    assert "initech" in seen


def run_in(printed: str) -> str:
    """The first run that is named."""
    return re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", printed)[0]


def counts(printed: str, label: str) -> list[int]:
    """That count of all streams, the smallest first."""
    found = re.findall(rf"\b{label}\W+(?:intValue\W+)?(\d+)", printed)
    return sorted(int(count) for count in found)


def sync_of(run_id: str) -> UUID:
    return uuid5(UUID(run_id), "acme")


def attempts(stack: Stack, run_id: str) -> dict[str, int]:
    return {row.stream: row.attempt for row in stack.platform.syncs.report(sync_of(run_id)).streams}


def asked_for(stack: Stack, run_id: str) -> tuple[list[str], bool]:
    """The streams of acme's sync in a run, and whether it was a full one."""
    query = "SELECT streams, options->'full' FROM sync.syncs WHERE id = %(id)s"
    with stack.platform.database.as_tenant("acme") as connection:
        streams, full = connection.execute(query, {"id": sync_of(run_id)}).one()
    return streams, full


def taken(stack: Stack, run_id: str) -> bool:
    """Does acme's sync still belong to a run?"""
    query = "SELECT state = 'launched' FROM sync.requests WHERE id = %(id)s"
    with stack.platform.database.as_control() as connection:
        return bool(connection.execute(query, {"id": sync_of(run_id)}).scalar())


def posts(stack: Stack) -> int:
    with stack.platform.database.as_tenant("acme") as connection:
        return connection.execute("SELECT count(*) FROM cms.wordpress_posts").scalar_one()
