"""Everything that Dagster loads: what the registered sources are, as Dagster sees it."""

from sync_assets.start_up import loading

with loading():
    import dagster as dg

    from sync_assets.core.streams import SourceSpec
    from sync_assets.defs.assets import assets_of
    from sync_assets.defs.checks import checks_of
    from sync_assets.defs.jobs import jobs_of
    from sync_assets.defs.requests import requests_sensor
    from sync_assets.defs.resources import PlatformResource
    from sync_assets.defs.schedules import schedules_of
    from sync_assets.defs.sensors import sensors_of
    from sync_assets.defs.upkeep import upkeep
    from sync_assets.sources import SPECS


def _definitions_of(source: SourceSpec) -> dg.Definitions:
    return dg.Definitions(
        assets=assets_of(source),
        asset_checks=checks_of(source),
        schedules=schedules_of(source),
        sensors=sensors_of(source),
    )


def _all() -> dg.Definitions:
    jobs = dg.Definitions.merge(*(jobs_of(source) for source in SPECS))
    return dg.Definitions.merge(
        dg.Definitions(
            sensors=[requests_sensor(list(jobs.jobs or ()))],
            resources={"platform": PlatformResource()},
            # The default starts a process for each step: 30 CPU seconds a run instead of 5.
            executor=dg.in_process_executor,
        ),
        *(_definitions_of(source) for source in SPECS),
        jobs,
        upkeep(),
    )


defs = _all()
