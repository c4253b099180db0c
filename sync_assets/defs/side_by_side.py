"""A call for each of many things, a few at a time, each result as soon as it is there."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TypeVar

from sync_assets.core.stop import StopSignal

Thing = TypeVar("Thing")
Result = TypeVar("Result")

PATIENCE = 4.0
"""Seconds that calls get to end once nobody waits for them any more."""

_WAKE_UP = 0.2  # seconds; a thread that sleeps for good would not notice an interrupt


@contextmanager
def side_by_side(
    call: Callable[[Thing], Result], things: Sequence[Thing], stop: StopSignal, *, width: int
) -> Generator[Iterator[Result]]:
    """The results, in the order in which the calls end.

    When the block ends, by an interrupt too, `stop` is set and the calls under way may still write
    down how they ended. Daemon threads: one that is stuck does not keep the process.

    Args:
        call: must not raise.
        things: what to call it with.
        stop: what the calls look at.
        width: calls at the same time.
    """
    waiting = deque(things)
    results: SimpleQueue[Result] = SimpleQueue()
    work = (call, waiting, results)
    threads = [threading.Thread(target=_work, args=work, daemon=True) for _ in range(width)]
    for thread in threads:
        thread.start()
    try:
        yield (_next(results) for _ in things)
    finally:
        waiting.clear()
        stop.set()
        deadline = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _next(results: "SimpleQueue[Result]") -> Result:
    while True:
        try:
            return results.get(timeout=_WAKE_UP)
        except Empty:
            continue


def _work(
    call: Callable[[Thing], Result], waiting: deque[Thing], results: "SimpleQueue[Result]"
) -> None:
    while True:
        try:
            thing = waiting.popleft()
        except IndexError:
            return
        results.put(call(thing))
