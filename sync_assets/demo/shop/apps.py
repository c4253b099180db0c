"""The apps that a shop has installed, and their tokens."""

import hashlib
import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sync_assets.demo.shop.budget import Bucket
from sync_assets.demo.shop.data.shop import Shop

READ_ALL = frozenset({
    "read_products", "read_inventory", "read_locations", "read_orders", "read_all_orders",
    "read_customers",
})  # fmt: skip
LIFE = timedelta(seconds=86_399)  # of a token that was granted; a static one has no end


@dataclass(slots=True)
class App:
    """An app of a merchant: what it may read, and its budget."""

    client_id: str
    client_secret: str = field(repr=False)
    token: str = field(repr=False)
    scopes: frozenset[str]
    bucket: Bucket


@dataclass(slots=True)
class Token:
    """A token that was handed out; `ends` is None for the static one."""

    app: App
    ends: datetime | None


class Apps:
    """Installed apps by client id, and who holds which token."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._apps: dict[str, App] = {}
        self._tokens: dict[str, Token] = {}
        self._numbers = itertools.count()

    def install(self, name: str, bucket: Bucket, scopes: Collection[str] = READ_ALL) -> App:
        """Installs an app: it has a static token from the start, and may ask for others."""
        secret, static = f"shpss_{_hex(name, 'secret')}", f"shpat_{_hex(name, 'static')}"
        app = App(_hex(name, "client"), secret, static, frozenset(scopes), bucket)
        self._apps[app.client_id] = app
        self._tokens[static] = Token(app, None)
        return app

    def grant(self, client_id: str, client_secret: str) -> tuple[str, App] | None:
        """A token for a day, or None to a stranger. Earlier tokens go on until their end."""
        app = self._apps.get(client_id)
        if app is None or app.client_secret != client_secret:
            return None
        token = f"shpat_{_hex(client_id, str(next(self._numbers)))}"
        self._tokens[token] = Token(app, self._shop.now() + LIFE)
        return token, app

    def knows(self, client_id: str) -> bool:
        """Whether an app with this id is installed."""
        return client_id in self._apps

    def holder(self, token: str) -> App | None:
        """The app behind a token that is good now."""
        held = self._tokens.get(token)
        if held is None or (held.ends is not None and self._shop.now() >= held.ends):
            return None
        return held.app

    def end(self, token: str) -> None:
        """Ends a token before its time."""
        self._tokens.pop(token, None)

    def end_all(self) -> None:
        """Ends every token, the static ones too; secrets still get new ones."""
        self._tokens.clear()


def _hex(*words: str) -> str:
    return hashlib.sha256("/".join(words).encode()).hexdigest()[:32]
