"""Ending operations when their time has come, also when nobody asks for them."""

import asyncio

from local.azure.simulator import Simulator


class Settler:
    """Settles a simulator by its own clock, until it is stopped."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._wake = asyncio.Event()
        simulator.clock.on_change(self._wake.set)
        simulator.operations.when_begun(self._wake.set)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop settling."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        simulator = self._simulator
        while True:
            self._wake.clear()
            simulator.settle()
            due = simulator.operations.next_due()
            seconds = None if due is None else simulator.clock.seconds_until(due)
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                continue
