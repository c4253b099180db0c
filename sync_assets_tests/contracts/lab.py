"""What the contract needs of a source's test: a site that can be written to and troubled."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from sync_assets.core.ports import Source, SyncOptions
from sync_assets.core.tenants import Tenant


class Trouble(Enum):
    """What a request may meet instead of an answer."""

    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    BUSY = auto()  # 429, come back at once
    RESTING = auto()  # 429, come back in half a minute
    BUSY_FOR_HOURS = auto()  # 429, come back in two hours
    BROKEN = auto()  # 500
    DOWN = auto()  # 503
    MALFORMED = auto()  # 200 with half of a JSON text
    PAGE = auto()  # 200 with a page for people
    TRUNCATED = auto()  # the connection ends in the middle of the body
    HANG_UP = auto()  # the connection ends without an answer
    DRIP = auto()  # the right answer, over a very long time


class Spoilt(Enum):
    """What may be wrong with a single record."""

    NUL = auto()
    IMPOSSIBLE_DATE = auto()
    WRONG_TYPE = auto()
    UNSERVABLE = auto()  # every request that includes it fails with 500


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take in seconds.

    Attributes:
        stop: from the request to stop until it is obeyed.
        drip: how long a dripping answer takes; far longer than `stop`.
    """

    stop: float = 2.0
    drip: float = 30.0


class SourceLab(Protocol):
    """A running fake site with one collection under test.

    The collection begins with several pages of records. Troubles meet every request from then on
    until they are calmed, or as many as `times` says.
    """

    options: SyncOptions
    patience: Patience
    stream: str
    collection: str
    spoilable: Collection[Spoilt]

    @property
    def source(self) -> Source:
        """The source, with waits so short that tests can afford them."""
        ...

    @property
    def tenant(self) -> Tenant:
        """The site's tenant, with good credentials."""
        ...

    @property
    def public(self) -> Tenant | None:
        """The same site without credentials; None where a source knows no such tenants."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """Every form in which the secret travels."""
        ...

    def keys(self) -> set[int]:
        """All records of the collection."""
        ...

    def add(self) -> int:
        """Add a record that everybody sees."""
        ...

    def hide(self, key: int) -> None:
        """Make a record one that only good credentials show."""
        ...

    def edit(self, key: int) -> None:
        """Change a record's content, and its modified time by a second at least."""
        ...

    def delete(self, key: int) -> None:
        """Delete a record for good."""
        ...

    def revoke(self) -> None:
        """Take the credentials away at the site."""
        ...

    def requests(self) -> int:
        """How many requests the site has had."""
        ...

    def trouble(self, kind: Trouble, *, times: int | None = None) -> None:
        """Let requests meet trouble."""
        ...

    def calm(self) -> None:
        """End every trouble."""
        ...

    def spoil(self, key: int, kind: Spoilt) -> None:
        """Let the site serve a bad record."""
        ...

    def interpose(self, action: Callable[[], None], *, after: int) -> None:
        """Do something once, after so many further requests and before the next is answered."""
        ...
