"""The embedded PostgreSQL, started for real.

Every test runs as root and as an ordinary user. Where the two differ the expectation says so:
only root needs another account for PostgreSQL.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
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
from sync_assets.store.embedded.binaries import locate
from sync_assets.store.embedded.place import find
from sync_assets.store.embedded.processes import postmaster

pytestmark = pytest.mark.postgres

ROOT = os.geteuid() == 0
POSTGRES_UID = pwd.getpwnam("nobody").pw_uid if ROOT else os.geteuid()
STARTER = """
import pathlib, sys, time
from sync_assets.store.embedded import ensure_running
print(ensure_running(pathlib.Path(sys.argv[1]), durable=False).port, flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account can enter, unlike tmp_path when root runs the tests."""
    yield from open_folder()


@pytest.fixture
def home(folder: Path) -> Path:
    return folder / "home"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """A durable server, as users have it, for tests that only look."""
    for folder in open_folder():
        yield ensure_running(folder / "home")


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


# Its URL, databases and settings


@pytest.mark.parametrize("database", ["sync_assets", "dagster"])
def test_both_databases_are_utf8_with_the_same_locale_everywhere(
    server: EmbeddedServer, database: str
) -> None:
    columns = "concat_ws(' ', pg_encoding_to_char(encoding), datlocprovider, datlocale)"
    query = f"SELECT {columns} FROM pg_database WHERE datname = current_database()"  # noqa: S608
    assert ask(server, query, database) == "UTF8 b C.UTF-8"


def test_letters_outside_ascii_are_letters(server: EmbeddedServer) -> None:
    assert ask(server, "SELECT lower('ÁGUA') || to_tsvector('simple', 'AÇÃO')") == "água'ação':1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("jit", "off"),
        ("log_min_messages", "warning"),
        ("max_connections", "100"),
        ("shared_buffers", "128MB"),
        ("TimeZone", "UTC"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
    ],
)
def test_it_is_durable_small_and_local(server: EmbeddedServer, name: str, value: str) -> None:
    assert ask(server, f"SHOW {name}") == value


def test_a_test_server_trades_durability_for_speed(home: Path) -> None:
    assert ask(start(home), "SHOW fsync") == "off"


def test_durability_is_not_lost_for_good(home: Path) -> None:
    start(home)
    stop(home)
    assert ask(ensure_running(home), "SHOW fsync") == "on"


def test_vectors_can_be_stored(home: Path) -> None:
    server = start(home)
    ask(server, "CREATE EXTENSION vector")
    assert ask(server, "SELECT '[1,2]'::vector <-> '[1,4]'::vector") == "2.0"


# Who gets in


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_wrong_password_is_refused(server: EmbeddedServer, password: str) -> None:
    url = server.url().replace(server.password, password)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url, passfile="/dev/null")


def test_every_way_in_asks_for_the_password(server: EmbeddedServer) -> None:
    query = "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"
    assert ask(server, query) == "scram-sha-256"


def test_only_this_machine_can_connect(server: EmbeddedServer) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", server.port))


def test_the_password_is_for_our_eyes_only(server: EmbeddedServer) -> None:
    holders = [
        path
        for path in server.home.rglob("*")
        if path.is_file() and server.password.encode() in path.read_bytes()
    ]
    assert modes(*holders) == {server.home / "postgres" / "password": 0o100600}
    assert server.password not in repr(server)


def test_the_log_is_for_our_eyes_only(server: EmbeddedServer) -> None:
    assert find(server.home).log.stat().st_mode == 0o100600


# Accounts and permissions


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
