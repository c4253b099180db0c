"""CPU seconds of whole families of processes, from `/proc`."""

import os
from collections.abc import Iterable
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds


def cpu(roots: Iterable[int]) -> float:
    """User and system time of these processes, of all that descend from them, of those reaped.

    What a descendant spends counts once: in its own figures while it lives, in those of whoever
    waited for it afterwards.
    """
    stats = _stats()
    ticks = sum(sum(map(int, stats[pid][11:15])) for pid in _family(roots, stats))
    return ticks * TICK


def workers(roots: Iterable[int]) -> int:
    """How many of those that descend from these are Dagster's run workers."""
    return sum(b"spawn_main" in _command(pid) for pid in _family(roots, _stats()))


def _family(roots: Iterable[int], stats: dict[int, list[str]]) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        children.setdefault(int(fields[1]), []).append(pid)
    found, left = set[int](), [pid for pid in roots if pid in stats]
    while left:
        pid = left.pop()
        found.add(pid)
        left += children.get(pid, [])
    return found


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""  # it has ended


def _stats() -> dict[int, list[str]]:
    """The fields of each process's `stat` from the third on; a name may hold spaces."""
    found: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
            found[int(entry.name)] = text.rpartition(") ")[2].split()
    return found
