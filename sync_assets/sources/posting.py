"""POSTs to addresses that tenants name: as guarded as GETs, and each in a bounded time."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

import urllib3

from sync_assets.core.stop import StopSignal
from sync_assets.sources.guard import AddressRefused, NoSuchHost, guarded_pools
from sync_assets.sources.watch import Overdue, Watch

_CONNECT = 5.0  # seconds
_CONNECTIONS = 10  # kept alive for one address
_FAILURES = (urllib3.exceptions.HTTPError, OSError)


class Undelivered(Exception):
    """Nobody has heard it. The message says why, and nothing of the address or of the answer."""


class Poster:
    """Sends bodies, from several threads at once. Follows no redirect, reads no answer's body.

    Args:
        allow_private: let addresses through that are not of the public internet.
        seconds: for one exchange from its first byte to the status; a slow drip does not help.
    """

    def __init__(self, *, allow_private: bool, seconds: float) -> None:
        self._seconds = seconds
        self._watch = Watch(StopSignal())
        timeout = urllib3.Timeout(connect=_CONNECT, read=seconds)
        self._pools = urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False, timeout=timeout)
        self._pools.pool_classes_by_scheme = guarded_pools(
            allow_private=allow_private, on_answer=self._watch.attach
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.close()
        self._pools.clear()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a body; any status from 200 to 299 says that it was heard.

        Raises:
            Undelivered: it was not, or nobody knows.
        """
        with self._watch.exchange(self._seconds) as mine:
            try:
                status = self._send(url, body, headers)
                mine.check()
            except (AddressRefused, NoSuchHost, Overdue, *_FAILURES) as error:
                raise Undelivered(self._why(error, overdue=mine.overdue)) from error
        if 300 <= status < 400:
            raise Undelivered(f"it answered {status}; redirects are not followed")
        if not 200 <= status < 300:
            raise Undelivered(f"it answered {status}")

    def _why(self, error: Exception, *, overdue: bool) -> str:
        if overdue or _timed_out(error):
            return f"it did not answer within {self._seconds:g} s"
        if isinstance(error, AddressRefused):
            return "its address is not one of the public internet"
        if isinstance(error, NoSuchHost):
            return "its host does not exist"
        if isinstance(error, urllib3.exceptions.SSLError):
            return "its TLS certificate is not good"
        return f"it was not reached ({type(error).__name__})"

    def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        response = self._pools.urlopen(
            "POST", url, redirect=False, preload_content=False, headers=dict(headers), body=body
        )
        response.close()  # its body is nobody's business, however long it is
        response.release_conn()
        return response.status


def _timed_out(error: Exception) -> bool:
    """A refused connection did not, although urllib3 derives its error from a time-out."""
    refused = isinstance(error, urllib3.exceptions.NewConnectionError)
    return isinstance(error, urllib3.exceptions.TimeoutError) and not refused
