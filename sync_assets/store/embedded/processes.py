"""PostgreSQL's processes: which are ours, and which outlived their postmaster."""

import logging
import os
import signal
from pathlib import Path

_PROC = Path("/proc")

_logger = logging.getLogger(__name__)


def ready_port(data: Path) -> int | None:
    """The port that the cluster's postmaster says it serves, if it says that it is ready.

    It may have been killed since: only a connection tells.
    """
    lines = _pid_file(data)
    if len(lines) < 8 or lines[7].strip() != "ready":
        return None
    return int(lines[3])


def postmaster(data: Path) -> int | None:
    """The process id of the cluster's living postmaster, ready or not."""
    lines = _pid_file(data)
    if not lines or not lines[0].isdecimal():
        return None
    pid = int(lines[0])
    return pid if _works_in(pid, data) else None


def forget_dead_postmaster(data: Path) -> None:
    """Remove a killed server's pid file. Only while the cluster is known to be unused.

    PostgreSQL would believe in it for as long as any process has that id: a zombie, or a stranger.
    """
    if postmaster(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def end_orphans(data: Path) -> bool:
    """Kill what a killed postmaster left running; returns whether there was any.

    Idle ones leave by themselves; one in a long query would hold the shared memory until its end.
    Found by /proc only: elsewhere the caller waits for them.
    """
    if postmaster(data) is not None or not _PROC.joinpath("self").exists():
        return False
    pids = [int(path.name) for path in _PROC.glob("[0-9]*")]
    orphans = [pid for pid in pids if _works_in(pid, data)]
    for pid in orphans:
        _logger.warning("Ending process %d, whose PostgreSQL server was killed.", pid)
        os.kill(pid, signal.SIGKILL)
    return bool(orphans)


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _works_in(pid: int, data: Path) -> bool:
    """Whether the process is a PostgreSQL in this data directory; a zombie is in none."""
    process = _PROC / str(pid)
    if not _PROC.joinpath("self").exists():
        return _exists(pid)
    try:
        name, folder = (process / "comm").read_text().strip(), (process / "cwd").readlink()
    except OSError:
        return False
    return name == "postgres" and folder == data


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
