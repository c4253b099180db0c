"""Cuts off answers that take too long, and all of them as soon as a stop is asked for.

A socket's time-out begins anew with every byte: a site that drips would hold a thread for hours.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Generator

from sync_assets.core.errors import OutOfTime, Stopped
from sync_assets.core.stop import StopSignal

_WAKE_UP = 0.25  # seconds between two looks at the deadlines; a stop is seen at once


class Overdue(Exception):
    """The answer was cut off."""


class Exchange:
    """One request and its answer, until its deadline."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.socket: socket.socket | None = None
        self.overdue = False
        self._cut = False

    def check(self) -> None:
        """Raise `Overdue` when the answer was cut off, at its deadline or by a stop."""
        if self._cut:
            raise Overdue

    def cut(self) -> None:
        """Wake up whoever reads from the socket; the connection is of no use afterwards."""
        self._cut = True
        if self.socket is not None:
            with contextlib.suppress(OSError):
                # Not the method of SSLSocket, which would pull the TLS state from under the reader.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class Watch:
    """Looks after the exchanges of one session, in a thread of its own."""

    def __init__(self, stop: StopSignal) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._open: set[Exchange] = set()
        self._mine = threading.local()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._stopped = False

    @contextlib.contextmanager
    def exchange(self, seconds: float) -> Generator[Exchange]:
        """An exchange of this thread that is cut off after so many seconds."""
        exchange = Exchange(time.monotonic() + seconds)
        with self._lock:
            self._open.add(exchange)
            self._begin()
        self._mine.exchange = exchange
        try:
            yield exchange
        finally:
            self._mine.exchange = None
            with self._lock:
                self._open.discard(exchange)

    def attach(self, connected: socket.socket | None) -> None:
        """The exchange of this thread reads from this socket from now on."""
        exchange: Exchange | None = getattr(self._mine, "exchange", None)
        if exchange is None:
            return
        with self._lock:
            exchange.socket = connected
            if self._stopped:
                exchange.cut()

    def close(self) -> None:
        """Let the thread end."""
        self._ended.set()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._stop.wait(_WAKE_UP)
            except (Stopped, OutOfTime):
                self._cut_all()
                return
            self._cut_overdue()

    def _cut_overdue(self) -> None:
        now = time.monotonic()
        with self._lock:
            for exchange in self._open:
                if exchange.deadline < now:
                    exchange.overdue = True
                    exchange.cut()

    def _cut_all(self) -> None:
        with self._lock:
            self._stopped = True
            for exchange in self._open:
                exchange.cut()
