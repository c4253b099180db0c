"""Moments as they are typed, spans as they are read."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sync_assets.cli.times import local, moment, span
from sync_assets.core.errors import OperatorMustAct

ZONE = "America/Sao_Paulo"
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-05-04T18:30", "2026-05-04T18:30:00-03:00"),
        ("2026-05-04 18:30:15", "2026-05-04T18:30:15-03:00"),
        ("2026-05-04T18:30+02:00", "2026-05-04T18:30:00+02:00"),
        ("2026-05-04T18:30Z", "2026-05-04T18:30:00+00:00"),
        ("2026-12-24", "2026-12-24T00:00:00-03:00"),
        ("18:30", "2026-05-04T18:30:00-03:00"),
        ("12:00", "2026-05-04T12:00:00-03:00"),
        ("11:59", "2026-05-05T11:59:00-03:00"),
        ("7:05", "2026-05-05T07:05:00-03:00"),
    ],
)
def test_a_time_without_a_zone_is_meant_in_the_configured_one(typed: str, meant: str):
    assert moment(typed, ZONE, NOW).isoformat() == meant


def test_the_next_time_is_that_of_the_configured_zone_wherever_the_machine_is():
    midnight_in_london = datetime(2026, 5, 5, 0, 30, tzinfo=ZoneInfo("Europe/London"))
    assert moment("21:00", ZONE, midnight_in_london).isoformat() == "2026-05-04T21:00:00-03:00"


@pytest.mark.parametrize("typed", ["", "soon", "24:00", "12:60", "2026-13-01"])
def test_what_is_no_time_is_refused_with_an_example(typed: str):
    with pytest.raises(OperatorMustAct, match=r"is no time\. It looks like .* in the zone America"):
        moment(typed, ZONE, NOW)


def test_a_time_that_is_over_is_refused():
    with pytest.raises(OperatorMustAct, match="is over: it is 2026-05-04 12:00:00 -03"):
        moment("2026-05-04T11:59", ZONE, NOW)


def test_a_moment_is_shown_with_its_zone():
    assert local(datetime(2026, 5, 4, 12, tzinfo=ZoneInfo("UTC")), ZONE) == (
        "2026-05-04 09:00:00 -03"
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, None), (0.04, "0.0 s"), (9.96, "10.0 s"), (59.4, "59 s"), (75, "1 min 15 s"),
        (3599.6, "1 h 00 min"), (3 * 3600 + 300, "3 h 05 min"), (50 * 3600, "2 d 2 h"),
    ],
)  # fmt: skip
def test_a_span_has_the_units_that_fit(seconds: float | None, shown: str | None):
    assert span(seconds) == shown
