"""Which addresses this program may talk to: no tenant gets it to knock at private doors."""

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from sync_assets.sources.trust import trusted

_NAT64 = IPv6Network("64:ff9b::/96")  # carries an IPv4 address in its last 32 bits
_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}

Pools = dict[str, type[HTTPConnectionPool]]
"""Connection pools by scheme, as urllib3 wants them."""


class AddressRefused(Exception):
    """The host's address is not one of the public internet."""


class NoSuchHost(Exception):
    """The host's name does not exist."""


def is_public(address: str) -> bool:
    """Is this numeric address one of the public internet?

    An IPv6 address that stands for IPv4 ones is as public as these.
    """
    parsed = ip_address(address.partition("%")[0])
    return all(map(_is_public, _embedded(parsed) or [parsed]))


def check_host(host: str, port: int) -> None:
    """Refuse a host that has any address that is not public.

    Raises:
        AddressRefused: there is such an address.
        NoSuchHost: there is no such name.
        OSError: the name could not be looked up now.
    """
    _check(str(found[4][0]) for found in _look_up(host, port))


def check_peer(connected: socket.socket) -> None:
    """Refuse a connection whose other end is not public, whatever its name resolved to before."""
    _check([str(connected.getpeername()[0])])


def guarded_pools(
    *, allow_private: bool, on_answer: Callable[[socket.socket | None], None]
) -> Pools:
    """Pools whose connections are checked before and after they are opened.

    Args:
        allow_private: skip the checks.
        on_answer: told, in the thread of the request, from which socket the answer is read.
    """

    def opened(connection: HTTPConnection, really: Callable[[], socket.socket]) -> socket.socket:
        """The plain socket, checked before a byte goes over it, also those of TLS."""
        if allow_private:
            _look_up(connection.host, connection.port)
            return really()
        check_host(connection.host, connection.port)
        connected = really()
        try:
            check_peer(connected)  # a name server may have changed its mind meanwhile
        except AddressRefused:
            connected.close()
            raise
        return connected

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return opened(self, super()._new_conn)

        def getresponse(self) -> Any:  # noqa: ANN401 - urllib3's own type is not public
            on_answer(self.sock)
            return super().getresponse()

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return opened(self, super()._new_conn)

        def getresponse(self) -> Any:  # noqa: ANN401 - urllib3's own
            on_answer(self.sock)
            return super().getresponse()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain  # pyright: ignore[reportAssignmentType] - so fail urllib3's own

    class SecurePool(_Trusting):
        ConnectionCls = Secure  # pyright: ignore[reportAssignmentType]

    return {"http": PlainPool, "https": SecurePool}


class _Trusting(HTTPSConnectionPool):
    """Made when the first https address is asked, so that no other sync reads the authorities."""

    def __init__(self, host: str, port: int, **options: Any) -> None:  # noqa: ANN401 - urllib3's own
        options.setdefault("ssl_context", trusted())
        super().__init__(host, port, **options)


def _look_up(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_HOST:
            raise NoSuchHost(host) from error
        raise
    except UnicodeError as error:  # a label that is empty or too long
        raise NoSuchHost(host) from error


def _check(addresses: Iterable[str]) -> None:
    for address in addresses:
        if not is_public(address):
            raise AddressRefused(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or site_local
    )


def _embedded(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [embedded for embedded in found if embedded is not None]
