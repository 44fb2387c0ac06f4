"""How long to wait before looking into an empty queue again.

Azure/azure-webjobs-sdk, RandomizedExponentialBackoffStrategy.cs.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

SHORTEST_SECONDS: Final = 0.1
MOST_STEPS: Final = 30


class BackOff:
    """A delay in seconds that is longer each time, until something is found."""

    def __init__(self, longest: timedelta, random: Callable[[], float]) -> None:
        """Take `random` from 0 to 1: each step is up to 20 % shorter or longer."""
        self._longest = longest.total_seconds()
        self._random = random
        self._step = 0

    def reset(self) -> None:
        """Start again with the shortest delay: something was found."""
        self._step = 0

    def next_delay(self) -> float:
        """Give the delay after one more look that found nothing."""
        step, self._step = self._step, min(self._step + 1, MOST_STEPS)
        if not step:
            return min(SHORTEST_SECONDS, self._longest)
        spread = 0.8 + 0.4 * self._random()
        return min(self._longest, SHORTEST_SECONDS * (1.0 + spread * float(1 << (step - 1))))
