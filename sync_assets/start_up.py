"""How the program's processes begin: they import with Python's cyclic collector off.

    with loading():
        from sync_assets.cli.commands import app

What modules are made of lives until the end. The collector does not know that: it goes through it
some twenty times while it is made, once more at exit, and finds next to nothing. Without that,
`import sync_assets.definitions` takes 0.9 s of CPU instead of 1.4, its process's exit included.
"""

import gc
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager


class _Loads:
    """How many blocks import right now, in all threads, and what the first of them found."""

    lock = threading.Lock()
    count = 0
    collector_was_on = False
    modules = 0


@contextmanager
def loading() -> Generator[None]:
    """Import with the collector off, and let it overlook from then on what there is by then.

    Where the block imports nothing new, as at a second call, nothing is frozen: what becomes
    garbage between two calls would never be collected.
    """
    with _Loads.lock:
        if not _Loads.count:
            _Loads.collector_was_on, _Loads.modules = gc.isenabled(), len(sys.modules)
            gc.disable()
        _Loads.count += 1
    try:
        yield
    finally:
        with _Loads.lock:
            _Loads.count -= 1
            if not _Loads.count:
                _leave()


def _leave() -> None:
    if len(sys.modules) > _Loads.modules:
        gc.freeze()
    if _Loads.collector_was_on:
        gc.enable()
