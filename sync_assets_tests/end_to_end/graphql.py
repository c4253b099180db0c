"""A client of Dagster's GraphQL API, for what the tests ask of it."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import requests

Found = TypeVar("Found")

_HERE = {"repositoryLocationName": "sync_assets", "repositoryName": "__repository__"}

_RUN_OR_ERROR = (
    "__typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } "
    "... on InvalidSubsetError { message }"
)

LAUNCH = f"""
mutation($params: ExecutionParams!) {{ launchRun(executionParams: $params) {{ {_RUN_OR_ERROR} }} }}
"""
REEXECUTE = f"""
mutation($params: ReexecutionParams!) {{
  launchRunReexecution(reexecutionParams: $params) {{ {_RUN_OR_ERROR} }}
}}
"""
TERMINATE = """
mutation($id: String!) { terminateRun(runId: $id, terminatePolicy: SAFE_TERMINATE) { __typename } }
"""
BACKFILL = """
mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}
"""
BACKFILL_STATUS = """
query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status runs { status } } } }
"""
RUN = """
query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }
"""
RUNS = """
query($filter: RunsFilter!) { runsOrError(filter: $filter) {
  ... on Runs { results { runId jobName status tags { key value } } } } }
"""
SPANS = """
{ runsOrError { ... on Runs { results { startTime endTime } } } }
"""
LOGS = """
query($id: ID!) { logsForRun(runId: $id, limit: 1000) { ... on EventConnection { events {
  __typename ... on MessageEvent { message stepKey }
  ... on ExecutionStepFailureEvent { failureMetadata { description } }
} } } }
"""
LOADED = """
{ repositoryLocationsOrError: workspaceOrError { ... on Workspace { locationEntries {
  name loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }
"""
PARTITIONS = """
query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) {
  ... on AssetNode { partitionKeys } } }
"""
ADD_PARTITION = """
mutation($repository: RepositorySelector!, $tenant: String!) {
  addDynamicPartition(partitionsDefName: "wordpress_tenants", partitionKey: $tenant,
    repositorySelector: $repository) { __typename }
}
"""
PARTITION = """
query($key: AssetKeyInput!, $tenant: String!) { assetNodeOrError(assetKey: $key) {
  ... on AssetNode { latestMaterializationByPartition(partitions: [$tenant]) { runId } } } }
"""
TICK = """
mutation($sensor: SensorSelector!) { sensorDryRun(selectorData: $sensor, cursor: "{}") {
  ... on DryRunInstigationTick { evaluationResult { skipReason error { message } } } } }
"""
CHECK = """
query($key: AssetKeyInput!) { assetCheckExecutions(assetKey: $key, checkName: "fresh", limit: 20) {
  status evaluation { partition success } } }
"""
CHECKED = """
query($key: AssetKeyInput!, $check: String!) { assetNodeOrError(assetKey: $key) {
  ... on AssetNode { assetCheckOrError(checkName: $check) { ... on AssetCheck { partitionStatuses {
    ... on AssetCheckDefaultPartitionStatuses { succeededPartitions } } } } } } }
"""
SCHEDULES = """
query($repository: RepositorySelector!) {
  schedulesOrError(repositorySelector: $repository) {
    ... on Schedules { results { name scheduleState { id status } } } }
}
"""
STOP_SCHEDULE = """
mutation($id: String!) { stopRunningSchedule(id: $id) { __typename } }
"""
SENSORS = """
query($repository: RepositorySelector!) {
  sensorsOrError(repositorySelector: $repository) {
    ... on Sensors { results { name sensorState { id } } } }
}
"""
STOP_SENSOR = """
mutation($id: String!) { stopSensor(id: $id) { __typename } }
"""

_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


@dataclass(frozen=True, slots=True)
class GraphQL:
    """Dagster, as its webserver shows it."""

    url: str

    def ask(self, query: str, **variables: Any) -> Any:
        """The only field of the answer."""
        body = {"query": query, "variables": variables}
        answer = requests.post(f"{self.url}/graphql", json=body, timeout=30).json()
        assert "errors" not in answer, answer
        [field] = answer["data"].values()
        return field

    def loaded(self) -> bool:
        """Did the code location load?"""
        try:
            [entry] = self.ask(LOADED)["locationEntries"]
        except requests.ConnectionError:
            return False
        found = entry["locationOrLoadError"]
        assert not found or found["__typename"] == "RepositoryLocation", found
        return entry["loadStatus"] == "LOADED" and found is not None

    def stop_schedules(self) -> None:
        """Keep the clock out of it."""
        for schedule in self.ask(SCHEDULES, repository=_HERE)["results"]:
            self.ask(STOP_SCHEDULE, id=schedule["scheduleState"]["id"])

    def stop_sensors(self, *, but: str) -> None:
        """Stop all sensors but one."""
        for sensor in self.ask(SENSORS, repository=_HERE)["results"]:
            if sensor["name"] != but:
                self.ask(STOP_SENSOR, id=sensor["sensorState"]["id"])

    def launch(self, tenant: str, **config: Any) -> str:
        """Launch `wordpress_sync` for a tenant; gives the run's id."""
        ops = [f"wordpress__{stream}" for stream in ("terms", "media", "pages", "posts")]
        params = {
            "selector": {**_HERE, "jobName": "wordpress_sync"},
            "runConfigData": {"ops": {op: {"config": config} for op in ops}},
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": tenant}]},
        }
        return _launched(self.ask(LAUNCH, params=params))

    def check(self, stream: str, checks: Iterable[str], tenant: str) -> str:
        """Launch checks of a tenant's stream alone, as the asset page does; gives the run's id."""
        asset = {"path": ["wordpress", stream]}
        wanted = [{"assetKey": asset, "name": name} for name in checks]
        selection = {"assetSelection": [], "assetCheckSelection": wanted}
        params = {
            "selector": {**_HERE, "jobName": "__ASSET_JOB", **selection},
            "runConfigData": {},
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": tenant}]},
        }
        return _launched(self.ask(LAUNCH, params=params))

    def sweep(self, tenants: Iterable[str]) -> str:
        """Launch `wordpress_sweep` for some tenants; gives the run's id."""
        config = {"tenants": list(tenants)}
        params = {
            "selector": {**_HERE, "jobName": "wordpress_sweep"},
            "runConfigData": {"ops": {"wordpress_sweep_tenants": {"config": config}}},
        }
        return _launched(self.ask(LAUNCH, params=params))

    def reexecute(self, run_id: str, strategy: str = "FROM_FAILURE") -> str:
        """Run again what failed, or everything."""
        params = {"parentRunId": run_id, "strategy": strategy}
        return _launched(self.ask(REEXECUTE, params=params))

    def backfill(self, streams: Iterable[str], tenants: Iterable[str]) -> str:
        """Launch a backfill; gives its id."""
        params = {
            "assetSelection": [{"path": ["wordpress", stream]} for stream in streams],
            "partitionNames": list(tenants),
        }
        answer = self.ask(BACKFILL, params=params)
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return answer["backfillId"]

    def backfilled(self, backfill_id: str) -> tuple[str, list[str]]:
        """The status of a backfill and those of its runs."""
        found = self.ask(BACKFILL_STATUS, id=backfill_id)
        return found["status"], [run["status"] for run in found["runs"]]

    def terminate(self, run_id: str) -> None:
        """Ask a run to stop."""
        assert self.ask(TERMINATE, id=run_id)["__typename"] == "TerminateRunSuccess"

    def status(self, run_id: str) -> str:
        """SUCCESS, FAILURE, CANCELED, STARTED, …"""
        return self.ask(RUN, id=run_id)["status"]

    def ended(self, run_id: str, seconds: float = 60) -> str:
        """Wait until a run ends; gives its status."""
        until(lambda: self.status(run_id) in _ENDED, seconds)
        return self.status(run_id)

    def runs(self, job: str) -> list[Mapping[str, Any]]:
        """The runs of a job."""
        return self.ask(RUNS, filter={"pipelineName": job})["results"]

    def spans(self) -> list[tuple[float, float]]:
        """When each run that has ended began and ended, in seconds of the epoch."""
        found = self.ask(SPANS)["results"]
        return [(run["startTime"], run["endTime"]) for run in found if run["endTime"]]

    def events(self, run_id: str) -> list[Mapping[str, Any]]:
        """The event log of a run."""
        return self.ask(LOGS, id=run_id)["events"]

    def worker(self, run_id: str) -> int:
        """The process that does a run."""
        messages = " ".join(event.get("message") or "" for event in self.events(run_id))
        found = re.search(r"Started process for run \(pid: (\d+)\)", messages)
        assert found, messages
        return int(found[1])

    def add_partition(self, tenant: str) -> None:
        """Make a partition."""
        answer = self.ask(ADD_PARTITION, repository=_HERE, tenant=tenant)
        assert answer["__typename"] == "AddDynamicPartitionSuccess"

    def partitions(self) -> list[str]:
        """The tenants that have a partition."""
        key = {"path": ["wordpress", "posts"]}
        return self.ask(PARTITIONS, key=key)["partitionKeys"]

    def tick(self, sensor: str) -> str:
        """Evaluate a sensor in the code server; gives why it asked for no run."""
        result = self.ask(TICK, sensor={**_HERE, "sensorName": sensor})["evaluationResult"]
        assert not result["error"], result
        return result["skipReason"]

    def fresh(self, stream: str, tenant: str) -> bool | None:
        """What the check `fresh` of a tenant's stream said last."""
        told = self.ask(CHECK, key={"path": ["wordpress", stream]})
        said = [found["evaluation"] for found in told if found["evaluation"]]
        return next((one["success"] for one in said if one["partition"] == tenant), None)

    def passed(self, stream: str, check: str) -> list[str]:
        """The tenants for whom a check is shown as passed since they were last synced."""
        node = self.ask(CHECKED, key={"path": ["wordpress", stream]}, check=check)
        return node["assetCheckOrError"]["partitionStatuses"]["succeededPartitions"]

    def materialized_by(self, stream: str, tenant: str) -> str | None:
        """The run that last materialized a tenant's partition."""
        key = {"path": ["wordpress", stream]}
        [found] = self.ask(PARTITION, key=key, tenant=tenant)["latestMaterializationByPartition"]
        return found and found["runId"]


def until(look: Callable[[], Found], seconds: float = 60) -> Found:
    """Look again until there is something; gives it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
    return found


def _launched(answer: Mapping[str, Any]) -> str:
    assert answer["__typename"] == "LaunchRunSuccess", answer
    return answer["run"]["runId"]
