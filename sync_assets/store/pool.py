"""Connections that are kept for whoever comes next."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.pq import TransactionStatus

from sync_assets.core.errors import RetryLater
from sync_assets.store.connection import Connection

IDLE = 1.0
"""Seconds: one that was used a moment ago is taken to live; asking each time costs a round trip."""

_MOST = 25
_KEPT = 20
_PATIENCE = 30.0  # seconds


class Pool:
    """At most 25 connections of this process at a time, opened when they are needed.

    One that lay idle is asked whether it still lives, because PostgreSQL may have been restarted
    meanwhile, and replaced if it does not. Safe from several threads.

    Args:
        open_one: opens a connection.
    """

    def __init__(self, open_one: Callable[[], Connection]) -> None:
        self._open_one = open_one
        self._places = threading.BoundedSemaphore(_MOST)
        self._idle: list[tuple[Connection, float]] = []  # with when it was given back
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """A connection for a block."""
        connection = self.take()
        try:
            yield connection
        finally:
            self.give_back(connection)

    def take(self) -> Connection:
        """A connection, to be given back.

        Raises:
            RetryLater: all are in use, and stay so.
            psycopg.Error: none can be opened.
        """
        if not self._places.acquire(timeout=_PATIENCE):
            raise RetryLater(
                f"All {_MOST} connections to PostgreSQL of this process have been in use for "
                f"{_PATIENCE:.0f} s."
            )
        try:
            return self.renewed()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, connection: Connection) -> None:
        """Take a connection back, and close it when it is of no more use."""
        try:
            if not connection.closed and _is_clean(connection):
                self._keep(connection)
            else:
                connection.close()
        finally:
            self._places.release()

    def renewed(self) -> Connection:
        """Another connection in the place of one that was lost; raises `psycopg.Error`."""
        return self._living() or self._open_one()

    def close(self) -> None:
        """Close all that nobody uses, and the others once they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _keep(self, connection: Connection) -> None:
        with self._lock:
            if len(self._idle) < _KEPT and not self._closed:
                self._idle.append((connection, time.monotonic()))
                return
        connection.close()

    def _living(self) -> Connection | None:
        """The one that was given back last, if it lives."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if time.monotonic() - since < IDLE or _answers(connection):
                return connection
            connection.close()


class Kept:
    """A place in a pool for a while, whose connection is replaced once it is lost."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection = pool.take()

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def living(self) -> Connection:
        """The connection, or a new one; raises `psycopg.Error`."""
        status = self._connection.info.transaction_status
        if self._connection.closed or status is TransactionStatus.ACTIVE:  # in a command for ever
            self._connection.close()
            self._connection = self._pool.renewed()
        return self._connection

    def close(self) -> None:
        """Give the place back."""
        self._pool.give_back(self._connection)


def _is_clean(connection: Connection) -> bool:
    """Let nothing be under way on it; gives whether that succeeded."""
    if not _is_idle(connection):
        with suppress(psycopg.Error):
            connection.rollback()
    return _is_idle(connection)


def _is_idle(connection: Connection) -> bool:
    return connection.info.transaction_status is TransactionStatus.IDLE


def _answers(connection: Connection) -> bool:
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error:
        return False
    return True
