"""The processes of an installation, by what they were started for; never by name alone."""

import os
from pathlib import Path

_PROC = Path("/proc")


def group(leader: int) -> list[int]:
    """The living processes of a group."""
    return sorted(pid for pid in _pids() if _group_of(pid) == leader)


def code_servers(leader: int) -> list[int]:
    """The code servers that the leader of a group has started itself, and that live."""
    return [pid for pid in group(leader) if _parent(pid) == leader and " api grpc " in _line(pid)]


def run_workers(leader: int) -> list[int]:
    """The workers in a group, also those whose code server is gone; not those that just begin."""
    return [pid for pid in group(leader) if "spawn_main(" in _line(pid)]


def _pids() -> list[int]:
    return [int(path.name) for path in _PROC.glob("[0-9]*")]


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid) if _state(pid) not in "ZX" else None
    except ProcessLookupError:
        return None


def _line(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _parent(pid: int) -> int:
    return int((_stat(pid) or ["X", "0"])[1])


def _state(pid: int) -> str:
    return (_stat(pid) or ["X"])[0]


def _stat(pid: int) -> list[str]:
    """State, parent, … of a process; nothing once it is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
