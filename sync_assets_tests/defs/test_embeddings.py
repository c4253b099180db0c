"""The asset `wordpress/embeddings` in Dagster: done, skipped with its reason, gone on with."""

from collections.abc import Generator
from uuid import UUID

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change
from sync_assets.core.requests import State
from sync_assets.definitions import defs
from sync_assets.demo import DemoSite
from sync_assets.settings import Settings
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import STREAMS, Dagster, failed_steps, requests, rows, streams
from sync_assets_tests.defs.test_event_log import A_SYNC
from sync_assets_tests.embeddings.choosing import choose
from sync_assets_tests.embeddings.fake_provider import FakeProvider, Refusal, fake_provider
from sync_assets_tests.embeddings.syncing import PARAGRAPHS, article, vectors

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("site")]

CHECK, EMBED = (f"wordpress__embeddings.wordpress_{op}" for op in ("cost_check", "embed"))
TEXTS = 1 + len(PARAGRAPHS)


@pytest.fixture
def fake() -> Generator[FakeProvider]:
    with fake_provider() as provider:
        yield provider


@pytest.fixture
def platform(
    settings: Settings, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> Generator[Platform]:
    """The platform, with embeddings that cost something."""
    assert settings.given_database_url
    choose(fake, monkeypatch)
    platform = Platform(Settings())
    yield platform
    platform.close()


@pytest.fixture
def site(platform: Platform, empty_site: DemoSite) -> DemoSite:
    """The site of tenant `acme`, with one post."""
    empty_site.site.add("posts", title="The ferry", content=article())
    register(platform, "acme", empty_site)
    return empty_site


def block(platform: Platform) -> None:
    platform.budgets.set_tenant("acme", Change(blocked=True, reason="unpaid"))


def skipped_steps(result: dg.ExecuteInProcessResult) -> set[str]:
    return {e.step_key or "" for e in result.filter_events(lambda event: event.is_step_skipped)}


def observed(dagster: Dagster) -> list[dg.AssetObservation]:
    """What Dagster was told of embeddings that were left out, newest first."""
    records = dagster.instance.fetch_observations(
        dg.AssetRecordsFilter(dg.AssetKey(["wordpress", "embeddings"])), limit=10
    ).records
    return [record.asset_observation for record in records if record.asset_observation]


def test_a_sync_embeds_and_says_what_it_cost(dagster: Dagster, platform: Platform):
    result = dagster.sync("acme")
    assert result.success
    assert dagster.materialized("embeddings") == {"acme"}
    found = next(
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["wordpress", "embeddings"])
    )
    shown = {name: value.value for name, value in found.metadata.items()}
    assert shown["chunks_embedded"] == TEXTS
    assert shown["embeddings_queued"] == 1
    assert shown["cost_state"] == "NORMAL"
    assert len(vectors(platform, "acme")) == TEXTS
    report = platform.syncs.report(UUID(str(shown["sync_id"]))).as_dict()
    assert (report["embeddingsQueued"], report["embeddingsSkipped"]) == (1, 0)
    assert [job["attempt"] for job in report["jobs"]] == [1] * 5


def test_a_blocked_tenants_run_succeeds_with_the_step_skipped(dagster: Dagster, platform: Platform):
    block(platform)
    result = dagster.sync("acme")
    assert result.success
    assert skipped_steps(result) == {EMBED}
    assert dagster.materialized("embeddings") == set()
    assert dagster.materialized("posts") == {"acme"}
    (told,) = observed(dagster)
    assert told.partition == "acme"
    assert "unpaid" in str(told.metadata["skip_reason"].value)
    assert told.metadata["cost_state"].value == "BLOCKED"
    (request,) = requests(platform)
    assert request.state is State.COMPLETED
    report = platform.syncs.report(request.id).as_dict()
    assert (report["costState"], report["embeddingsSkipped"]) == ("BLOCKED", 1)
    assert report["jobs"][-1]["status"] == "skipped"


def test_a_sweep_tells_of_a_blocked_tenant_by_an_observation(dagster: Dagster, platform: Platform):
    block(platform)
    assert dagster.sweep(["acme"]).success
    assert dagster.materialized("embeddings") == set()
    assert [told.partition for told in observed(dagster)] == ["acme"]


def test_a_sweep_embeds(dagster: Dagster, platform: Platform):
    assert dagster.sweep(["acme"]).success
    assert dagster.materialized("embeddings") == {"acme"}
    assert len(vectors(platform, "acme")) == TEXTS


def test_the_sensor_goes_on_once_it_may(dagster: Dagster, platform: Platform):
    block(platform)
    dagster.sync("acme")
    assert "nobody" in dagster.sense("wordpress_budget")[1]
    platform.budgets.set_tenant("acme", Change(blocked=False))
    assert "Asked for 1" in dagster.sense("wordpress_budget")[1]
    assert requests(platform)[-1].streams == ("embeddings",)
    assert "nobody" in dagster.sense("wordpress_budget")[1]  # it is asked for already
    (result,) = dagster.work()
    assert result.success
    assert len(vectors(platform, "acme")) == TEXTS
    assert "nobody" in dagster.sense("wordpress_budget")[1]


def test_the_recovery_leaves_what_was_skipped_alone(dagster: Dagster, platform: Platform):
    block(platform)
    dagster.sync("acme")
    assert platform.due.failing("wordpress", 10) == []
    assert platform.due.broken() == []


def test_a_provider_that_refuses_fails_its_step_alone(
    dagster: Dagster, platform: Platform, fake: FakeProvider
):
    fake.play(Refusal(401))
    result = dagster.sync("acme")
    assert "401" in failed_steps(result)[EMBED]
    assert dagster.materialized("posts") == {"acme"}
    (request,) = requests(platform)
    assert request.state is State.FAILED
    assert streams(platform, request.id)["embeddings"][0] == "failed"


def test_failed_embeddings_are_executed_again_alone(dagster: Dagster, fake: FakeProvider):
    fake.play(Refusal(401))
    first = dagster.sync("acme")
    tags = {"dagster/partition": "acme"}
    options = dg.ReexecutionOptions.from_failure(first.run_id, dagster.instance)
    job = dg.reconstructable(_sync_job)
    with dg.execute_job(job, dagster.instance, tags=tags, reexecution_options=options) as again:
        assert again.success
    assert dagster.materialized("embeddings") == {"acme"}


def _sync_job() -> dg.JobDefinition:
    return defs.resolve_job_def("wordpress_sync")


def test_embeddings_keep_within_the_rows_of_a_sync(dagster: Dagster):
    assert rows(dagster.instance, dagster.sync("acme").run_id) <= A_SYNC


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_alone_embeds_nothing(dagster: Dagster, fake: FakeProvider, stream: str):
    key = dg.AssetKey(["wordpress", stream])
    config = {"ops": {f"wordpress__{stream}": {"config": {}}}}
    wanted = dg.RunRequest(
        job_name="wordpress_sync", partition_key="acme", asset_selection=[key], run_config=config
    )
    dagster.know("acme")
    assert dagster.execute(wanted).success
    assert fake.seen == []
