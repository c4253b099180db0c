"""Every error of a sync, named by who has to act.

SyncError
├── RetryLater          nobody: waiting helps (429, 5xx, a lost connection)
├── TenantMustAct       the tenant: credentials, rights, address, a setting
├── OperatorMustAct     whoever runs this program: database, keys, configuration
│   ├── UnknownTenant   or whoever asks, who named something that there is not,
│   ├── UnknownSync     …
│   ├── WrongWish       … or wished for something that cannot be,
│   └── Conflict        … or for something that can be no longer, or not yet
├── BudgetSpent         whoever set the budget, or nobody: the next month brings a new one
├── SourceChanged       us: the source no longer answers as its API promises
├── Unexpected          us: an error nobody thought of
├── SyncHeld            nobody: another sync is at work on the same stream
├── LeaseLost           nobody: another sync took the stream over
├── Superseded          nobody: this attempt is no longer the one that its request waits for
├── Stopped             nobody: the sync was asked to stop
└── OutOfTime           nobody: the turn is over, the next one goes on from the checkpoint

Unmappable              a single record that cannot be kept; never stops a sync
"""


class SyncError(Exception):
    """A sync, or a part of it, could not be done. The message says what, which, what next."""


class RetryLater(SyncError):
    """The source or the network is unwell; the same request may succeed later."""

    def __init__(self, message: str, *, after: float | None = None) -> None:
        """`after`: seconds the source asked us to wait, where it said so."""
        super().__init__(message)
        self.after = after


class TenantMustAct(SyncError):
    """Nothing helps until the tenant mends credentials, rights, address or settings."""


class OperatorMustAct(SyncError):
    """Nothing helps until the operator mends the installation."""


class UnknownTenant(OperatorMustAct):
    """No such tenant is registered, or it was removed."""


class UnknownSync(OperatorMustAct):
    """Nobody has asked for such a sync."""


class WrongWish(OperatorMustAct):
    """What was wished for cannot be: no such stream, time or cursor."""


class Conflict(OperatorMustAct):
    """What was wished for does not go with how things stand, such as ending what has ended."""


class BudgetSpent(SyncError):
    """The next call could cost more than the budget has left, or spending is blocked."""


class SourceChanged(SyncError):
    """The source answered something its API does not promise."""


class Unexpected(SyncError):
    """An error nobody thought of; its text stays in the program's log."""


class SyncHeld(SyncError):
    """Another sync holds this tenant's stream."""


class LeaseLost(SyncError):
    """This sync lost its stream to another one, and has stopped writing."""


class Superseded(SyncError):
    """Another run does this sync, or it was cancelled; this attempt has nothing to do."""


class Stopped(SyncError):
    """The sync was asked to stop; what it wrote stays."""


class OutOfTime(SyncError):
    """The sync's turn is over; what it wrote stays and the next turn goes on from there."""


def kind_of(error: SyncError) -> str:
    """The name of the error's class above, also for the more special ones of a source."""
    own = (kind for kind in type(error).__mro__ if kind.__module__ == __name__)
    return next(own).__name__


class Unmappable(Exception):
    """One record cannot be turned into a row; the message says which value and why."""
