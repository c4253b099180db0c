"""Moments and spans of time as people type and read them, in the configured zone."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync_assets.core.errors import OperatorMustAct

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def moment(text: str, zone: str, now: datetime) -> datetime:
    """The moment that `--at` names: ISO 8601, or HH:MM for the next such time.

    Args:
        text: what was typed; without a zone of its own it is meant in the configured one.
        zone: the configured one.
        now: with a zone.

    Raises:
        OperatorMustAct: it is no time, or is over.
    """
    clock = _CLOCK.fullmatch(text.strip())
    if clock is not None:
        return _next(int(clock[1]), int(clock[2]), now.astimezone(ZoneInfo(zone)))
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise OperatorMustAct(
            f"--at {text!r:.80} is no time. It looks like 2026-12-24T18:30, 2026-12-24T18:30-03:00 "
            f"or 18:30, in the zone {zone} where it names none."
        ) from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(zone))
    if found < now:
        raise OperatorMustAct(f"--at {text!r:.80} is over: it is {local(now, zone)}.")
    return found


def local(when: datetime, zone: str) -> str:
    """A moment on the clock of the configured zone."""
    return f"{when.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z}"


def span(seconds: float | None) -> str | None:
    """A span of time with one or two units, such as `1 h 05 min`."""
    if seconds is None:
        return None
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def _next(hour: int, minute: int, now: datetime) -> datetime:
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today >= now else today + timedelta(days=1)
