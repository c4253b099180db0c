"""Several calls in flight, their results in order."""

import contextvars
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Generic, TypeVar

from sync_assets.core.stop import StopSignal

T = TypeVar("T")

_WAKE_UP = 0.2  # seconds; a stop is seen within this time even while every call is stuck
_AT_FIRST = 2
_LONG = 0.02  # seconds; who answers sooner keeps the consumer busy with few calls in flight


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

    def wait(self, stop: StopSignal, crew: "_Crew[T]") -> T:
        while not self._is_done_within(_WAKE_UP if crew.is_complete else _LONG):
            crew.grow()
            stop.check()
        if self._error is not None:
            raise self._error
        return self._result  # pyright: ignore[reportReturnType] - set whenever there is no error

    def _is_done_within(self, seconds: float) -> bool:
        try:
            self._done.get(timeout=seconds)
        except queue.Empty:
            return False
        return True


class _Crew(Generic[T]):
    """The threads that make the calls: a few at first, more when they are waited for.

    Daemon threads: a process that was told to end does not wait for a slow answer (an executor's
    threads are joined at exit).
    """

    def __init__(self, width: int) -> None:
        self.work: queue.SimpleQueue[_Task[T] | None] = queue.SimpleQueue()
        self._width = width
        self._size = 0
        for _ in range(min(_AT_FIRST, width)):
            self.grow()

    @property
    def is_complete(self) -> bool:
        return self._size == self._width

    def grow(self) -> None:
        """One thread more, up to the width."""
        if not self.is_complete:
            self._size += 1
            threading.Thread(target=self._serve, daemon=True).start()

    def dismiss(self) -> None:
        """Forget the calls that nobody waits for any more, and let the threads end."""
        with suppress(queue.Empty):
            while True:
                self.work.get_nowait()
        for _ in range(self._size):
            self.work.put(None)

    def _serve(self) -> None:
        while (task := self.work.get()) is not None:
            task.run()


def in_order(calls: Iterable[Callable[[], T]], stop: StopSignal, *, width: int = 4) -> Iterator[T]:
    """Run calls in at most `width` threads and yield their results in the calls' order.

    Asks no further ahead than keeps the consumer busy, and `2 * width` calls at most: a result that
    it has to wait for adds one, a result that was there already takes one back. What comes too
    early fills memory, and its thread fights the consumer for the interpreter.
    """
    pending: deque[_Task[T]] = deque()
    tasks = (_Task(call) for call in calls)
    crew: _Crew[T] = _Crew(width)
    ahead = width
    try:
        _enqueue(islice(tasks, ahead), pending, crew)
        while pending:
            task = pending.popleft()
            ahead = max(1, ahead - 1) if task.is_done() else min(2 * width, ahead + 1)
            result = task.wait(stop, crew)
            _enqueue(islice(tasks, max(0, ahead - len(pending))), pending, crew)
            yield result
            stop.check()
    finally:
        crew.dismiss()


def _enqueue(tasks: Iterable[_Task[T]], pending: deque[_Task[T]], crew: _Crew[T]) -> None:
    for task in tasks:
        pending.append(task)
        crew.work.put(task)
