"""Who types the commands, for the record."""

import getpass
import os


def asker() -> str:
    """Such as `command:maria`."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user without a name
        return f"command:{os.getuid()}"
