"""Starting, attaching and stopping; what cannot be started says why."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from sync_assets.store.embedded import (
    EmbeddedPostgresError,
    EmbeddedServer,
    ensure_running,
    owns,
    running,
    stop,
)
from sync_assets.store.embedded.place import find
from sync_assets_tests.store.embedded.launching import ask, kill, postmasters, start, starter

pytestmark = pytest.mark.postgres


# Attaching and stopping


def test_a_second_call_attaches_at_once(server: EmbeddedServer) -> None:
    begin = time.monotonic()
    assert ensure_running(server.home) == server
    assert time.monotonic() - begin < 0.2


def test_looking_never_starts_or_creates_anything(home: Path) -> None:
    assert running(home) is None
    assert not stop(home)
    assert not owns(home, "postgresql://sync_assets:x@127.0.0.1:20000/sync_assets")
    assert not home.exists()


def test_a_missing_database_is_made_again(home: Path) -> None:
    server = start(home)
    ask(server, "DROP DATABASE dagster")
    start(home)
    assert ask(server, "SELECT 1", "dagster") == "1"


def test_a_restart_keeps_port_password_and_data(home: Path) -> None:
    server = start(home)
    ask(server, "CREATE TABLE kept ()")
    assert stop(home)
    assert not postmasters(home)
    assert running(home) is None
    assert start(home) == server
    assert ask(server, "SELECT to_regclass('kept')") == "kept"


def test_stopping_disconnects_those_who_stay(home: Path) -> None:
    with psycopg.connect(start(home).url()) as idle:
        assert stop(home)
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")
    assert not stop(home)


def test_processes_that_start_together_share_one_server(home: Path) -> None:
    starters = [starter(home) for _ in range(4)]
    outputs = {process.communicate()[0].strip() for process in starters}
    assert outputs == {str(start(home).port)}
    assert len(postmasters(home)) == 1


def test_threads_that_start_together_share_one_server(home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, [home] * 4))) == 1
    assert len(postmasters(home)) == 1


def test_a_url_is_owned_by_the_home_whose_server_it_names(home: Path) -> None:
    server = start(home)
    url = server.url()
    assert owns(home, url)
    assert owns(home, server.url("dagster").replace("postgresql:", "postgresql+psycopg2:"))
    assert owns(home, f"postgresql://another_role:x@localhost:{server.port}/sync_assets")
    assert not owns(home, url.replace(server.password, "anothers"))
    assert not owns(home, url.replace(str(server.port), str(server.port + 1)))
    assert not owns(home, url.replace("127.0.0.1", "db.example.com"))
    assert not owns(home, "postgresql://sync_assets@127.0.0.1:none/sync_assets")
    stop(home)
    assert owns(home, url)
    assert running(home) is None


# Errors


def test_another_major_version_is_named_with_what_to_do(home: Path) -> None:
    start(home)
    stop(home)
    (find(home).data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresError, match=r"PostgreSQL 16; .*PostgreSQL 18.*pg_dumpall"):
        start(home)


def test_a_failed_start_shows_the_log(home: Path) -> None:
    start(home)
    stop(home)
    with (find(home).data / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match=r"(?s)server\.log ends with:.*no_such_setting"):
        start(home)


def test_a_lost_password_is_named_with_what_to_do(home: Path) -> None:
    start(home)
    kill(home)
    (home / "postgres" / "password").unlink()
    with pytest.raises(EmbeddedPostgresError, match=r"password is missing.*[Rr]estore"):
        start(home)


def test_a_home_that_is_a_file_is_refused(folder: Path) -> None:
    (folder / "home").touch()
    with pytest.raises(EmbeddedPostgresError, match="SYNC_ASSETS_HOME"):
        ensure_running(folder / "home")
