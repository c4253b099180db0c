"""What a look at the installation found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        detail: says what to do where it is not ok.
        serious: something does not work; otherwise somebody should look at it.
    """

    check: str
    ok: bool
    detail: str
    serious: bool = True
