"""Looks whether requests kept to a rate."""

from collections.abc import Sequence

from sync_assets.core.rate import Rate


def excess(moments: Sequence[float], rate: Rate) -> float:
    """By how many requests the fullest window is over `burst + rate * seconds`, if positive."""
    return max(
        (last - first + 1) - (rate.burst + rate.per_second * (moments[last] - moments[first]))
        for first in range(len(moments))
        for last in range(first, len(moments))
    )
