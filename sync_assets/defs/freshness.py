"""Watches how long ago each stream was synced: what no sync can tell that never came."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import dagster as dg

from sync_assets.core.streams import SourceSpec
from sync_assets.defs.checks import FRESH, freshness
from sync_assets.defs.keys import asset_key
from sync_assets.defs.resources import PlatformResource
from sync_assets.defs.telling import tell
from sync_assets.store.failed_checks import Check, FailedChecks
from sync_assets.store.health import Standing

MOST = 200
"""Evaluations a tick; the others have their turn in the next ones."""

_EVERY = 15 * 60  # seconds

News = Mapping[str, Sequence[dg.AssetCheckResult]]
"""What changed, by tenant."""


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
            known = [standing for standing in standings if standing.tenant_id in present]
            failed = opened.failed_checks.named(source.name, "fresh")
            changed = [one for one in known if _stale(one) != (_check(one) in failed)][:MOST]
            if changed:
                _tell(context.instance, source.name, opened.failed_checks, _news(source, changed))
        return dg.SensorResult(
            skip_reason=f"{len(changed)} changed; {sum(map(_stale, known))} of {len(known)} "
            "streams are stale."
        )

    return tick


def _tell(instance: dg.DagsterInstance, source: str, failed: FailedChecks, news: News) -> None:
    """Log the results in a run, which is done here: it needs no worker and waits in no queue.

    Not as the tick's own events: those have no run, and Dagster 1.13 refuses a second evaluation
    of a partition's check in the same run.
    """

    @dg.op(name=f"{source}_freshness_told")
    def told(context: dg.OpExecutionContext) -> None:
        for tenant, results in news.items():
            tell(context, failed, tenant, results)

    @dg.job(name=f"{source}_freshness")
    def job() -> None:
        told()

    job.execute_in_process(instance=instance)


def _news(source: SourceSpec, standings: Sequence[Standing]) -> News:
    news: dict[str, list[dg.AssetCheckResult]] = defaultdict(list)
    for standing in standings:
        result = freshness(asset_key(source.name, standing.stream), standing.age)
        news[standing.tenant_id].append(result)
    return news


def _check(standing: Standing) -> Check:
    return Check(standing.tenant_id, standing.stream, "fresh")


def _stale(standing: Standing) -> bool:
    return standing.age > FRESH
