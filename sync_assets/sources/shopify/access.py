"""The token that goes with every question: a static one, or one that is granted for a day."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from sync_assets.core.clock import Clock
from sync_assets.core.errors import SourceChanged
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.core.tokens import Token, Tokens
from sync_assets.sources.http import HttpSession
from sync_assets.sources.shopify.refusals import Refusals
from sync_assets.sources.wire import Sent

_STATIC = ("shpat_", "shpca_", "shppa_", "shpua_")  # how access tokens begin; secrets do not
_EARLY = timedelta(minutes=5)
"""So long before its end a token is renewed: longer than any answer takes."""

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Access:
    """Keeps one tenant's token good; safe from several threads.

    Attributes:
        tokens: where granted tokens are kept for all processes, None for nowhere.
    """

    http: HttpSession
    tenant: Tenant
    clock: Clock
    tokens: Tokens | None = None
    _held: Token | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def account(self) -> str:
        """What Shopify counts by: the app, at this shop. Tells nothing of a secret."""
        credentials = self._credentials
        if self._is_static:
            return hashlib.sha256(credentials.secret.encode()).hexdigest()[:16]
        return credentials.username

    def token(self) -> str:
        """A token that is good for a while; a granted one is renewed before it ends."""
        if self._is_static:
            return self._credentials.secret
        return self._current(lambda held: held.ends - _EARLY > self.clock())

    def renewed(self, refused: str) -> str | None:
        """Another token than the one that was refused; None where there is no other."""
        if self._is_static:
            return None
        return self._current(lambda held: held.value != refused)

    def _current(self, good: Callable[[Token], bool]) -> str:
        with self._lock:
            held = self._held
            if held is None or not good(held):
                held = self._stored()
            if held is None or not good(held):
                held = self._grant()
            self._held = held
            return held.value

    def _stored(self) -> Token | None:
        found = self.tokens.get(self.tenant.id) if self.tokens else None
        return found if found is not None and found.proof == self._proof else None

    def _grant(self) -> Token:
        """Ask for a new token; earlier ones stay good, so nobody else is disturbed."""
        credentials = self._credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.username,
            "client_secret": credentials.secret,
        }
        sent = Sent(urlencode(form).encode(), _FORM)
        now = self.clock()
        answer = self.http.post(f"{self.tenant.url}/admin/oauth/access_token", sent, expect=dict)
        if answer.status in {400, 401, 403}:
            raise self._refusals.bad_secret()
        if not answer.ok:
            raise self._refusals.of_status(answer)
        value, seconds = answer.json.get("access_token"), answer.json.get("expires_in")
        if not isinstance(value, str) or not isinstance(seconds, int):
            raise SourceChanged(f"{self.tenant.id}'s shop granted a token without saying which.")
        token = Token(value, now + timedelta(seconds=seconds), self._proof)
        if self.tokens is not None:
            self.tokens.put(self.tenant.id, token)
        return token

    @property
    def _is_static(self) -> bool:
        return self._credentials.secret.startswith(_STATIC)

    @property
    def _proof(self) -> str:
        """For which shop and credentials a token was granted."""
        parts = (self.tenant.url, self._credentials.username, self._credentials.secret)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def _credentials(self) -> Credentials:
        if self.tenant.credentials is None:
            raise self._refusals.no_credentials()
        return self.tenant.credentials

    @property
    def _refusals(self) -> Refusals:
        return Refusals(self.tenant.id)
