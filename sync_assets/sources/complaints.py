"""What is said when a request fails: what, which, what next. Never a body, never a secret."""

import errno
import socket
import ssl
from dataclasses import dataclass
from tempfile import gettempdir
from urllib.parse import urlsplit

import urllib3

from sync_assets.core.errors import (
    OperatorMustAct,
    RetryLater,
    SourceChanged,
    SyncError,
    TenantMustAct,
)
from sync_assets.sources.answers import InCircles, TooLarge, Unserved, shown

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_UNREACHABLE = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    socket.gaierror,
)


@dataclass(frozen=True, slots=True)
class Complaints:
    """The errors of one tenant's session."""

    tenant: str

    def broken(self, error: Exception, url: str, *, overdue: bool) -> SyncError:
        """An exchange that failed; `overdue` when it was cut off at its deadline."""
        site = self._site(url)
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            return OperatorMustAct(
                f"The disk has no room for what {site} sends. Make room where temporary files are "
                f"({gettempdir()}), or let TMPDIR name a larger place, and sync again."
            )
        if _caused_by(error, ssl.SSLCertVerificationError):
            return TenantMustAct(
                f"{site} shows a TLS certificate that cannot be trusted. Have the certificate "
                "renewed or completed, or give the tenant the address that it is for."
            )
        if isinstance(error, urllib3.exceptions.LocationValueError):
            return self.bad_address(url)
        if _caused_by(error, *_UNREACHABLE):
            return RetryLater(f"{site} cannot be reached now. Waiting helps, as a rule.")
        if overdue or _caused_by(error, urllib3.exceptions.TimeoutError):
            return Unserved(f"{site} did not answer in time. Waiting helps, as a rule.")
        return Unserved(f"The connection to {site} broke off. Waiting helps, as a rule.")

    def unwell(self, url: str, status: int, asked: float | None) -> RetryLater:
        """A status that may be a better one later; `asked`: seconds the site asks us to wait."""
        message = f"{self._site(url)} answered {status}. Waiting helps, as a rule."
        if status == 429 or asked is not None:  # the site is busy, whatever is asked of it
            return RetryLater(message, after=asked)
        return Unserved(message)

    def not_json(self, url: str, *, html: bool) -> Unserved:
        """A good status, but not what the API promises."""
        found = "a web page" if html else "something else"
        return Unserved(
            f"{self._site(url)} answered with {found} instead of JSON. Waiting may help; if it "
            "does not, look at what the site's host, firewall or plugins send there."
        )

    def too_large(self, url: str, most: int) -> TooLarge:
        """An answer beyond the cap of so many bytes."""
        return TooLarge(
            f"{self._site(url)} answered more than {most >> 20} MB. Sync with a smaller batch size."
        )

    def bad_address(self, url: str) -> TenantMustAct:
        """Nothing that can be asked."""
        return TenantMustAct(
            f"{self._site(url)} is not a plain http or https address. {self._give()}"
        )

    def no_such_host(self, url: str) -> TenantMustAct:
        """The name does not exist."""
        return TenantMustAct(f"{self._site(url)}: no such host exists. {self._give()}")

    def not_public(self, url: str) -> TenantMustAct:
        """An address that is not asked; which one the name has is nobody's business."""
        return TenantMustAct(
            f"{self._site(url)} is not on the public internet, so it is not asked. {self._give()} "
            "An operator who trusts every tenant may allow private addresses with "
            "SYNC_ASSETS_ALLOW_PRIVATE_URLS=1."
        )

    def moved(self, url: str, onward: str) -> TenantMustAct:
        """A redirect to where credentials must not go."""
        parts = urlsplit(onward)
        home = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return TenantMustAct(
            f"{self._site(url)} redirects to {home}, and credentials are not sent there. If that "
            f"is the site's address, {self._give(home)[0].lower()}{self._give(home)[1:]}"
        )

    def astray(self, url: str) -> SourceChanged:
        """A file whose address leads on twice, or to an address without TLS."""
        return SourceChanged(
            f"{self._site(url)} leads on from a file to an address that is not followed: one step "
            "is, and never from https to http. Whoever serves the file may have changed that."
        )

    def in_circles(self, url: str) -> InCircles:
        """Too many redirects."""
        return InCircles(f"{self._site(url)} redirects too many times. {self._give()}")

    def _site(self, url: str) -> str:
        return f"{self.tenant}'s site {shown(url)}"

    def _give(self, url: str = "URL") -> str:
        return (
            "Give the tenant its address with "
            f"'sync-assets tenant update {self.tenant} --url {url}'."
        )


def _caused_by(error: BaseException, *kinds: type[BaseException]) -> bool:
    """Is this error, or one that it wraps, of one of these kinds?"""
    inner = [*error.args, getattr(error, "reason", None)]
    return isinstance(error, kinds) or any(
        _caused_by(cause, *kinds) for cause in inner if isinstance(cause, BaseException)
    )
