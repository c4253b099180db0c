"""POSTs to addresses that tenants name: as guarded as GETs, and each in a bounded time."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import requests
import urllib3
from requests.adapters import HTTPAdapter

from sync_assets.core.stop import StopSignal
from sync_assets.sources.guard import AddressRefused, NoSuchHost, Pools, guarded_pools
from sync_assets.sources.watch import Overdue, Watch

_CONNECT = 5.0  # seconds
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


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
        pools = guarded_pools(allow_private=allow_private, on_answer=self._watch.attach)
        self._adapter = _Adapter(pools)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.close()
        self._adapter.close()

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
        if overdue or isinstance(error, requests.Timeout):
            return f"it did not answer within {self._seconds:g} s"
        if isinstance(error, AddressRefused):
            return "its address is not one of the public internet"
        if isinstance(error, NoSuchHost):
            return "its host does not exist"
        if isinstance(error, requests.exceptions.SSLError):
            return "its TLS certificate is not good"
        return f"it was not reached ({type(error).__name__})"

    def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        request = requests.Request("POST", url, headers=dict(headers), data=body).prepare()
        timeout = (_CONNECT, self._seconds)
        response = self._adapter.send(request, stream=True, timeout=timeout)
        try:
            return response.status_code
        finally:
            response.raw.close()  # its body is nobody's business, however long it is
            response.raw.release_conn()


class _Adapter(HTTPAdapter):
    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools
