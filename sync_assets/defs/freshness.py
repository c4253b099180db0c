"""Watches how long ago each stream was synced: what no sync can tell that never came."""

import json
from collections.abc import Mapping, Sequence

import dagster as dg

from sync_assets.core.streams import SourceSpec
from sync_assets.defs.assets import asset_key
from sync_assets.defs.checks import FRESH, evaluation, freshness, log_check
from sync_assets.defs.resources import PlatformResource
from sync_assets.store.health import Standing

MOST = 200
"""Evaluations a tick; the others have their turn in the next ones."""

_EVERY = 15 * 60  # seconds

Stale = Mapping[str, int]
"""What was found stale: `tenant/stream` to the second since when, which a sync moves on."""


def freshness_of(source: SourceSpec) -> dg.SensorDefinition:
    """The sensor `{source}_freshness`."""

    @dg.sensor(
        name=f"{source.name}_freshness",
        minimum_interval_seconds=_EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Fails the check `fresh` of each stream of {source.title} whose last complete "
        f"sync is more than {FRESH} old, and passes it once the stream was synced again.",
    )
    def tick(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult:
        present = set(context.instance.get_dynamic_partitions(f"{source.name}_tenants"))
        with platform.open() as opened:
            standings = opened.health.standings(source.name, [s.name for s in source.streams])
        known = {
            _name(standing): standing for standing in standings if standing.tenant_id in present
        }
        before: Stale = json.loads(context.cursor or "{}")
        news = [name for name in known if _is_news(known[name], before.get(name))][:MOST]
        if news:
            _tell(context.instance, source.name, [_event(source.name, known[n]) for n in news])
        return dg.SensorResult(
            skip_reason=f"{len(news)} changed; {sum(map(_stale, known.values()))} of {len(known)} "
            "streams are stale.",
            cursor=json.dumps(_after(before, known, news)),
        )

    return tick


def _tell(
    instance: dg.DagsterInstance, source: str, events: Sequence[dg.AssetCheckEvaluation]
) -> None:
    """Log the events in a run, which is done here: it needs no worker and waits in no queue.

    Not as the tick's own events: those have no run, and Dagster 1.13 refuses a second evaluation
    of a partition's check in the same run.
    """

    @dg.op(name=f"{source}_freshness_told")
    def told(context: dg.OpExecutionContext) -> None:
        for event in events:
            log_check(context, event)

    @dg.job(name=f"{source}_freshness")
    def job() -> None:
        told()

    job.execute_in_process(instance=instance)


def _is_news(standing: Standing, said: int | None) -> bool:
    """Does the check still say something else?

    A stream that was synced since and is stale again is news: that sync has passed the check.
    """
    return said != _second(standing) if _stale(standing) else said is not None


def _after(before: Stale, known: Mapping[str, Standing], news: list[str]) -> Stale:
    """What is known to be stale after the news were told; tenants that are gone are forgotten."""
    kept = {name: second for name, second in before.items() if name in known and name not in news}
    told = {name: _second(known[name]) for name in news if _stale(known[name])}
    return {**kept, **told}


def _event(source: str, standing: Standing) -> dg.AssetCheckEvaluation:
    key = asset_key(source, standing.stream)
    return evaluation(key, freshness(key, standing.age), standing.tenant_id)


def _stale(standing: Standing) -> bool:
    return standing.age > FRESH


def _second(standing: Standing) -> int:
    return int(standing.since.timestamp())


def _name(standing: Standing) -> str:
    return f"{standing.tenant_id}/{standing.stream}"
