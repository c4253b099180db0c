"""How the program's processes begin: with imports that cost half of what they did.

    with loading():
        from sync_assets.cli.commands import app

Modules are hundreds of thousands of objects, and nearly all of them live until the end. Python's
cyclic collector does not know that: it goes through them some twenty times while they are made,
and once more at exit, and finds nothing. That was a third of what `import sync_assets.definitions`
took.
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
