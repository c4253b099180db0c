"""The embedded PostgreSQL as its users find it: settings, databases, and who gets in."""

import socket
from pathlib import Path

import psycopg
import pytest

from sync_assets.store.embedded import EmbeddedServer, ensure_running, stop
from sync_assets.store.embedded.place import find
from sync_assets_tests.store.embedded.launching import ask, modes, start

pytestmark = pytest.mark.postgres


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
