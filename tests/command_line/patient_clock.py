"""A clock whose time passes only once everybody else has had their turn."""

import asyncio
from datetime import timedelta

from tests.fakes.clock import FakeClock

TURNS = 200
"""More than any chain of fakes takes that wait for nothing."""


class PatientClock(FakeClock):
    """Sleeping moves it, the earliest sleeper first, when nothing else can go on."""

    async def sleep(self, seconds: float) -> None:
        """Let everybody else go on, then wake at one's own time."""
        wakes = self.now() + timedelta(seconds=seconds)
        self.slept.append(seconds)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        self.move_to(wakes)
