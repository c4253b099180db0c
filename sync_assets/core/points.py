"""What an account may be asked where each request has its price: points that come back by time."""

from dataclasses import dataclass
from typing import Protocol

from sync_assets.core.rate import Paces
from sync_assets.core.stop import StopSignal


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an account has.

    Attributes:
        restore: points that come back in a second.
        most: points that it may save up.
    """

    restore: float
    most: float


class Purse(Protocol):
    """The points of one account, whoever spends them; safe from several threads."""

    def take(self, points: int, stop: StopSignal) -> None:
        """Return when so many may be spent, which they then are.

        Raises:
            Stopped: a stop was asked for.
            RetryLater: the purse could not be asked for.
        """
        ...

    def settle(self, back: int, left: float, allowance: Allowance) -> None:
        """Give back what was taken but not spent, and believe the platform where it says less.

        Args:
            back: points that were taken and not spent.
            left: what the platform says that the account has now.
            allowance: what the platform says that the account may have.
        """
        ...


class Accounts(Paces, Protocol):
    """What is shared of all upstream accounts: their paces, and the purses of those with prices."""

    def purse(self, account: str) -> Purse:
        """The purse of an account; `account` begins with the source's name and a colon."""
        ...


class Unmetered:
    """Whoever spends alone asks the platform only."""

    def take(self, points: int, stop: StopSignal) -> None:
        """Return at once."""

    def settle(self, back: int, left: float, allowance: Allowance) -> None:
        """Note nothing."""


UNMETERED: Purse = Unmetered()
