"""Servers and starters that are killed, and strangers that took their place."""

import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sync_assets.store.embedded import EmbeddedServer, running, stop
from sync_assets.store.embedded.place import find
from sync_assets_tests.store.embedded.launching import (
    ask,
    busy_backend,
    eventually,
    kill,
    postmaster_of,
    postmasters,
    processes,
    python,
    start,
    starter,
    works,
)

pytestmark = pytest.mark.postgres


# Kills


def test_the_server_outlives_a_killed_starter(home: Path) -> None:
    with starter(home, stay=60) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        process.kill()
    server = running(home)
    assert server is not None
    assert server.port == port


def test_the_server_hears_no_ctrl_c_of_its_starter(server: EmbeddedServer) -> None:
    assert os.getsid(postmaster_of(server.home)) != os.getsid(0)


def test_a_killed_server_comes_back_with_its_data(home: Path) -> None:
    ask(start(home), "CREATE TABLE kept ()")
    kill(home)
    assert running(home) is None
    assert ask(start(home), "SELECT to_regclass('kept')") == "kept"


def test_what_a_killed_server_leaves_running_does_not_hinder_the_next(home: Path) -> None:
    server = start(home)
    with busy_backend(server) as orphan:
        kill(home)
        assert works(orphan)
        assert ask(start(home), "SELECT 1") == "1"
        assert not works(orphan)
    assert len(postmasters(home)) == 1


def test_only_the_killed_servers_own_rest_is_ended(home: Path, server: EmbeddedServer) -> None:
    other = postmaster_of(server.home)
    with busy_backend(start(home)):
        kill(home)
        start(home)
    assert postmaster_of(server.home) == other
    assert running(server.home) == server


def test_stopping_ends_what_a_killed_server_leaves_running(home: Path) -> None:
    server = start(home)
    with busy_backend(server) as orphan:
        kill(home)
        assert stop(home)
        assert not works(orphan)
    assert not stop(home)


def test_a_killed_server_that_nobody_reaps_comes_back(home: Path) -> None:
    script = """
import ctypes, os, pathlib, signal, sys
from sync_assets.store.embedded import ensure_running, stop
PR_SET_CHILD_SUBREAPER = 36  # as process 1 of a container: the server becomes our child
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
home = pathlib.Path(sys.argv[1])
ensure_running(home, durable=False)
pid = int((home / "postgres/data/postmaster.pid").read_text().split()[0])
os.kill(pid, signal.SIGKILL)
while pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
    pass
ensure_running(home, durable=False)
print(pathlib.Path(f"/proc/{pid}/stat").exists(), stop(home))
"""
    output, _ = python(script, str(home)).communicate()
    assert output.split() == ["True", "True"]


def test_a_process_id_that_went_to_a_stranger_is_no_server(home: Path) -> None:
    start(home)
    kill(home)
    eventually(lambda: not stop(home))  # its children, too, have gone
    pid_file = find(home).data / "postmaster.pid"
    lines = pid_file.read_text().splitlines(keepends=True)
    pid_file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    assert not stop(home)
    assert ask(start(home), "SELECT 1") == "1"


@pytest.mark.parametrize("also_initdb", [False, True])
def test_a_killed_initdb_leaves_no_cluster_and_no_rest(home: Path, also_initdb: bool) -> None:
    with starter(home) as process:
        eventually(lambda: list(home.glob("postgres/unfinished-*/data/global/pg_control")))
        process.kill()
        for pid in processes(f"{home}/postgres/unfinished-") if also_initdb else []:
            os.kill(pid, signal.SIGKILL)
    assert not find(home).data.exists()
    assert ask(start(home), "SELECT 1") == "1"
    assert not list(home.rglob("unfinished-*"))


def test_an_initdb_whose_starter_was_killed_is_not_disturbed(home: Path) -> None:
    with starter(home) as process:
        eventually(lambda: list(home.glob("postgres/unfinished-*/data/global/pg_control")))
        process.kill()
    start(home)
    assert "error:" not in find(home).log.read_text()


# Strangers and copies


def test_a_taken_port_is_left_to_its_new_owner(home: Path) -> None:
    first = start(home)
    stop(home)
    with socket.create_server(("127.0.0.1", first.port)):
        second = start(home)
    assert second.port != first.port
    assert ask(second, "SELECT 1") == "1"


def test_a_stranger_who_lets_everybody_in_is_asked_nothing(home: Path) -> None:
    old = start(home)
    kill(home)
    with socket.create_server(("127.0.0.1", old.port)) as stranger, ThreadPoolExecutor(1) as pool:
        stranger.settimeout(10)
        heard = [pool.submit(welcome, stranger) for _ in range(2)]
        assert running(home) is None
        assert start(home).port != old.port
        assert {words.result() for words in heard} == {b""}


def welcome(listener: socket.socket) -> bytes:
    """What a client says to a server that asks for no password."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I")  # welcome, go ahead
        return connection.recv(1000)


def test_a_copied_home_does_not_attach_to_its_original(home: Path) -> None:
    start(home)
    kill(home)
    copy = home.with_name("copy")
    subprocess.run(["/bin/cp", "-a", home, copy], check=True)  # noqa: S603 - keeps owners
    original = start(home)
    assert running(copy) is None
    assert start(copy).port != original.port
    assert running(home) == original
