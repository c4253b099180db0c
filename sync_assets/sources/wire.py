"""One exchange over a guarded connection, its answer read to its end or to a cap."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import IO, Any

import requests
from requests.adapters import HTTPAdapter

from sync_assets.core.tenants import Credentials
from sync_assets.sources.guard import Pools

_CHUNK = 1024 * 1024  # bytes between two looks at the stop signal
_MOST_OF_AN_ERROR = 256 * 1024  # bytes; what is longer is a page, not an API's error
_CONNECTIONS = 4  # as many as a sync has threads


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


@dataclass(frozen=True, slots=True)
class Raw:
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
        self._adapter = _Adapter(pools)
        self._limits = limits
        self._between_chunks = between_chunks

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()

    def send(
        self, url: str, auth: Credentials | None, *, body: bool, sent: Sent | None = None
    ) -> Raw:
        """The answer to a GET, or to a POST of what is `sent`; its body only where wanted.

        Raises:
            Oversized: the body is larger than the cap.
            requests.RequestException: the exchange failed.
            urllib3.exceptions.HTTPError: the body broke off, or came too slowly.
        """
        # Not through a Session, which reads the body of a redirect without any limit.
        headers = _headers(auth) | dict(sent.headers if sent else {})
        method, data = ("POST", sent.body) if sent else ("GET", None)
        request = requests.Request(method, url, headers=headers, data=data).prepare()
        timeout = (self._limits.connect, self._limits.read)
        response = self._adapter.send(request, stream=True, timeout=timeout)
        try:
            read = self._read(response) if body and not response.is_redirect else None
        except BaseException:
            response.raw.close()  # what is left of the body must not become the next answer
            raise
        if read is None:
            response.raw.close()
        response.raw.release_conn()
        return Raw(url, response.status_code, response.headers, read or b"")

    def save(self, url: str, file: IO[bytes]) -> Raw:
        """The answer to a GET whose body, if it is a good one, goes into a file as it comes.

        Raises:
            Oversized: the body is larger than `Limits.file`.
            requests.RequestException: the exchange failed.
            urllib3.exceptions.HTTPError: the body broke off, or came too slowly.
        """
        request = requests.Request("GET", url, headers=_headers(None)).prepare()
        timeout = (self._limits.connect, self._limits.read)
        response = self._adapter.send(request, stream=True, timeout=timeout)
        try:
            if response.status_code == 200:
                self._copy(response, file)
        finally:
            response.raw.close()
            response.raw.release_conn()
        return Raw(url, response.status_code, response.headers, b"")

    def _copy(self, response: requests.Response, file: IO[bytes]) -> None:
        size = 0
        for chunk in _chunks(response):
            self._between_chunks()
            size += len(chunk)
            if size > self._limits.file:
                raise Oversized
            file.write(chunk)
        file.flush()  # here, where a full disk is told from a lost connection

    def _read(self, response: requests.Response) -> bytes | None:
        """The body, or None for an error's body that is too long to be worth it."""
        good = response.status_code < 300
        most = self._limits.body if good else _MOST_OF_AN_ERROR
        chunks: list[bytes] = []
        size = 0
        for chunk in _chunks(response):
            self._between_chunks()
            size += len(chunk)
            if size > most:
                if good:
                    raise Oversized
                return None
            chunks.append(chunk)
        return b"".join(chunks)


class _Adapter(HTTPAdapter):
    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        super().__init__(pool_maxsize=_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


def _chunks(response: requests.Response) -> Iterator[bytes]:
    return response.raw.stream(_CHUNK, decode_content=True)


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
