"""Accounts and permissions: PostgreSQL never runs as root, and nothing is opened for it."""

import os
import pwd
import shutil
from pathlib import Path

import pytest

from sync_assets.store.embedded import EmbeddedServer, ensure_running, stop
from sync_assets.store.embedded.binaries import locate
from sync_assets.store.embedded.place import find
from sync_assets.store.embedded.processes import postmaster
from sync_assets_tests.store.embedded.launching import (
    ROOT,
    ask,
    modes,
    postmaster_of,
    start,
    starter,
)

pytestmark = pytest.mark.postgres

POSTGRES_UID = pwd.getpwnam("nobody").pw_uid if ROOT else os.geteuid()


def test_postgres_never_runs_as_root(server: EmbeddedServer) -> None:
    data = find(server.home).data
    assert Path(f"/proc/{postmaster(data)}").stat().st_uid == data.stat().st_uid == POSTGRES_UID


def test_a_clusters_owner_keeps_it_whoever_starts_it(home: Path) -> None:
    start(home)
    stop(home)
    owner = 54321 if ROOT else os.geteuid()
    data = find(home).data
    for path in [data, *data.rglob("*")]:
        os.chown(path, owner, -1)
    start(home)
    assert Path(f"/proc/{postmaster_of(home)}").stat().st_uid == owner


def test_a_closed_home_is_not_opened(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    home.mkdir(mode=0o750)
    before = modes(home, closed, folder, folder.parent)
    server = ensure_running(home, durable=False, fallback=folder / "fallback")
    assert ask(server, "SELECT 1") == "1"
    assert modes(home, closed, folder, folder.parent) == before
    # Only root needs a place that another account can enter.
    assert find(home).root.parent == (folder / "fallback" if ROOT else home)
    assert (folder / "fallback").exists() == ROOT


def test_a_cluster_elsewhere_is_found_again(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    server = start(home)
    ask(server, "CREATE TABLE kept ()")
    stop(home)
    home.chmod(0o755)
    assert ask(start(home), "SELECT to_regclass('kept')") == "kept"


def test_a_home_made_anew_does_not_find_the_cluster_of_the_old_one(folder: Path) -> None:
    home = folder / "home"
    for _ in range(2):
        home.mkdir(mode=0o700)
        server = start(home)
        assert ask(server, "SELECT coalesce(to_regclass('old')::text, 'new')") == "new"
        ask(server, "CREATE TABLE old ()")
        stop(home)
        shutil.rmtree(home)


def test_binaries_in_a_closed_folder_are_copied_not_opened(home: Path) -> None:
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    source = locate().package
    for package in (source, source.with_name(f"{source.name}.libs")):
        shutil.copytree(package, closed / package.name, ignore=shutil.ignore_patterns("include"))
    with starter(home, path=closed) as process:
        assert process.stdout is not None
        assert process.stdout.read() != ""
    program = Path(f"/proc/{postmaster_of(home)}/exe").readlink()
    # An ordinary user can read what is its own: only root needs the copy.
    assert program.is_relative_to(find(home).root if ROOT else closed)
    assert closed.stat().st_mode == 0o40700


def test_nothing_is_left_beside_the_home(home: Path) -> None:
    start(home)
    assert list(home.parent.iterdir()) == [home]
    assert list(home.iterdir()) == [home / "postgres"]
