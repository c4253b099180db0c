"""Asset checks for each stream and tenant: it adds up, it is the tenant's alone, it is fresh."""

import warnings
from collections.abc import Iterable, Iterator
from datetime import timedelta

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.core.streams import SourceSpec, StreamSpec
from sync_assets.defs.keys import asset_key
from sync_assets.defs.partitions import tenant_of, tenants_of
from sync_assets.defs.resources import PlatformResource
from sync_assets.defs.telling import remembered
from sync_assets.store.health import StreamHealth

FRESH = timedelta(hours=1)
"""Four missed rounds of the schedule that runs every 15 minutes."""

CHECKS = {
    "adds_up": "Every record that the last sync saw was created, updated, left unchanged, "
    "skipped for a newer local edit, or put into the dead letters.",
    "own_rows_only": "In the tenant's own transaction no row of another tenant can be seen.",
    "fresh": f"The last complete sync is at most {FRESH} old.",
    "nothing_refused": "No deletion was refused, and no record waits in the dead letters.",
}


def checks_of(source: SourceSpec) -> list[dg.AssetChecksDefinition]:
    """The checks of all streams of a source."""
    return [_checks(source, stream) for stream in source.streams]


def _checks(source: SourceSpec, stream: StreamSpec) -> dg.AssetChecksDefinition:
    key = asset_key(source.name, stream.name)

    @dg.multi_asset_check(
        name=steps_name(source.name, stream.name), specs=_specs(key, tenants_of(source.name))
    )
    def check(
        context: dg.AssetCheckExecutionContext, platform: PlatformResource
    ) -> Iterator[dg.AssetCheckResult]:
        tenant = tenant_of(context)
        with platform.open() as opened:
            found = results_of(opened, source, [stream.name], tenant)
            with remembered(opened.failed_checks, tenant, found):
                yield from found

    return check


def _specs(key: dg.AssetKey, partitions: dg.PartitionsDefinition) -> list[dg.AssetCheckSpec]:
    with warnings.catch_warnings():
        # Checks of a partition are a preview in 1.13. Without them one tenant's result hides
        # another's; whether they still work is tested.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(name, asset=key, description=text, partitions_def=partitions)
            for name, text in CHECKS.items()
        ]


def results(key: dg.AssetKey, health: StreamHealth) -> Iterator[dg.AssetCheckResult]:
    """The results of all checks, from what the store knows of a stream; what says least is last."""
    counts = health.counts
    yield dg.AssetCheckResult(
        check_name="adds_up",
        asset_key=key,
        passed=counts.adds_up(),
        metadata={"seen": counts.seen, "accounted": counts.accounted},
    )
    yield dg.AssetCheckResult(
        check_name="own_rows_only",
        asset_key=key,
        passed=health.foreign_rows == 0,
        metadata={"foreign_rows": health.foreign_rows, "rows": health.rows},
    )
    yield dg.AssetCheckResult(
        check_name="nothing_refused",
        asset_key=key,
        passed=counts.refused == 0 and health.dead_letters == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"refused": counts.refused, "dead_letters": health.dead_letters},
    )
    yield freshness(key, health.age)


def freshness(key: dg.AssetKey, age: timedelta | None) -> dg.AssetCheckResult:
    """The result of `fresh`; an age of None was never synced."""
    return dg.AssetCheckResult(
        check_name="fresh",
        asset_key=key,
        passed=age is not None and age <= FRESH,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"age_seconds": "never synced" if age is None else round(age.total_seconds())},
    )


def results_of(
    platform: Platform, source: SourceSpec, streams: Iterable[str], tenant: str
) -> list[dg.AssetCheckResult]:
    """The checks of some streams of a tenant, done here and now."""
    specs = [source.stream(name) for name in streams]
    found = platform.health.of(tenant, specs) if specs else []
    return [
        result
        for spec, health in zip(specs, found, strict=True)
        for result in results(asset_key(source.name, spec.name), health)
    ]


def steps_name(source: str, stream: str) -> str:
    """The step that does a stream's checks where a run has one."""
    return f"{source}_{stream}_checks"
