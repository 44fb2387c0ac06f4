"""Waiting that can be cut short by being told to stop."""

import asyncio

from local.host.clock import Clock


class Pausing:
    """Waits by a clock until it is told to stop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped = asyncio.Event()

    @property
    def is_stopped(self) -> bool:
        """Tell whether it was told to stop."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Cut the present pause short, and every later one."""
        self._stopped.set()

    async def pause(self, seconds: float) -> None:
        """Return after so many seconds, or as soon as it is told to stop."""
        pause = asyncio.ensure_future(self._clock.sleep(seconds))
        stop = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({pause, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
            stop.cancel()
