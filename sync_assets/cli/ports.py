"""Looks whether a port is free."""

import socket

from sync_assets.core.errors import OperatorMustAct


def check_free(host: str, port: int, option: str = "--port") -> None:
    """Raise `OperatorMustAct` when something else listens there, or the host is not ours.

    Args:
        host: a name or an address.
        port: the wanted one.
        option: with which another one can be chosen.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise OperatorMustAct(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another {option}."
        ) from error


def free(host: str, wanted: int) -> int:
    """The wanted port, or another one where that is taken."""
    try:
        check_free(host, wanted)
    except OperatorMustAct:
        with socket.create_server((host, 0)) as probe:
            return int(probe.getsockname()[1])
    return wanted
