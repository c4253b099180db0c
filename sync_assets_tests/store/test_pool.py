"""Connections that are kept for whoever comes next."""

from collections.abc import Generator
from typing import Any

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import RetryLater
from sync_assets.store import pool as pools
from sync_assets.store.connection import Connection
from sync_assets.store.pool import Kept, Pool
from sync_assets_tests.store.looking import Owner

pytestmark = pytest.mark.postgres


@pytest.fixture
def pool(platform: Platform) -> Generator[Pool]:
    pool = Pool(lambda: Connection.open(platform.database.address))
    yield pool
    pool.close()


def backend(connection: Connection) -> int:
    return connection.info.backend_pid


def end(owner: Owner, process: int) -> None:
    owner.execute("SELECT pg_terminate_backend(%s, 5000)", [process])


def test_a_connection_is_used_again(pool: Pool):
    with pool.connection() as one, pool.connection() as other:
        first, second = backend(one), backend(other)
    assert first != second
    with pool.connection() as again:
        assert backend(again) == first  # the one that was given back last


def test_one_that_died_while_it_lay_idle_is_replaced(
    pool: Pool, owner: Owner, monkeypatch: pytest.MonkeyPatch
):
    with pool.connection() as connection:
        lost = backend(connection)
    end(owner, lost)
    monkeypatch.setattr(pools, "IDLE", 0.0)
    with pool.connection() as connection:
        assert connection.execute("SELECT 1").scalar() == 1
        assert backend(connection) != lost


def test_one_that_died_in_use_is_not_given_to_the_next(pool: Pool, owner: Owner):
    with pool.connection() as connection:
        end(owner, backend(connection))
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pool.connection() as connection:
        assert connection.execute("SELECT 1").scalar() == 1


def test_what_was_left_open_is_rolled_back(pool: Pool, owner: Owner):
    owner.execute("CREATE TABLE public.drafts (id int)")
    with pool.connection() as connection:
        process = backend(connection)
        connection.execute("INSERT INTO public.drafts VALUES (1)")
    with pool.connection() as connection:
        assert backend(connection) == process
        assert connection.execute("SELECT count(*) FROM public.drafts").scalar() == 0


def test_who_finds_all_in_use_is_told_so(pool: Pool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pools, "_PATIENCE", 0.05)
    taken = [pool.take() for _ in range(25)]
    with pytest.raises(RetryLater, match="All 25 connections to PostgreSQL of this process"):
        pool.take()
    pool.give_back(taken.pop())
    with pool.connection() as connection:
        assert connection.execute("SELECT 1").scalar() == 1
    for connection in taken:
        pool.give_back(connection)


def test_a_place_whose_connection_could_not_be_opened_is_free_again(
    monkeypatch: pytest.MonkeyPatch,
):
    def refuse() -> Connection:
        raise psycopg.OperationalError

    pool = Pool(refuse)
    monkeypatch.setattr(pools, "_PATIENCE", 0.05)
    for _ in range(30):
        with pytest.raises(psycopg.OperationalError):
            pool.take()


def test_a_closed_pool_keeps_nothing(pool: Pool):
    with pool.connection() as early:
        pass
    late = pool.take()
    pool.close()
    pool.give_back(late)
    assert early.closed
    assert late.closed


def test_a_kept_place_gets_another_connection_once_its_own_is_lost(pool: Pool, owner: Owner):
    with Kept(pool) as kept:
        lost = kept.living()
        end(owner, backend(lost))
        with pytest.raises(psycopg.OperationalError):
            lost.execute("SELECT 1")
        assert kept.living().execute("SELECT 1").scalar() == 1
        assert kept.living() is kept.living()


def test_columns_are_found_by_name_and_by_place(pool: Pool):
    with pool.connection() as connection:
        row = connection.execute("SELECT 1 AS one, 2 AS two").one()
        assert (row.one, row.two, *row) == (1, 2, 1, 2)
        nameless = connection.execute("SELECT 1, 2, 3 AS twice, 4 AS twice").one()
        assert tuple(nameless) == (1, 2, 3, 4)
        assert connection.execute("SELECT 1 AS one WHERE false").scalar() is None
        assert connection.execute("SELECT * FROM generate_series(1, 3)").scalars() == [1, 2, 3]
        rows = connection.execute("SELECT 1 AS class, 'x' AS _hidden").mappings()
        assert rows == [{"class": 1, "_hidden": "x"}]
        with pytest.raises(ValueError, match="expected 1"):
            connection.execute("SELECT * FROM generate_series(1, 2)").one()


# Interrupts


class Interrupt(BaseException):
    """What Dagster ends a step with is no KeyboardInterrupt, after which psycopg tidies up."""


@pytest.mark.parametrize("command", [b"BEGIN", b"COMMIT"])
def test_a_connection_that_was_interrupted_in_a_command_is_not_used_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, command: bytes
):
    execute = Connection._exec_command  # pyright: ignore[reportPrivateUsage] - BEGIN, COMMIT

    def interrupted(connection: Connection, sent: bytes, *others: Any) -> Generator[Any, Any, Any]:
        answer = execute(connection, sent, *others)
        if sent == command:
            next(answer)  # it is on its way
            raise Interrupt
        return (yield from answer)

    with platform.database.keep() as kept:
        lost = kept.living()
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "_exec_command", interrupted)
            with pytest.raises(Interrupt), platform.database.tenant_on(kept, "acme"):
                pass
            with pytest.raises(Interrupt), platform.database.as_tenant("acme"):
                pass
        assert lost.closed
        with platform.database.tenant_on(kept, "acme") as connection:
            assert connection.execute("SELECT 1").scalar() == 1
    with platform.database.as_tenant("acme") as connection:
        assert connection.execute("SELECT 1").scalar() == 1


def test_an_interrupt_between_two_statements_drops_the_connection_too(platform: Platform):
    with platform.database.keep() as kept:
        with pytest.raises(Interrupt), platform.database.tenant_on(kept, "acme") as connection:
            raise Interrupt
        assert connection.closed
        assert not kept.living().closed
