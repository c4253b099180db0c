"""Upkeep that somebody wishes for becomes a run, once."""

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.defs.upkeep import upkeep
from sync_assets.defs.wishes import NAME

pytestmark = pytest.mark.postgres


def tick(cursor: str | None = None) -> dg.SensorResult:
    """A tick of the sensor."""
    from sync_assets.defs.resources import PlatformResource

    [sensor] = [one for one in upkeep().sensors or () if one.name == NAME]
    assert isinstance(sensor, dg.SensorDefinition)
    context = dg.build_sensor_context(cursor=cursor, resources={"platform": PlatformResource()})
    result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_a_wish_becomes_one_run_of_its_job(platform: Platform):
    wish = platform.wishes.ask("health", "key a")
    first = tick()
    assert [(run.job_name, run.run_key) for run in first.run_requests or ()] == [
        ("health", str(wish.id))
    ]
    second = tick(first.cursor)
    assert not second.run_requests
    assert platform.wishes.waiting() == []


def test_a_tick_that_failed_is_made_up_for_under_the_same_key(platform: Platform):
    wish = platform.wishes.ask("clean_up", "key a")
    tick()
    [again] = tick().run_requests or []
    assert again.run_key == str(wish.id)


def test_a_wish_for_what_this_release_does_not_know_stays(platform: Platform):
    platform.wishes.ask("from_another_release", "key a")
    assert not tick().run_requests
    assert len(platform.wishes.waiting()) == 1
