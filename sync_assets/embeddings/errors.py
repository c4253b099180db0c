"""How a call to a provider fails, and whether it may have cost something.

A call was either refused before it cost anything, and its error is a `NotBilled`; or it may have
been worked on and billed, and nobody can know.

RetryLater
├── Busy (NotBilled)                 the provider has too much to do, or cannot be reached
└── TooMuch (NotBilled)              the call has too many texts; `max_inputs` is lower from now on
OperatorMustAct
└── Refused (NotBilled)              key, rights, model, address or quota
SourceChanged
└── TextRefused (NotBilled)          the provider does not take such a text
Stopped
└── StoppedBeforeCall (NotBilled)    nothing was under way when the stop came
OutOfTime
└── OutOfTimeBeforeCall (NotBilled)  nothing was under way when the time was over
"""

from collections.abc import Generator
from contextlib import contextmanager

from sync_assets.core.errors import (
    OperatorMustAct,
    OutOfTime,
    RetryLater,
    SourceChanged,
    Stopped,
)


class NotBilled(Exception):
    """Besides another kind of error: the call cost nothing."""


class Busy(NotBilled, RetryLater):
    """The provider has too much to do now, or cannot be reached."""


class TooMuch(NotBilled, RetryLater):
    """The call has more texts than this provider takes; its `max_inputs` is lower from now on."""


class Refused(NotBilled, OperatorMustAct):
    """The provider does not serve us: key, rights, model, address or quota."""


class TextRefused(NotBilled, SourceChanged):
    """The provider does not take such a text."""


class StoppedBeforeCall(NotBilled, Stopped):
    """The stop came while nothing was under way."""


class OutOfTimeBeforeCall(NotBilled, OutOfTime):
    """The time was over while nothing was under way."""


class WrongAnswer(Exception):
    """Why an answer cannot be trusted, as the end of a sentence: "It answered …"."""

    def of(self, provider: str) -> SourceChanged:
        """The error that says who answered so."""
        return SourceChanged(
            f"{provider} answered {self}. Nothing of that answer is kept. Waiting may help; if it "
            "does not, this provider or model cannot be used."
        )


def may_be_billed(error: BaseException) -> bool:
    """Must the money of a call that failed so be counted as spent?"""
    return not isinstance(error, NotBilled)


@contextmanager
def before_call() -> Generator[None]:
    """Around waits and checks while nothing is under way."""
    try:
        yield
    except Stopped as stopped:
        raise StoppedBeforeCall(*stopped.args) from stopped
    except OutOfTime as over:
        raise OutOfTimeBeforeCall(*over.args) from over
