"""The server's port: found once, kept as long as nobody else takes it."""

import secrets
import socket
from pathlib import Path

from sync_assets.store.embedded.place import keep
from sync_assets.store.embedded.server import HOST, EmbeddedPostgresError

# Below the range from which Linux and macOS take the ports of outgoing connections.
_FIRST, _LAST = 20000, 32000


def kept(file: Path) -> int | None:
    """The port of the last start."""
    text = file.read_text() if file.exists() else ""
    return int(text) if text.isdecimal() else None


def choose(file: Path) -> int:
    """The port of the last start if it is free, else another one, which is kept from now on.

    Raises:
        EmbeddedPostgresError: there is no free port.
    """
    last = kept(file)
    if last is not None and is_free(last):
        return last
    for _ in range(100):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if is_free(port):
            keep(file, str(port))
            return port
    raise EmbeddedPostgresError(
        f"Found no free port on {HOST} between {_FIRST} and {_LAST}: stop a server there."
    )


def is_free(port: int) -> bool:
    """Whether a server can listen on the port."""
    with socket.socket() as probe:
        # As PostgreSQL does: connections of the server before it that are closing are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
