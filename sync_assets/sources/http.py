"""The HTTP session of every source: guarded, bounded, patient, and quick to stop."""

import base64
import logging
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from sync_assets.core.errors import RetryLater, TenantMustAct
from sync_assets.core.ports import RequestStats
from sync_assets.core.retry import Backoff
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials
from sync_assets.sources.answers import (
    Answer,
    TooLarge,
    Unserved,
    may_carry_credentials,
    redirected_to,
    retry_after,
    shown,
    worth_another_try,
)
from sync_assets.sources.guard import AddressRefused, NoSuchHost, Pools, guarded_pools
from sync_assets.sources.json_body import NotJson, looks_like_html, parse_json
from sync_assets.sources.throttle import Throttle
from sync_assets.sources.watch import Exchange, Watch

_LOG = logging.getLogger(__name__)

_CHUNK = 64 * 1024
_MOST_REDIRECTS = 5
_MOST_OF_AN_ERROR = 256 * 1024  # bytes; what is longer is a page, not an API's error

Kind = type[list[Any]] | type[dict[str, Any]]
"""What the caller expects the JSON to be."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may cost.

    Attributes:
        connect: seconds until the connection is open.
        read: seconds between two bytes.
        answer: seconds for the whole answer.
        body: bytes after decompression.
    """

    connect: float = 10.0
    read: float = 30.0
    answer: float = 120.0
    body: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Raw:
    """An answer as it came over the wire, `url` being the one that was asked."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpSession:
    """GETs for one tenant, over connections that are kept alive; safe from several threads.

    Args:
        tenant: its id, for messages.
        stop: looked at before, during and between requests.
        stats: counts every request, redirects and repetitions included.
        allow_private: let addresses through that are not of the public internet.
        backoff: how often and when to try again.
        limits: what one answer may cost.
    """

    def __init__(
        self,
        tenant: str,
        stop: StopSignal,
        stats: RequestStats,
        *,
        allow_private: bool,
        backoff: Backoff | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._tenant = tenant
        self._stop = stop
        self._stats = stats
        self._backoff = backoff or Backoff()
        self._limits = limits or Limits()
        self._throttle = Throttle()
        self._watch = Watch(stop)
        self._counting = threading.Lock()
        pools = guarded_pools(allow_private=allow_private, on_answer=self._watch.attach)
        self._adapter = _Adapter(pools)

    def close(self) -> None:
        """Close the connections."""
        self._watch.close()
        self._adapter.close()

    def get(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        *,
        auth: Credentials | None = None,
        expect: Kind | None = None,
        attempts: int | None = None,
    ) -> Answer:
        """The answer to a GET, asked again where that can help.

        Args:
            url: http or https, without credentials.
            params: go behind the question mark.
            auth: never sent to another host than the URL's.
            expect: the kind of JSON in a good answer; None reads the headers only.
            attempts: tries in all, where they shall be fewer than usual.

        Returns:
            Any answer that asking again would not better, whatever its status.

        Raises:
            RetryLater: nothing came of any try, or the site wants to be left alone for long.
            TenantMustAct: the address cannot be used.
        """
        url = _with_params(url, params or {})
        for attempt in count(1):
            self._stop.check()
            try:
                return self._follow(url, auth, expect)
            except TooLarge:
                raise
            except RetryLater as error:
                delay = self._backoff.delay(attempt, error.after)
                if delay is None or (attempts is not None and attempt >= attempts):
                    raise
            except NoSuchHost as error:
                if attempt > 1:  # once may have been the name server's bad moment
                    raise self._no_such_host(url) from error
                delay = self._backoff.base
            self._stop.wait(delay)
        raise AssertionError  # count() does not end

    def _follow(self, url: str, auth: Credentials | None, expect: Kind | None) -> Answer:
        """One try, along its redirects."""
        asked = url
        for _ in range(_MOST_REDIRECTS + 1):
            self._check_address(asked)
            raw = self._exchange(asked, auth, expect)
            onward = redirected_to(raw.status, raw.headers, asked)
            if onward is None:
                return self._judge(raw, expect)
            if auth is not None and not may_carry_credentials(asked, onward):
                raise self._moved(asked, onward)
            asked = onward
        raise TenantMustAct(
            f"{self._site(url)} redirects more than {_MOST_REDIRECTS} times. {self._give_url()}"
        )

    def _exchange(self, url: str, auth: Credentials | None, expect: Kind | None) -> _Raw:
        """One request and its answer."""
        with self._throttle.place(self._stop), self._watch.exchange(self._limits.answer) as mine:
            began = time.monotonic()
            raw = None
            try:
                raw = self._send(url, auth, expect)
                return raw
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                self._stop.check()
                raise self._translate(error, url, mine) from error
            except AddressRefused as error:
                raise self._refused(url) from error
            finally:
                self._account(url, raw, time.monotonic() - began)

    def _send(self, url: str, auth: Credentials | None, expect: Kind | None) -> _Raw:
        request = requests.Request("GET", url, headers=_headers(auth)).prepare()
        timeout = (self._limits.connect, self._limits.read)
        response = self._adapter.send(request, stream=True, timeout=timeout)
        try:
            body = self._body(response, expect)
        finally:
            response.raw.release_conn()
        return _Raw(url, response.status_code, response.headers, body)

    def _body(self, response: requests.Response, expect: Kind | None) -> bytes:
        """The decoded body, as far as anybody wants it; closes the connection otherwise."""
        good = response.status_code < 300
        if expect is None or response.is_redirect:
            response.raw.close()
            return b""
        most = self._limits.body if good else _MOST_OF_AN_ERROR
        chunks: list[bytes] = []
        size = 0
        for chunk in _chunks(response):
            self._stop.check()
            size += len(chunk)
            if size > most:
                response.raw.close()
                return b"" if not good else self._too_large(response)
            chunks.append(chunk)
        return b"".join(chunks)

    def _judge(self, raw: _Raw, expect: Kind | None) -> Answer:
        """The answer, unless asking again may bring a better one."""
        if worth_another_try(raw.status):
            raise self._unwell(raw)
        json = None
        if expect is not None:
            json = self._parsed(raw, expect) if raw.status < 300 else _error_json(raw.body)
        self._throttle.went_well()
        return Answer(raw.status, raw.headers, json, raw.url)

    def _parsed(self, raw: _Raw, expect: Kind) -> Any:  # noqa: ANN401
        try:
            return parse_json(raw.body, expect)
        except NotJson as error:
            found = "a web page" if looks_like_html(raw.body) else "something else"
            raise Unserved(
                f"{self._site(raw.url)} answered {raw.status} with {found} instead of JSON. "
                "Waiting may help; if it does not, look at what the site's host, firewall or "
                "plugins send there."
            ) from error

    def _unwell(self, raw: _Raw) -> RetryLater:
        asked = retry_after(raw.headers)
        self._throttle.struggled(asked if (asked or 0) <= self._backoff.ceiling else None)
        message = f"{self._site(raw.url)} answered {raw.status}. The sync goes on later."
        if raw.status == 429 or asked is not None:
            return RetryLater(message, after=asked)
        return Unserved(message)

    def _translate(self, error: Exception, url: str, exchange: Exchange) -> Exception:
        """A failed exchange, named by who has to act."""
        site = self._site(url)
        if _caused_by(error, ssl.SSLCertVerificationError):
            return TenantMustAct(
                f"{site} shows a TLS certificate that cannot be trusted. Have the site's "
                "certificate renewed or completed, or give the tenant the address that the "
                "certificate is for."
            )
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
            return TenantMustAct(f"{site} is no address that can be asked. {self._give_url()}")
        slow = exchange.overdue or isinstance(error, requests.Timeout)
        if slow or isinstance(error, urllib3.exceptions.ReadTimeoutError):
            self._throttle.struggled()
            message = f"{site} did not answer in time. The sync goes on later."
        else:
            message = (
                f"The connection to {site} broke ({type(error).__name__}). The sync goes on later."
            )
        if isinstance(error, requests.ConnectTimeout) or _caused_by(
            error, urllib3.exceptions.NewConnectionError
        ):
            return RetryLater(message)
        return Unserved(message)

    def _too_large(self, response: requests.Response) -> bytes:
        raise TooLarge(
            f"{self._site(response.url)} answered more than {self._limits.body >> 20} MB. "
            "Sync with a smaller batch size."
        )

    def _check_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise TenantMustAct(
                f"{self._site(url)} is not a plain http or https address. {self._give_url()}"
            )

    def _moved(self, asked: str, onward: str) -> TenantMustAct:
        parts = urlsplit(onward)
        home = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return TenantMustAct(
            f"{self._site(asked)} redirects to {home}, and credentials are not sent there. If that "
            f"is the site's address, give it to the tenant with "
            f"'sync-assets tenant update {self._tenant} --url {home}'."
        )

    def _refused(self, url: str) -> TenantMustAct:
        return TenantMustAct(
            f"{self._site(url)} is not on the public internet, so it is not asked. "
            f"{self._give_url()} An operator who trusts every tenant may allow private addresses "
            "with SYNC_ASSETS_ALLOW_PRIVATE_URLS=1."
        )

    def _no_such_host(self, url: str) -> TenantMustAct:
        return TenantMustAct(f"{self._site(url)}: no such host exists. {self._give_url()}")

    def _give_url(self) -> str:
        return f"Give the tenant its address with 'sync-assets tenant update {self._tenant} --url URL'."

    def _site(self, url: str) -> str:
        return f"{self._tenant}'s site {shown(url)}"

    def _account(self, url: str, raw: _Raw | None, seconds: float) -> None:
        with self._counting:
            self._stats.requests += 1
            self._stats.milliseconds += seconds * 1000
        if _LOG.isEnabledFor(logging.DEBUG):
            details = {
                "tenant": self._tenant,
                "url": shown(url),
                "status": raw and raw.status,
                "bytes": raw and len(raw.body),
                "milliseconds": round(seconds * 1000),
            }
            _LOG.debug("GET %s", details["url"], extra=details)


class _Adapter(HTTPAdapter):
    """Sends over guarded connections. It reads no environment: no proxy, no .netrc."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        super().__init__(pool_connections=4, pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


def _with_params(url: str, params: Mapping[str, str | int]) -> str:
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params, safe=',/')}"


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
    except PackageNotFoundError:
        return "sync-assets"


def _chunks(response: requests.Response) -> Iterator[bytes]:
    return response.raw.stream(_CHUNK, decode_content=True)


def _error_json(body: bytes) -> Any:  # noqa: ANN401
    try:
        return parse_json(body, dict)
    except NotJson:
        return None


def _caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    """Is this error, or one that it wraps, of that kind?"""
    wrapped = [argument for argument in error.args if isinstance(argument, BaseException)]
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        wrapped.append(reason)
    return isinstance(error, kind) or any(_caused_by(inner, kind) for inner in wrapped)
