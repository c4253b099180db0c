"""Notices Ctrl-C and its relatives without being torn out of what is being done."""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass(slots=True)
class Asked:
    """Whether somebody asked for an end. A plain flag: a handler must not take a lock."""

    to_stop: bool = False


@contextmanager
def asked(tell: Callable[[], None] | None = None) -> Generator[Asked]:
    """Inside, SIGINT, SIGTERM and SIGHUP only set the flag; they may come any number of times.

    Args:
        tell: is called, too, from a thread of its own.
    """
    flag = Asked()

    def note(_number: int, _frame: FrameType | None) -> None:
        flag.to_stop = True
        if tell is not None:
            threading.Thread(target=tell, name="asked-to-stop").start()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
