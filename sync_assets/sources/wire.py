"""One exchange over a guarded connection, its answer read to its end or to a cap."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import IO, NamedTuple

import urllib3

from sync_assets.core.tenants import Credentials
from sync_assets.sources.answers import is_redirect
from sync_assets.sources.guard import Pools

_CHUNK = 1024 * 1024  # bytes between two looks at the stop signal
_MOST_OF_AN_ERROR = 256 * 1024  # bytes; what is longer is a page, not an API's error
_CONNECTIONS = 4  # as many as a sync has threads
_SENDABLE = re.compile(
    r"(?:[!-\xff][\t -\xff]*)?"
)  # as a header's value, which goes out as Latin-1


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may cost.

    Attributes:
        connect: seconds until the connection is open.
        read: seconds between two bytes.
        answer: seconds for the whole answer.
        body: bytes after decompression.
        file: bytes of a body that goes into a file.
        download: seconds for such a body.
    """

    connect: float = 10.0
    read: float = 30.0
    answer: float = 120.0
    body: int = 16 * 1024 * 1024
    file: int = 20 * 1024 * 1024 * 1024
    download: float = 3600.0


class Raw(NamedTuple):
    """An answer as it came over the wire, decompressed; `url` is what was asked."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """What a POST carries; its headers may hold a secret, so neither shows in a repr."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class Oversized(Exception):
    """The body is larger than the cap."""


class Wire:
    """Connections that are kept alive. Follows no redirect, keeps no cookie, reads no environment.

    Args:
        pools: the guarded connections.
        limits: what one answer may cost.
        between_chunks: called while a body arrives; may raise.
    """

    def __init__(self, pools: Pools, limits: Limits, between_chunks: Callable[[], None]) -> None:
        timeout = urllib3.Timeout(connect=limits.connect, read=limits.read)
        self._pools = urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False, timeout=timeout)
        self._pools.pool_classes_by_scheme = pools
        self._limits = limits
        self._between_chunks = between_chunks

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()

    def send(
        self, url: str, auth: Credentials | None, *, body: bool, sent: Sent | None = None
    ) -> Raw:
        """The answer to a GET, or to a POST of what is `sent`; its body only where wanted.

        Raises:
            Oversized: the body is larger than the cap.
            urllib3.exceptions.HTTPError: the exchange failed.
        """
        response = self._open(url, _headers(auth), sent)
        try:
            wanted = body and not is_redirect(response.status, response.headers)
            read = self._read(response) if wanted else None
        except BaseException:
            response.close()  # what is left of the body must not become the next answer
            raise
        if read is None:
            response.close()
        response.release_conn()
        return Raw(url, response.status, response.headers, read or b"")

    def save(self, url: str, file: IO[bytes]) -> Raw:
        """The answer to a GET whose body, if it is a good one, goes into a file as it comes.

        Raises:
            Oversized: the body is larger than `Limits.file`.
            urllib3.exceptions.HTTPError: the exchange failed.
        """
        response = self._open(url, _headers(None))
        try:
            if response.status == 200:
                self._copy(response, file)
        finally:
            response.close()
            response.release_conn()
        return Raw(url, response.status, response.headers, b"")

    def _open(
        self, url: str, headers: dict[str, str], sent: Sent | None = None
    ) -> urllib3.BaseHTTPResponse:
        """The answer's head; its body is still to be read, or to be closed."""
        method, body = ("POST", sent.body) if sent else ("GET", None)
        if sent:
            _check(sent.headers)
            headers |= sent.headers
        return self._pools.urlopen(
            method, url.lstrip(), redirect=False, preload_content=False, headers=headers, body=body
        )

    def _copy(self, response: urllib3.BaseHTTPResponse, file: IO[bytes]) -> None:
        size = 0
        for chunk in response.stream(_CHUNK, decode_content=True):
            self._between_chunks()
            size += len(chunk)
            if size > self._limits.file:
                raise Oversized
            file.write(chunk)
        file.flush()  # here, where a full disk is told from a lost connection

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes | None:
        """The body, or None for an error's body that is too long to be worth it."""
        good = response.status < 300
        most = self._limits.body if good else _MOST_OF_AN_ERROR
        chunks: list[bytes] = []
        size = 0
        for chunk in response.stream(_CHUNK, decode_content=True):
            self._between_chunks()
            size += len(chunk)
            if size > most:
                if good:
                    raise Oversized
                return None
            chunks.append(chunk)
        return b"".join(chunks)


def _check(headers: Mapping[str, str]) -> None:
    """Refuse what would end a header early; a platform's token is none of our own words."""
    if not all(map(_SENDABLE.fullmatch, headers.values())):
        raise urllib3.exceptions.InvalidHeader("a header cannot be sent")


def _headers(auth: Credentials | None) -> dict[str, str]:
    headers = {"User-Agent": _user_agent(), "Accept": "application/json", "Accept-Encoding": "gzip"}
    if auth is not None:
        pair = f"{auth.username}:{auth.secret}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    return headers


@cache
def _user_agent() -> str:
    try:
        return f"sync-assets/{version('sync-assets')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "sync-assets"
