"""Starts, watches and kills embedded servers.

Every test runs as root and as an ordinary user. Where the two differ the expectation says so:
only root needs another account for PostgreSQL.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from sync_assets.store.embedded import EmbeddedServer, ensure_running, stop
from sync_assets.store.embedded.binaries import locate
from sync_assets.store.embedded.place import find
from sync_assets.store.embedded.processes import postmaster

ROOT = os.geteuid() == 0
STARTER = """
import pathlib, sys, time
from sync_assets.store.embedded import ensure_running
print(ensure_running(pathlib.Path(sys.argv[1]), durable=False).port, flush=True)
time.sleep(float(sys.argv[2]))
"""


def open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sync-assets-test-"))
    folder.chmod(0o755)
    yield folder
    for record in folder.rglob("starting.lock"):
        stop(record.parent.parent)
    shutil.rmtree(folder)


def start(home: Path) -> EmbeddedServer:
    return ensure_running(home, durable=False, fallback=home.parent / "fallback")


def starter(home: Path, stay: float = 0, path: Path | None = None) -> subprocess.Popen[str]:
    """Another process that starts the server, prints its port and stays for some seconds."""
    return python(STARTER, str(home), str(stay), path=path)


def python(script: str, *arguments: str, path: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script, *arguments],
        env={"PYTHONPATH": os.pathsep.join([str(path), *sys.path] if path else sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )


def ask(server: EmbeddedServer, query: str, database: str = "sync_assets") -> str:
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
    return "" if row is None else str(row[0])


def kill(home: Path) -> None:
    pid = postmaster_of(home)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: postmaster(find(home).data) is None)


def postmaster_of(home: Path) -> int:
    pid = postmaster(find(home).data)
    assert pid is not None
    return pid


@contextmanager
def busy_backend(server: EmbeddedServer) -> Generator[int]:
    """The process of a connection in a query without end, which no signal but SIGKILL ends soon."""
    with closing(psycopg.connect(server.url(), autocommit=True)) as connection:
        pid = connection.info.backend_pid
        connection.pgconn.send_query(b"DO 'BEGIN LOOP END LOOP; END'")
        active = "SELECT array_agg(pid) FROM pg_stat_activity WHERE state = 'active'"
        eventually(lambda: str(pid) in ask(server, active))
        yield pid


def works(pid: int) -> bool:
    """Whether the process lives; a zombie, which has no program any more, does not."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name == "postgres"
    except FileNotFoundError:
        return False


def processes(text: str) -> list[int]:
    """The processes whose command line holds the text."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def postmasters(home: Path) -> list[int]:
    return processes(f"{locate().program('postgres')}\0-D\0{find(home).data}\0")


def eventually(claim: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def modes(*paths: Path) -> dict[Path, int]:
    return {path: path.stat().st_mode for path in paths}
