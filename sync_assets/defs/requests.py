"""Turns requests into runs, and sees to those whose run ended without a word."""

import math
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.queues import QUEUES, queue_of
from sync_assets.core.streams import EMBEDDINGS
from sync_assets.defs.identity import CLAIM_TAG, QUEUE_TAG, SYNC_ID_TAG
from sync_assets.defs.keys import asset_key, step_name
from sync_assets.defs.partitions import tenants_of
from sync_assets.defs.reconcile import LIVE, reconcile
from sync_assets.defs.resources import PlatformResource
from sync_assets.settings import Settings
from sync_assets.store.claims import Launch

NAME = "requests"

DAEMON_LOOP = 5
"""Seconds between two rounds of Dagster's daemon; it starts no tick in between."""

LOOK_EVERY = 1.0
"""Seconds between two looks within a tick."""


def requests_sensor(jobs: Sequence[Any]) -> dg.SensorDefinition:
    """The sensor `requests`, one for the jobs of all sources: they share the same places."""

    @dg.sensor(
        name=NAME,
        jobs=jobs,
        # A tick that finds nothing listens for the whole interval; one that has launched ends at
        # once, and the daemon's next round is to listen again. A second less than between rounds:
        # one that comes a moment too early would begin no tick.
        minimum_interval_seconds=max(1, min(DAEMON_LOOP, Settings().request_interval) - 1),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts the syncs that were asked for, by priority and in turns between "
        "organizations, as places for runs become free; queues again what a crash has ended.",
    )
    def tick(
        context: dg.SensorEvaluationContext, platform: PlatformResource
    ) -> dg.SensorResult | dg.SkipReason:
        with platform.open() as opened:
            launches = _look(opened, context.instance, Settings().request_interval)
            launches = [launch for launch in launches if _possible(opened, launch)]
        if not launches:
            return dg.SkipReason("No request is due, or every place for runs is taken.")
        _know(context.instance, launches)
        return dg.SensorResult(run_requests=[run_request(launch) for launch in launches])

    return tick


def _look(platform: Platform, instance: dg.DagsterInstance, interval: int) -> list[Launch]:
    """What starts now, or as soon as it is asked for: a tick listens until the next one begins."""
    until = time.monotonic() + max(DAEMON_LOOP, interval) - LOOK_EVERY
    seen_to, daemon = -math.inf, os.getppid()
    while True:
        now = time.monotonic()
        if now - seen_to >= interval:
            reconcile(platform, instance)
            seen_to = now
        if os.getppid() != daemon:  # it is dead: nobody would hear of what is claimed here
            return []
        if platform.claims.due() and (free := _free(instance)):
            launches = platform.claims.take(free, utc_now())
            if launches:
                return launches
        if now >= until:
            return []
        time.sleep(LOOK_EVERY)


def _possible(platform: Platform, launch: Launch) -> bool:
    """Is there such a job? A request from another release must not fail the tick, for all."""
    try:
        platform.streams(launch.requests[0].source, launch.streams)
    except OperatorMustAct as error:
        for request in launch.requests:
            platform.settling.give_up(request.id, str(error), claim=launch.claim)
        return False
    return True


def run_request(launch: Launch) -> dg.RunRequest:
    """One tenant: its assets, as a person would materialize them. Several: a sweep."""
    first = launch.requests[0]
    queue, source = queue_of(first.queue), first.source
    config = asdict(first.options)
    tags = {
        CLAIM_TAG: str(launch.claim),
        QUEUE_TAG: queue.name,
        "dagster/priority": str(queue.priority),
    }
    if len(launch.requests) > 1:
        tenants = [request.tenant_id for request in launch.requests]
        wish = {"tenants": tenants, **config}
        return dg.RunRequest(
            run_key=str(launch.claim),  # unique to this launch: it never swallows a later one
            job_name=f"{source}_sweep",
            tags=tags,
            run_config={"ops": {f"{source}_sweep_tenants": {"config": wish}}},
        )
    ops = {
        step_name(source, stream): {"config": config}
        for stream in launch.streams
        if stream != EMBEDDINGS
    }
    return dg.RunRequest(
        run_key=str(launch.claim),
        job_name=f"{source}_sync",
        partition_key=first.tenant_id,
        asset_selection=[asset_key(source, stream) for stream in launch.streams],
        asset_check_keys=[],  # each asset's own step does its checks
        tags={**tags, SYNC_ID_TAG: str(first.id)},
        run_config={"ops": ops},
    )


def _free(instance: dg.DagsterInstance) -> int:
    """Places for runs that nobody has; Dagster's own queue stays short, so that ours is fair."""
    most = instance.get_concurrency_config().run_queue_config
    places = most.max_concurrent_runs if most is not None else -1
    if places < 0:  # no limit; our own queues have theirs
        places = sum(queue.runs for queue in QUEUES.values())
    return max(0, places - instance.get_runs_count(dg.RunsFilter(statuses=LIVE)))


def _know(instance: dg.DagsterInstance, launches: Sequence[Launch]) -> None:
    """Make the partitions that are missing; one run without its partition fails the whole tick."""
    wanted: dict[str, list[str]] = {}
    for launch in launches:
        for request in launch.requests:
            wanted.setdefault(request.source, []).append(request.tenant_id)
    for source, tenants in wanted.items():
        name = str(tenants_of(source).name)
        present = set(instance.get_dynamic_partitions(name))
        missing = [tenant for tenant in tenants if tenant not in present]
        if missing:
            instance.add_dynamic_partitions(name, missing)
