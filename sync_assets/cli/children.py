"""Child processes, each with a group of its own, so that none of their children stays behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PATIENCE = 15.0
"""Seconds between asking processes to end and killing them."""

_PROC = Path("/proc")
_LAST = 4096  # bytes of a log that are read for its last lines


@dataclass(frozen=True, slots=True)
class Child:
    """A running process, leader of its group, and the file that its output goes to."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs."""
        return self.process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and its children."""
        with suppress(ProcessLookupError, PermissionError):  # ended; macOS: a zombie
            os.killpg(self.process.pid, number)

    def alive(self) -> bool:
        """Does the process or one of its children run?"""
        return self.status is None or _group_lives(self.process.pid)

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _LAST))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])


def start(
    name: str,
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    *,
    given: bytes | None = None,
) -> Child:
    """Start a process in the project's folder.

    Args:
        name: for people.
        command: with its arguments.
        log: is overwritten with its output.
        environment: in addition to this process's.
        given: its standard input.
    """
    from sync_assets.settings import PROJECT, inherited

    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            list(command),
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**inherited(), **environment},
            cwd=PROJECT,
            process_group=0,
        )
    if given is not None and process.stdin is not None:
        _hand_over(process.stdin, given)
    return Child(name, process, log)


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def script(name: str, *arguments: str) -> list[str]:
    """The command of a package that is installed beside this interpreter."""
    return [str(Path(sys.executable).parent / name), *arguments]


def stop(children: Iterable[Child], patience: float = PATIENCE) -> None:
    """End processes and all their children: ask, wait, then kill."""
    living = list(children)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for child in living:
            child.signal(number)
        deadline = time.monotonic() + patience
        while any(child.alive() for child in living) and time.monotonic() < deadline:
            time.sleep(0.05)
        living = [child for child in living if child.alive()]


def _hand_over(pipe: IO[bytes], given: bytes) -> None:
    with suppress(BrokenPipeError), pipe:  # a process that ended at once says why in its log
        pipe.write(given)


def _group_lives(group: int) -> bool:
    """Is there a process of that group, other than a zombie that nobody buries?"""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # ended; macOS: a zombie
        return False
    return not _PROC.joinpath("self").exists() or any(_groups(_PROC, group))


def _groups(proc: Path, group: int) -> Iterable[bool]:
    for process in proc.glob("[0-9]*"):
        with suppress(OSError):
            state, _parent, own, *_ = (process / "stat").read_text().rpartition(")")[2].split()
            yield int(own) == group and state not in "ZX"
