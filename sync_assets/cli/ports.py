"""Looks whether a port is free."""

import socket

from sync_assets.core.errors import OperatorMustAct


def check_free(host: str, port: int) -> None:
    """Raise `OperatorMustAct` when something else listens there, or the host is not ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise OperatorMustAct(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another --port."
        ) from error
