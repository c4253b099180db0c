"""Does Dagster's daemon live, which starts all syncs?"""

from datetime import datetime
from typing import Literal

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.gateway.shapes import Answer
from sync_assets.store.dagster_tables import heartbeats
from sync_assets.upkeep.health import DAEMONS, SILENT

State = Literal["beating", "silent", "unknown"]


class Part(Answer):
    """A part of the daemon and its last sign of life."""

    name: str
    last_beat_at: datetime
    state: State


class Daemon(Answer):
    """`unknown` where it never ran."""

    state: State
    parts: list[Part]


def daemon_of(platform: Platform) -> dict[str, object]:
    """How the daemon is, for programs."""
    beats = heartbeats(platform.database)
    now = utc_now()
    silent = {name for name, at in beats.items() if now - at > SILENT}
    state = "beating" if not silent & {*DAEMONS} and {*DAEMONS} <= {*beats} else "silent"
    parts = [
        {
            "name": name,
            "lastBeatAt": at.isoformat(),
            "state": "silent" if name in silent else "beating",
        }
        for name, at in sorted(beats.items())
    ]
    return {"state": state if beats else "unknown", "parts": parts}
