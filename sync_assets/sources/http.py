"""The HTTP session of every source: guarded, bounded, patient, and quick to stop."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

import urllib3

from sync_assets.core.errors import RetryLater
from sync_assets.core.ports import RequestStats
from sync_assets.core.rate import UNPACED, Pacer
from sync_assets.core.retry import Backoff
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials
from sync_assets.sources.answers import (
    Answer,
    TooLarge,
    may_carry_credentials,
    redirected_to,
    retry_after,
    shown,
    stays_secret,
    worth_another_try,
)
from sync_assets.sources.complaints import Complaints
from sync_assets.sources.guard import AddressRefused, NoSuchHost, guarded_pools
from sync_assets.sources.json_body import Kind, NotJson, looks_like_html, parse_json
from sync_assets.sources.throttle import Throttle
from sync_assets.sources.watch import Overdue, Watch
from sync_assets.sources.wire import Limits, Oversized, Raw, Sent, Wire

_LOG = logging.getLogger(__name__)

_MOST_REDIRECTS = 5
_FAILURES = (urllib3.exceptions.HTTPError, OSError)


class HttpSession:
    """GETs and POSTs for one tenant, over connections kept alive; safe from several threads.

    Args:
        tenant: its id, for messages.
        stop: looked at before, during and between requests.
        stats: counts every request, redirects and repetitions included.
        allow_private: let addresses through that are not of the public internet.
        backoff: how often and when to try again.
        limits: what one answer may cost.
        pace: kept with every request, redirects and repetitions included.
    """

    def __init__(  # noqa: PLR0913 - the last three need not be given
        self,
        tenant: str,
        stop: StopSignal,
        stats: RequestStats,
        *,
        allow_private: bool,
        backoff: Backoff | None = None,
        limits: Limits | None = None,
        pace: Pacer = UNPACED,
    ) -> None:
        self._tenant = tenant
        self._stop = stop
        self._stats = stats
        self._backoff = backoff or Backoff()
        self._limits = limits or Limits()
        self._complaints = Complaints(tenant)
        self._throttle = Throttle()
        self._pace = pace
        self._watch = Watch(stop)
        self._counting = threading.Lock()
        pools = guarded_pools(allow_private=allow_private, on_answer=self._watch.attach)
        self._wire = Wire(pools, self._limits, stop.check)

    def close(self) -> None:
        """Close the connections."""
        self._watch.close()
        self._wire.close()

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
        return self._patiently(url, lambda: self._follow(url, auth, expect), attempts)

    def post(
        self,
        url: str,
        sent: Sent,
        *,
        expect: Kind | None = None,
        attempts: int | None = None,
    ) -> Answer:
        """The answer to a POST, asked again where that can help; a redirect is not followed.

        What is asked again may have been heard before: send what does no harm twice.

        Args:
            url: http or https, without credentials.
            sent: the body, and headers of its own.
            expect: as for `get`.
            attempts: as for `get`.

        Raises:
            RetryLater: nothing came of any try, or the site wants to be left alone for long.
            TenantMustAct: the address cannot be used.
        """
        return self._patiently(url, lambda: self._post(url, sent, expect), attempts)

    def download(self, url: str, file: IO[bytes]) -> Answer:
        """Let a good answer's body go into a file, from its beginning with every try.

        No credentials are sent: it is for addresses that carry their own proof. One redirect is
        followed, never from https to http.

        Raises:
            RetryLater: nothing came of any try.
            TenantMustAct: the address cannot be used.
            SourceChanged: it leads on to where nothing is fetched from.
            OperatorMustAct: the disk is full.
        """
        return self._patiently(url, lambda: self._download(url, file), None)

    def _post(self, url: str, sent: Sent, expect: Kind | None) -> Answer:
        raw = self._exchange(url, None, expect, sent)
        onward = redirected_to(raw.status, raw.headers, raw.url)
        if onward is not None:
            raise self._complaints.moved(url, onward)
        return self._judge(raw, expect)

    def _download(self, url: str, file: IO[bytes]) -> Answer:
        raw = self._save(url, file)
        onward = redirected_to(raw.status, raw.headers, url)
        if onward is None:
            return self._judge(raw, None)
        if not (_is_plain(onward) and stays_secret(url, onward)):
            raise self._complaints.astray(url)
        raw = self._save(onward, file)
        if redirected_to(raw.status, raw.headers, onward) is not None:
            raise self._complaints.astray(url)
        return self._judge(raw, None)

    def _save(self, url: str, file: IO[bytes]) -> Raw:
        """One exchange whose body goes into the file."""
        file.seek(0)
        file.truncate()
        return self._watched(url, lambda: self._wire.save(url, file), self._limits.download)

    def _patiently(self, url: str, ask: Callable[[], Answer], attempts: int | None) -> Answer:
        """Ask, and ask again where that can help."""
        for attempt in count(1):
            self._stop.check_turn() if attempt > 1 else self._stop.check()
            try:
                return ask()
            except TooLarge:
                raise
            except RetryLater as error:
                delay = self._backoff.delay(attempt, error.after)
                if delay is None or (attempts is not None and attempt >= attempts):
                    raise
            except NoSuchHost as error:
                if attempt > 1:  # once may have been the name server's bad moment
                    raise self._complaints.no_such_host(url) from error
                delay = self._backoff.base
            self._stop.wait(delay)
        raise AssertionError  # count() does not end

    def _follow(self, url: str, auth: Credentials | None, expect: Kind | None) -> Answer:
        """One try, along its redirects."""
        asked = url
        for _ in range(_MOST_REDIRECTS + 1):
            raw = self._exchange(asked, auth, expect)
            onward = redirected_to(raw.status, raw.headers, asked)
            if onward is None:
                return self._judge(raw, expect)
            if auth is not None and _is_plain(onward) and not may_carry_credentials(asked, onward):
                raise self._complaints.moved(asked, onward)
            asked = onward
        raise self._complaints.in_circles(url)

    def _exchange(
        self, url: str, auth: Credentials | None, expect: Kind | None, sent: Sent | None = None
    ) -> Raw:
        """One request and its answer."""
        wanted = expect is not None
        send = partial(self._wire.send, url, auth, body=wanted, sent=sent)
        return self._watched(url, send, self._limits.answer)

    def _watched(self, url: str, exchange: Callable[[], Raw], seconds: float) -> Raw:
        """One exchange, in its place among the others and within its time."""
        if not _is_plain(url):
            raise self._complaints.bad_address(url)
        with (
            self._throttle.place(self._stop, self._pace),
            self._watch.exchange(seconds) as mine,
        ):
            began = time.monotonic()
            raw: Raw | None = None
            try:
                raw = exchange()
                mine.check()  # what was cut off can look like a whole answer
                return raw  # noqa: TRY300 - an `else` would not see that it is no longer None
            except (*_FAILURES, Overdue) as error:
                self._stop.check()  # a stop cuts the connection
                self._throttle.struggled()
                complaint = self._complaints.broken(error, url, overdue=mine.overdue)
            except AddressRefused:
                complaint = self._complaints.not_public(url)
            except Oversized:
                complaint = self._complaints.too_large(url, self._limits.body)
            finally:
                self._account(url, raw, time.monotonic() - began)
            raise complaint  # without its cause, which names whole addresses, signatures included

    def _judge(self, raw: Raw, expect: Kind | None) -> Answer:
        """The answer, unless asking again may bring a better one."""
        if worth_another_try(raw.status):
            asked = retry_after(raw.headers)
            self._throttle.struggled(asked if (asked or 0) <= self._backoff.ceiling else None)
            raise self._complaints.unwell(raw.url, raw.status, asked)
        json = self._json(raw, expect) if expect is not None else None
        self._throttle.went_well()
        return Answer(raw.status, raw.headers, json, raw.url)

    def _json(self, raw: Raw, expect: Kind) -> Any:  # noqa: ANN401 - JSON
        """The expected JSON of a good answer; of an error its object, if it has any."""
        good = raw.status < 300
        try:
            return parse_json(raw.body, expect if good else dict)
        except NotJson as error:
            if good:
                html = looks_like_html(raw.body)
                raise self._complaints.not_json(raw.url, html=html) from error
            return None

    def _account(self, url: str, raw: Raw | None, seconds: float) -> None:
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
            _LOG.debug("asked %s", details["url"], extra=details)


def _with_params(url: str, params: Mapping[str, str | int]) -> str:
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params, safe=',/')}"


def _is_plain(url: str) -> bool:
    """Is it http or https, with a host and without credentials?"""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    named = bool(host) and not host.startswith(("*", "."))  # neither is the name of one host
    return parts.scheme in {"http", "https"} and named and "@" not in parts.netloc
