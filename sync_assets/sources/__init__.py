"""The registry of sources: a new one is a folder beside this file and a line in it.

What a source does is loaded when it is first asked for: a sync needs one source, not all of them.
"""

import sys
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from sync_assets.core.ports import Source
from sync_assets.core.streams import SourceSpec
from sync_assets.start_up import loading

if TYPE_CHECKING:
    from sync_assets.core.points import Accounts
    from sync_assets.core.tokens import Tokens


class SourceFactory(Protocol):
    """Makes a source; what it offers is known before."""

    @property
    def spec(self) -> SourceSpec:
        """Its streams, tables and settings."""
        ...

    def __call__(
        self,
        *,
        allow_private: bool,
        paces: "Accounts | None" = None,
        tokens: "Tokens | None" = None,
    ) -> Source:
        """A source that may, or may not, ask addresses outside the public internet.

        With `paces` it keeps the pace that it declares, and with `tokens` what it was granted,
        together with all other processes.
        """
        ...


class _Sources(Mapping[str, SourceFactory]):
    """Knows the names; each gives the class of that folder, which is imported for it."""

    def __init__(self, **classes: str) -> None:
        self._classes = classes

    def __getitem__(self, name: str) -> SourceFactory:
        class_name = self._classes[name]
        path = f"{__name__}.{name}"
        if path not in sys.modules:
            with loading():
                import_module(path)
        factory: SourceFactory = getattr(import_module(path), class_name)
        return factory

    def __contains__(self, name: object) -> bool:
        return name in self._classes  # Mapping's own would import it

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


class _Specs(Collection[SourceSpec]):
    """What all sources say of themselves; going through them imports them all."""

    def __contains__(self, spec: object) -> bool:
        return any(spec == each for each in self)

    def __iter__(self) -> Iterator[SourceSpec]:
        return (factory.spec for factory in SOURCES.values())

    def __len__(self) -> int:
        return len(SOURCES)


SOURCES: Mapping[str, SourceFactory] = _Sources(
    wordpress="WordPress",
    shopify="Shopify",
)

SPECS: Collection[SourceSpec] = _Specs()
