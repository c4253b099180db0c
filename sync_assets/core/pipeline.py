"""Several calls in flight, their results in order."""

import contextvars
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Generic, TypeVar

from sync_assets.core.stop import StopSignal

T = TypeVar("T")

_WAKE_UP = 0.2  # seconds; a stop is seen within this time even while every call is stuck


class _Task(Generic[T]):
    """One call and, later, its result."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._context = contextvars.copy_context()  # carries the correlation id into the thread
        self._done: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._result: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._result = self._context.run(self._call)
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, not dropped
            self._error = error
        self._done.put(None)

    def is_done(self) -> bool:
        return not self._done.empty()

    def wait(self, stop: StopSignal) -> T:
        while not self._is_done_soon():
            stop.check()
        if self._error is not None:
            raise self._error
        return self._result  # pyright: ignore[reportReturnType] - set whenever there is no error

    def _is_done_soon(self) -> bool:
        try:
            self._done.get(timeout=_WAKE_UP)
        except queue.Empty:
            return False
        return True


def in_order(calls: Iterable[Callable[[], T]], stop: StopSignal, *, width: int = 4) -> Iterator[T]:
    """Run calls in at most `width` threads and yield their results in the calls' order.

    Asks no further ahead than keeps the consumer busy, and `2 * width` calls at most: a result that
    it has to wait for adds one, a result that was there already takes one back. What comes too
    early fills memory, and its thread fights the consumer for the interpreter.

    Daemon threads: a process that was told to end does not wait for a slow answer (an executor's
    threads are joined at exit).
    """
    pending: deque[_Task[T]] = deque()
    work: queue.SimpleQueue[_Task[T] | None] = queue.SimpleQueue()
    tasks = (_Task(call) for call in calls)
    ahead = width
    for _ in range(width):
        threading.Thread(target=_serve, args=(work,), daemon=True).start()
    try:
        _enqueue(islice(tasks, ahead), pending, work)
        while pending:
            task = pending.popleft()
            ahead = max(1, ahead - 1) if task.is_done() else min(2 * width, ahead + 1)
            result = task.wait(stop)
            _enqueue(islice(tasks, max(0, ahead - len(pending))), pending, work)
            yield result
            stop.check()
    finally:
        _drain(work)
        for _ in range(width):
            work.put(None)


def _enqueue(
    tasks: Iterable[_Task[T]], pending: deque[_Task[T]], work: queue.SimpleQueue[_Task[T] | None]
) -> None:
    for task in tasks:
        pending.append(task)
        work.put(task)


def _drain(work: queue.SimpleQueue[_Task[T] | None]) -> None:
    """Forget the calls that nobody waits for any more."""
    while True:
        try:
            work.get_nowait()
        except queue.Empty:
            return


def _serve(work: queue.SimpleQueue[_Task[T] | None]) -> None:
    while (task := work.get()) is not None:
        task.run()
