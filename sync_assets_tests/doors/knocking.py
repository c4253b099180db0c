"""Requests as they are written on the wire, which no client library would send."""

import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

from sync_assets_tests.doors.nginx import OPERATORS, PASSWORD, USER, Doors

TIMEOUT = 20.0

WEBSOCKET = (
    "Connection: Upgrade, close",  # nginx sends a Connection of its own, and closes after a refusal
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: graphql-ws",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back until the connection was closed or said nothing more."""

    raw: bytes

    @property
    def status(self) -> int:
        """The first status; 0 where there is none."""
        words = self.raw.split(None, 2)
        return int(words[1]) if self.raw.startswith(b"HTTP/") else 0


@dataclass(frozen=True, slots=True)
class Knock:
    """A request, written out."""

    path: str = "/"
    method: str = "GET"
    version: str = "1.1"
    host: str | None = OPERATORS
    headers: tuple[str, ...] = ()
    body: bytes = field(default=b"", repr=False)

    def wire(self) -> bytes:
        """Its bytes; what is version 0.9 has no headers."""
        if self.version == "0.9":
            return f"{self.method} {self.path}\r\n".encode()
        first = f"{self.method} {self.path} HTTP/{self.version}"
        own = [f"Host: {self.host}"] if self.host else []
        if self.body:
            own.append(f"Content-Length: {len(self.body)}")
        if not any(header.startswith("Connection:") for header in self.headers):
            own.append("Connection: close")
        return "\r\n".join([first, *own, *self.headers, "", ""]).encode() + self.body

    def at(self, doors: Doors, name: str = OPERATORS) -> Answer:
        """Send it to the door of that name, and read to the end."""
        return sent(doors, self.wire(), name)


def login(user: str = USER, password: str = PASSWORD) -> str:
    """The header of a Basic login."""
    return f"Authorization: Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def sent(doors: Doors, wire: bytes, name: str = OPERATORS) -> Answer:
    """What a door says to these bytes."""
    with connected(doors, name) as connection:
        connection.sendall(wire)
        return Answer(_all(connection))


def connected(doors: Doors, name: str = OPERATORS, source: str = "127.0.0.1") -> ssl.SSLSocket:
    """A connection from an address to the door of that name, its certificate checked."""
    plain = socket.create_connection(("127.0.0.1", doors.tls), TIMEOUT, (source, 0))
    try:
        return trusting(doors.certificate).wrap_socket(plain, server_hostname=name)
    except OSError:
        plain.close()
        raise


def trusting(certificate: Path) -> ssl.SSLContext:
    """A client's context that trusts this certificate alone."""
    return ssl.create_default_context(cafile=str(certificate))


def _all(connection: ssl.SSLSocket) -> bytes:
    parts: list[bytes] = []
    while part := connection.recv(65536):
        parts.append(part)
        if b"101 Switching" in parts[0]:
            break  # it stays open
    return b"".join(parts)
