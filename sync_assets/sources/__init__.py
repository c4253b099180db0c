"""The registry of sources: a new one is a folder beside this file and a line in it."""

from collections.abc import Mapping
from typing import Protocol

from sync_assets.core.points import Accounts
from sync_assets.core.ports import Source
from sync_assets.core.streams import SourceSpec
from sync_assets.core.tokens import Tokens
from sync_assets.sources.shopify import Shopify
from sync_assets.sources.wordpress import WordPress


class SourceFactory(Protocol):
    """Makes a source; what it offers is known before."""

    @property
    def spec(self) -> SourceSpec:
        """Its streams, tables and settings."""
        ...

    def __call__(
        self, *, allow_private: bool, paces: Accounts | None = None, tokens: Tokens | None = None
    ) -> Source:
        """A source that may, or may not, ask addresses outside the public internet.

        With `paces` it keeps the pace that it declares, and with `tokens` what it was granted,
        together with all other processes.
        """
        ...


SOURCES: Mapping[str, SourceFactory] = {
    "wordpress": WordPress,
    "shopify": Shopify,
}

SPECS: tuple[SourceSpec, ...] = tuple(factory.spec for factory in SOURCES.values())
