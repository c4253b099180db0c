"""A call for each of many things, a few at a time, and the results soon after they are there."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from sync_assets.core.stop import StopSignal

Thing = TypeVar("Thing")
Result = TypeVar("Result")

PATIENCE = 4.0
"""Seconds that calls get to end once nobody waits for them any more."""

TOGETHER = 0.5
"""Seconds for which results are gathered: what is done with several costs less than with each."""

_WAKE_UP = 0.2  # seconds; a thread that sleeps for good would not notice an interrupt


@contextmanager
def side_by_side(
    call: Callable[[Thing], Result], things: Sequence[Thing], stop: StopSignal, *, width: int
) -> Generator[Iterator[list[Result]]]:
    """The results, a few at a time, in the order in which the calls end.

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
        yield _batches(results, len(things))
    finally:
        waiting.clear()
        stop.set()
        deadline = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _batches(results: "SimpleQueue[Result]", left: int) -> Iterator[list[Result]]:
    while left:
        batch = [_next(results)]
        until = time.monotonic() + TOGETHER
        while len(batch) < left and time.monotonic() < until:
            with suppress(Empty):
                batch.append(results.get(timeout=_WAKE_UP))
        left -= len(batch)
        yield batch


def _next(results: "SimpleQueue[Result]") -> Result:
    while True:
        with suppress(Empty):
            return results.get(timeout=_WAKE_UP)


def _work(
    call: Callable[[Thing], Result], waiting: deque[Thing], results: "SimpleQueue[Result]"
) -> None:
    while True:
        try:
            thing = waiting.popleft()
        except IndexError:
            return
        results.put(call(thing))
