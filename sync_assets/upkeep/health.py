"""Is the installation well? One finding an area, for the asset checks and for the doctor."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sync_assets.adapters import uses_embedded_server
from sync_assets.bootstrap import Platform
from sync_assets.core.queues import QUEUES
from sync_assets.store import queue_signs
from sync_assets.store.embedded.place import find
from sync_assets.store.migrate import newest, revision
from sync_assets.store.queue_signs import QueueSigns
from sync_assets.upkeep.findings import Finding

AREAS = {
    "database": "PostgreSQL answers, at the revision that this version knows.",
    "daemon": "Dagster's daemon, which starts runs, schedules and sensors, is alive.",
    "queue": "No request waits long while there are places for runs.",
    "failing_tenants": "No tenant's last sync failed for good.",
    "dead_letters": "No record or request waits in the dead letters.",
    "disk": "There is room on the disks.",
}
"""What is looked at, and what is well."""

DAEMONS = ("SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR")
"""The parts of Dagster's daemon that syncs cannot do without."""

SILENT = timedelta(minutes=5)
"""A beat comes every 30 s; a machine under load may miss a few."""

STUCK = timedelta(minutes=15)

BEHIND = timedelta(hours=1)
"""So long nobody should wait even where every place is taken."""

PLACES = 3
"""`max_concurrent_runs` in dagster.yaml."""

_ROOM, _BYTES = 0.1, 1_000_000_000
_NAMED = 20

Beats = Mapping[str, datetime]


def examine(
    platform: Platform, beats: Callable[[], Beats], now: datetime, areas: Iterable[str] = AREAS
) -> list[Finding]:
    """What is found in each area; a look that fails is a finding, too.

    Args:
        platform: what is looked at.
        beats: when each part of Dagster's daemon last gave a sign of life.
        now: the time.
        areas: those of `AREAS` to look at.
    """
    looks: Mapping[str, Callable[[], Finding]] = {
        "database": lambda: database(platform),
        "daemon": lambda: daemon(beats(), now),
        "queue": lambda: queue(queue_signs.queue_signs(platform.database)),
        "failing_tenants": lambda: failing_tenants(platform),
        "dead_letters": lambda: dead_letters(queue_signs.dead_letters(platform.database)),
        "disk": lambda: disk(disks(platform)),
    }
    return [_tried(area, looks[area]) for area in areas]


def database(platform: Platform) -> Finding:
    """Does it answer, and is it as new as this program?"""
    with platform.database.as_owner() as connection:
        present = revision(connection)
    if present != newest():
        return Finding(
            "database",
            ok=False,
            detail=f"It is at revision {present}, and this program at {newest()}. Restart "
            "whatever is older.",
        )
    return Finding("database", ok=True, detail=f"it answers, at revision {present}")


def daemon(beats: Beats, now: datetime) -> Finding:
    """Did all its parts give a sign of life lately?"""
    if not beats:
        return Finding("daemon", ok=True, detail="unknown: it never ran on this database")
    ages = {part: now - beats[part] for part in DAEMONS if part in beats}
    silent = [part for part in DAEMONS if part not in ages or ages[part] > SILENT]
    if not silent:
        return Finding("daemon", ok=True, detail=f"its last beat was {_ago(max(ages.values()))}")
    last = [f"{part} {_ago(ages[part]) if part in ages else 'never'}" for part in silent]
    return Finding(
        "daemon",
        ok=False,
        detail=f"No sign of life lately: {', '.join(last)}. Nothing starts by itself. Start it "
        "with 'sync-assets dev' or 'dagster-daemon run', and look into its log.",
    )


def queue(signs: QueueSigns) -> Finding:
    """Does it move?"""
    free = PLACES - sum(signs.busy.values())
    stuck = {
        name: wait
        for name, wait in signs.waiting.items()
        if wait > STUCK and free > 0 and signs.busy.get(name, 0) < QUEUES[name].runs
    }
    if stuck:
        name = max(stuck, key=lambda name: stuck[name])
        return Finding(
            "queue",
            ok=False,
            detail=f"A request waits in {name} for {_span(stuck[name])} though there are places. "
            "Look at the ticks of the sensor 'requests' in the Dagster UI.",
        )
    if signs.silent is not None and signs.silent > SILENT:
        return Finding(
            "queue",
            ok=False,
            detail=f"A sync gave no sign of life for {_span(signs.silent)}, and nobody took it "
            "back. Look at the ticks of the sensor 'requests' in the Dagster UI.",
        )
    oldest = max(signs.waiting.values(), default=timedelta(0))
    if oldest > BEHIND:
        detail = f"The oldest request waits for {_span(oldest)}; every place for runs is taken."
        return Finding("queue", ok=False, serious=False, detail=detail)
    return Finding("queue", ok=True, detail=f"the oldest request waits for {_span(oldest)}")


def failing_tenants(platform: Platform) -> Finding:
    """Whose last sync failed?"""
    broken = platform.due.broken()
    if not broken:
        return Finding("failing_tenants", ok=True, detail="none")
    named = _named({one.tenant_id: one.failures for one in broken})
    return Finding(
        "failing_tenants",
        ok=False,
        serious=False,
        detail=f"{len(broken)} tenants fail (how often since their last success): {named}. "
        "'sync-assets report --tenant ID' says why.",
    )


def dead_letters(letters: Mapping[str, int]) -> Finding:
    """Does anything wait in them?"""
    if not letters:
        return Finding("dead_letters", ok=True, detail="none")
    return Finding(
        "dead_letters",
        ok=False,
        serious=False,
        detail=f"{sum(letters.values())} are unresolved: {_named(letters)}. "
        "'sync-assets dead-letters list' shows them, with their causes.",
    )


def disks(platform: Platform) -> Mapping[Path, tuple[int, int]]:
    """Free and total bytes of the disks that are written to, by folder."""
    home = platform.settings.home
    embedded = [find(home).data] if uses_embedded_server(platform.settings) else []
    folders = [_existing(folder) for folder in (home, *embedded)]
    usages = {folder: shutil.disk_usage(folder) for folder in folders}
    return {folder: (usage.free, usage.total) for folder, usage in usages.items()}


def disk(room: Mapping[Path, tuple[int, int]]) -> Finding:
    """Is there room?"""
    shown = {
        folder: f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free at {folder}"
        for folder, (free, total) in room.items()
    }
    full = [
        shown[folder]
        for folder, (free, total) in room.items()
        if free < _BYTES or free < _ROOM * total
    ]
    if full:
        detail = f"Only {'; '.join(full)}. Make room; PostgreSQL stops when it is full."
        return Finding("disk", ok=False, serious=False, detail=detail)
    return Finding("disk", ok=True, detail="; ".join(shown.values()))


def _tried(area: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was found
        return Finding(area, ok=False, detail=f"It could not be looked at: {error}")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _named(counts: Mapping[str, int]) -> str:
    named = ", ".join(f"{name} ({count})" for name, count in list(counts.items())[:_NAMED])
    return f"{named} and {len(counts) - _NAMED} more" if len(counts) > _NAMED else named


def _ago(span: timedelta) -> str:
    return f"{_span(span)} ago"


def _span(span: timedelta) -> str:
    seconds = max(0, round(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
