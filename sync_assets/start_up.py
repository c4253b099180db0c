"""How the program's processes begin: they import with Python's cyclic collector off.

    with loading():
        from sync_assets.cli.commands import app

What modules are made of lives until the end. The collector does not know that: it goes through it
some twenty times while it is made, once more at exit, and finds next to nothing. Without that,
`import sync_assets.definitions` takes 0.9 s of CPU instead of 1.4, its process's exit included.
"""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def loading() -> Generator[None]:
    """Import with the collector off, and let it overlook from then on what there is by then.

    Where the block imports nothing new, as at a second call, nothing is frozen: what becomes
    garbage between two calls would never be collected.
    """
    was_on, known = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:
            gc.freeze()
        if was_on:
            gc.enable()
