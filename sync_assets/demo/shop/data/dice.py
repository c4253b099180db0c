"""Numbers that look random and never change: the same keys always fall the same way."""

from collections.abc import Sequence
from typing import TypeVar

Face = TypeVar("Face")

_MASK = (1 << 64) - 1


class Dice:
    """Rolls in an order that depends on its keys alone; far cheaper than seeding a `Random`."""

    __slots__ = ("_state",)

    def __init__(self, *keys: int) -> None:
        state = 0x9E3779B97F4A7C15
        for key in keys:
            state = ((state ^ key) * 0xBF58476D1CE4E5B9 + 0x632BE59BD9B4E019) & _MASK
            state ^= state >> 29
        self._state = state

    def roll(self, sides: int) -> int:
        """One of so many numbers, from 0."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return (self._state >> 33) % sides

    def between(self, low: int, high: int) -> int:
        """One of low … high, both included."""
        return low + self.roll(high - low + 1)

    def pick(self, faces: Sequence[Face]) -> Face:
        """One of these."""
        return faces[self.roll(len(faces))]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred rolls."""
        return self.roll(100) < percent
