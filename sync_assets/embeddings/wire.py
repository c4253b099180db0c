"""One POST of JSON over a connection that is kept alive, its answer read to its end or to a cap."""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import certifi
import urllib3

from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.stoppable import stoppable

_CHUNK = 256 * 1024  # bytes
_MOST_OF_AN_ERROR = 64 * 1024  # bytes; what is longer is a page, not an API's error
_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that an exchange may take.

    Attributes:
        connect: until the connection is open.
        answer: for the whole exchange. Long, because an answer that is not waited for may have to
            be paid for all the same.
    """

    connect: float = 10.0
    answer: float = 120.0


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came over the wire; of an error's body only the beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Oversized(Exception):
    """The body is larger than its cap."""


class Wire:
    """Connections to one address. Follows no redirect, keeps no cookie, reads no environment.

    Args:
        url: where to post to.
        headers: of every request.
        patience: how long an exchange may take.
    """

    def __init__(self, url: str, headers: Mapping[str, str], patience: Patience) -> None:
        self._url = url
        # Vectors hardly shrink, and what was never packed cannot unfold to more than it is.
        plain = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        self._headers = {**plain, **headers}
        self._patience = patience
        timeout = urllib3.Timeout(connect=patience.connect, read=patience.answer)
        self._pool = urllib3.PoolManager(
            maxsize=_CONNECTIONS, retries=False, timeout=timeout, ssl_context=_trusting()
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def post(self, body: bytes, most: int, stop: StopSignal) -> Raw:
        """The answer, of `most` bytes.

        Raises:
            Oversized: the body is larger.
            Overdue: it took too long.
            urllib3.exceptions.HTTPError: the exchange failed.
            Stopped: a stop was asked for.
            OutOfTime: the signal's hard limit is over.
        """
        return stoppable(
            lambda abandoned: self._exchange(body, most, abandoned), stop, self._patience.answer
        )

    def _exchange(self, body: bytes, most: int, abandoned: threading.Event) -> Raw:
        response = self._pool.request(
            "POST",
            self._url,
            body=body,
            headers=self._headers,
            redirect=False,
            preload_content=False,
        )
        try:  # read to its end, the connection goes back to the pool by itself
            return Raw(response.status, response.headers, _read(response, most, abandoned))
        except BaseException:
            response.close()  # what is left of the body must not become the next answer
            raise


def _read(response: urllib3.BaseHTTPResponse, most: int, abandoned: threading.Event) -> bytes:
    good = response.status < 300
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK, decode_content=True):  # what there is, dripped or not
        chunks.append(chunk)
        size += len(chunk)
        if size > (most if good else _MOST_OF_AN_ERROR) or abandoned.is_set():
            response.close()
            if good:
                raise Oversized
            break
    return b"".join(chunks)


def _trusting() -> ssl.SSLContext:
    """The authorities of this machine, and those that come with the program."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
