"""Which rows are old: whole days, by the clock of the configured zone."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync_assets.bootstrap import Platform
from sync_assets.settings import Settings
from sync_assets.store.retention import Retention

SECONDS = 600
"""A night's work at most; the next night goes on with it."""


def beginning(settings: Settings, days: int, now: datetime) -> datetime | None:
    """The midnight with which the last so many days began; None for 0, which keeps everything.

    A day is there as a whole or not at all: the statistics are counted after the clean-up.
    """
    if days == 0:
        return None
    zone = ZoneInfo(settings.timezone)
    first = now.astimezone(zone).date() - timedelta(days=days)
    return datetime(first.year, first.month, first.day, tzinfo=zone)


def clean_rows(platform: Platform, now: datetime, until: float | None = None) -> Mapping[str, int]:
    """Delete the rows that are old; gives how many of each kind.

    Args:
        platform: whose database, and whose settings say what is old.
        now: the time.
        until: stops once `time.monotonic()` is past it.
    """
    settings = platform.settings
    retention = Retention(platform.database, until or time.monotonic() + SECONDS)

    def old(days: int, *deletions: Callable[[datetime], int]) -> int:
        before = beginning(settings, days, now)
        return 0 if before is None else sum(delete(before) for delete in deletions)

    return {
        "requests": old(settings.keep_requests_days, retention.requests, retention.syncs),
        "log_lines": old(settings.keep_logs_days, retention.lines),
        "dead_letters": old(settings.keep_dead_letters_days, retention.dead_letters),
        "changes": old(settings.keep_changes_days, retention.changes),
        "paces": platform.paces.forget_idle(),
        "hints": platform.hints.forget(),
        "audit": old(settings.keep_audit_days, platform.audit.forget),
        "answers": platform.answers.forget_old(),
        "upkeep_wishes": platform.wishes.forget_old(),
    }
