"""How long to wait before trying again."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter; a wish of the server comes first.

    Attributes:
        attempts: tries in all, the first one included.
        base: seconds before the second try, doubled for each further one.
        ceiling: the longest wait in seconds; a server that asks for more is not waited for.
    """

    attempts: int = 5
    base: float = 0.5
    ceiling: float = 60.0

    def delay(
        self,
        attempt: int,
        asked: float | None,
        jitter: Callable[[], float] = random.random,
    ) -> float | None:
        """Seconds to wait after failed try number `attempt` (from 1), or None to give up.

        Args:
            attempt: the number of the try that failed, from 1.
            asked: the seconds of a `Retry-After`, where there was one.
            jitter: gives a number in [0, 1).
        """
        if attempt >= self.attempts:
            return None
        if asked is not None:
            return None if asked > self.ceiling else asked + jitter()
        return min(self.ceiling, self.base * 2 ** (attempt - 1)) * (0.5 + jitter() / 2)
