"""Months begin and end by the clocks of a place."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.months import Month

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize("text", ["2026-10", "0001-01", "9998-12"])
def test_a_month_reads_as_it_is_written(text: str):
    assert str(Month.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["2026", "2026-13", "2026-00", "2026-1", "10-2026", "0000-01", "9999-12", "October", ""],
)
def test_what_is_no_month_says_what_one_looks_like(text: str):
    with pytest.raises(OperatorMustAct, match="A month looks like 2026-10"):
        Month.parse(text)


def test_a_month_ends_where_the_next_one_begins():
    start, until = Month(2026, 12).span(SAO_PAULO)
    assert start.astimezone(UTC) == datetime(2026, 12, 1, 3, tzinfo=UTC)
    assert until == Month(2027, 1).span(SAO_PAULO)[0]


def test_a_month_in_which_clocks_change_is_an_hour_longer():
    start, until = Month(2026, 10).span(ZoneInfo("Europe/Lisbon"))
    assert until.astimezone(UTC) - start.astimezone(UTC) == timedelta(days=31, hours=1)


def test_the_month_that_it_is_depends_on_the_place():
    moment = datetime(2026, 11, 1, 2, 59, tzinfo=UTC)
    assert Month.of(moment, SAO_PAULO) == Month(2026, 10)
    assert Month.of(moment, ZoneInfo("UTC")) == Month(2026, 11)
