"""Embeddings as Dagster shows them: done, or skipped with a reason that its GraphQL API tells."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from sync_assets.core.budget import Change
from sync_assets.demo import DemoSite
from sync_assets.store.embedded import EmbeddedServer
from sync_assets_tests.embeddings.syncing import article, found
from sync_assets_tests.end_to_end.dagster_stack import Stack, running
from sync_assets_tests.end_to_end.graphql import until

pytestmark = pytest.mark.postgres

CHECK, EMBED = (f"wordpress__embeddings.wordpress_{op}" for op in ("cost_check", "embed"))

STEPS = """
query($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { stepKey status } } } }
"""
OBSERVATIONS = """
query($key: AssetKeyInput!, $tenant: String!) { assetNodeOrError(assetKey: $key) {
  ... on AssetNode { assetObservations(partitions: [$tenant]) {
    description runId metadataEntries { label ... on TextMetadataEntry { text }
      ... on IntMetadataEntry { intValue } } } } } }
"""
KEY = {"path": ["wordpress", "embeddings"]}


@pytest.fixture(scope="module")
def stack(postgres: EmbeddedServer, template: str) -> Generator[Stack]:
    """The installation with embeddings, of the model that comes with the program."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as opened:
        patch.setenv("SYNC_ASSETS_EMBEDDINGS", "true")
        sites = {t: opened.enter_context(DemoSite.start(seed=False)) for t in ("acme", "unpaid")}
        for site in sites.values():
            site.site.add("posts", title="The ferry", content=article())
        stack = opened.enter_context(running(postgres, template, sites))
        stack.platform.budgets.set_tenant("unpaid", Change(blocked=True, reason="the bill is open"))
        yield stack


@pytest.fixture(scope="module")
def runs(stack: Stack) -> dict[str, str]:
    """A run of each tenant."""
    until(lambda: set(stack.dagster.partitions()) == {"acme", "unpaid"})
    until(lambda: not stack.platform.claims.due() and not stack.platform.claims.launched(), 120)
    return {tenant: stack.dagster.launch(tenant) for tenant in ("acme", "unpaid")}


def steps(stack: Stack, run_id: str) -> Mapping[str, str]:
    return {
        step["stepKey"]: step["status"] for step in stack.dagster.ask(STEPS, id=run_id)["stepStats"]
    }


def observed(stack: Stack, run_id: str) -> Mapping[str, Any]:
    """What Dagster was told of the unpaid tenant's texts by a run."""
    told = stack.dagster.ask(OBSERVATIONS, key=KEY, tenant="unpaid")["assetObservations"]
    (one,) = (each for each in told if each["runId"] == run_id)
    entries = {
        entry["label"]: entry.get("text", entry.get("intValue")) for entry in one["metadataEntries"]
    }
    return {"description": one["description"], **entries}


def test_a_run_embeds_and_search_finds(stack: Stack, runs: dict[str, str]):
    assert stack.dagster.ended(runs["acme"], 120) == "SUCCESS"
    assert steps(stack, runs["acme"])[EMBED] == "SUCCESS"
    assert stack.dagster.materialized_by("embeddings", "acme") == runs["acme"]
    assert len(found(stack.platform, "acme", "When does the first boat leave?")) == 1


def test_a_run_that_may_not_spend_succeeds_and_shows_the_skipped_step(
    stack: Stack, runs: dict[str, str]
):
    assert stack.dagster.ended(runs["unpaid"], 120) == "SUCCESS"
    shown = steps(stack, runs["unpaid"])
    assert (shown[CHECK], shown[EMBED]) == ("SUCCESS", "SKIPPED")
    assert stack.dagster.materialized_by("posts", "unpaid") == runs["unpaid"]
    assert stack.dagster.materialized_by("embeddings", "unpaid") is None


def test_the_reason_is_told_by_graphql(stack: Stack, runs: dict[str, str]):
    assert stack.dagster.ended(runs["unpaid"], 120) == "SUCCESS"
    told = observed(stack, runs["unpaid"])
    assert "the bill is open" in told["skip_reason"]
    assert told["description"] == told["skip_reason"]
    assert (told["cost_state"], told["embeddings_skipped"]) == ("BLOCKED", 1)


def test_both_keep_within_the_rows_of_a_sync(stack: Stack, runs: dict[str, str]):
    for run_id in runs.values():
        stack.dagster.ended(run_id, 120)
        assert stack.rows(run_id) <= 60
