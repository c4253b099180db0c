"""File locks, which the kernel drops when their holders die, however they die."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def exclusive(path: Path) -> Generator[None]:
    """Hold the lock while the block runs; threads and processes wait for each other."""
    with opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Closing would not do if a thread forked meanwhile: its child has the file open too.
            fcntl.flock(file, fcntl.LOCK_UN)


def opened(path: Path) -> IO[bytes]:
    """Open a lock file that only we can read: who can open it can hold it.

    Python closes it in the programs that it starts, unless it is handed to them expressly.
    """
    path.touch(mode=0o600)
    return path.open("r+b")


def taken(file: IO[bytes]) -> bool:
    """Try to take the lock without waiting. Closing every copy of the file gives it back."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock."""
    with opened(path) as file:
        return taken(file)
