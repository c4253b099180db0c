"""The sensor that sends changes."""

import dagster as dg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.definitions import defs
from sync_assets.defs import webhooks
from sync_assets.defs.resources import PlatformResource
from sync_assets_tests.store.writing import held, page, post
from sync_assets_tests.upkeep.receiver import receiving

pytestmark = pytest.mark.postgres


def test_it_runs_by_itself_and_ends_before_dagster_gives_it_up():
    sensor = defs.get_repository_def().get_sensor_def("webhooks")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert webhooks.LISTENS + 30 < 60  # the last turns, and a name server that takes its time


def test_its_tick_sends_what_there_is(
    platform: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(webhooks, "LISTENS", 0)
    with receiving() as receiver:
        with held(platform) as stream:
            now = platform.changes.now("acme")
            platform.webhooks.set("acme", receiver.url, "whsec_for-tests", now)
            stream.write(page(post(7)))
        context = dg.build_sensor_context(instance, resources={"platform": PlatformResource()})
        ticked = webhooks.webhooks_sensor()(context)
        assert "1 changes" in str(ticked)
        assert receiver.keys == [7]
