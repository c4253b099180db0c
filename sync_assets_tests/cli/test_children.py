import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sync_assets.cli import children
from sync_assets.cli.children import Child

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if sys.argv[1:]:
    grandchild = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
    print(grandchild.pid, flush=True)
time.sleep(60)
"""
POLITE = "import sys, subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True); input()"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(tmp_path: Path, code: str, *arguments: str, given: bytes | None = None) -> Child:
    command = [sys.executable, "-c", code, *arguments]
    return children.start("child", command, tmp_path / "logs" / "child.log", {}, given=given)


def test_a_stubborn_family_is_killed(tmp_path: Path) -> None:
    child = started(tmp_path, STUBBORN, STUBBORN)
    wait_for(lambda: bool(child.last_lines()))
    grandchild = int(child.last_lines())
    children.stop([child], patience=0.3)
    assert child.process.returncode == -signal.SIGKILL
    wait_for(lambda: gone(grandchild))


def test_a_grandchild_does_not_outlive_its_parent(tmp_path: Path) -> None:
    child = started(tmp_path, POLITE, given=b"\n")
    assert child.process.wait(10) == 0
    assert child.alive()
    children.stop([child])
    assert not child.alive()
    assert gone(int(child.last_lines()))


def test_what_is_given_is_read(tmp_path: Path) -> None:
    child = started(tmp_path, "import sys; print(sys.stdin.read()[::-1])", given=b"abc")
    assert child.process.wait(10) == 0
    assert child.last_lines() == "cba"


def test_only_the_end_of_a_log_is_shown(tmp_path: Path) -> None:
    child = started(tmp_path, "print(*range(10_000), sep='\\n')")
    child.process.wait(10)
    assert child.last_lines(3).splitlines() == ["9997", "9998", "9999"]


def test_a_child_gets_this_environment_and_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLDER", "1")
    command = [sys.executable, "-c", "import os; print(os.environ['OLDER'], os.environ['NEWER'])"]
    child = children.start("child", command, tmp_path / "log", {"NEWER": "2"})
    child.process.wait(10)
    assert child.last_lines() == "1 2"


def gone(pid: int) -> bool:
    """Is the process dead, if not buried?"""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return True
    return state == "Z"
