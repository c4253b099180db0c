"""The asset `sync_assets/health`: every half an hour, a check for each area."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from sync_assets.core.clock import utc_now
from sync_assets.defs.maintenance import GROUP, TAGS
from sync_assets.defs.resources import PlatformResource
from sync_assets.upkeep.findings import Finding
from sync_assets.upkeep.health import AREAS, examine

KEY = dg.AssetKey([GROUP, "health"])

CHECK_KEYS = [dg.AssetCheckKey(KEY, area) for area in AREAS]


@dg.asset(
    key=KEY,
    group_name=GROUP,
    description="Whether the installation is well; 'sync-assets doctor' finds the same.",
    check_specs=[
        dg.AssetCheckSpec(area, asset=KEY, description=well) for area, well in AREAS.items()
    ],
)
def health(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> Iterator[dg.MaterializeResult[Any]]:
    """Look at each area."""
    with platform.open() as opened:
        findings = examine(opened, lambda: _beats(context.instance), utc_now())
    yield dg.MaterializeResult(
        metadata={"problems": sum(not finding.ok for finding in findings)},
        check_results=[_result(finding) for finding in findings],
    )


def _result(finding: Finding) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity
    return dg.AssetCheckResult(
        check_name=finding.check,
        passed=finding.ok,
        severity=severity.ERROR if finding.serious else severity.WARN,
        description=finding.detail,
    )


def _beats(instance: dg.DagsterInstance) -> Mapping[str, datetime]:
    return {
        part: datetime.fromtimestamp(beat.timestamp, UTC)
        for part, beat in instance.get_daemon_heartbeats().items()
    }


health_job = dg.define_asset_job(
    name="health",
    selection=dg.AssetSelection.assets(KEY),
    tags=TAGS,
    description="Looks whether the installation is well.",
)
