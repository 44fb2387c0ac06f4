"""`python -m local.demo.across_clocks CONTROLS CHANGE`: a schedule in a zone whose clocks change.

A program of its own, because weeks pass in it: the app's use cases over a simulated Azure whose
time is moved, with naptime's own tables in memory. Who starts it has told it where Azure is.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import aiohttp

from local.azure.clock import Clock
from local.azure.json_values import instant_of
from local.demo.azure_controls import AzureControls
from naptime.memory.delivery import Inbound, Postman
from naptime.memory.queues import Message
from naptime.own.login import silent
from naptime.own.lookout import Lookout
from naptime.own.ports import OwnPorts
from shared.domain.deciding.conditions import Condition
from shared.domain.fleet.run import RunScope
from shared.domain.vocabulary.reasons import Cause
from shared.settings import Settings, read_settings
from shared.world import World

ZONE: Final = "Europe/Berlin"
START: Final = "04:00"
WEEK: Final = timedelta(days=7)
BEFORE: Final = timedelta(days=13)
"""A Monday, so that the first opening is a week before the change, which is on a Sunday."""

AFTER_THE_OPENING: Final = timedelta(hours=12)
"""After the hour of the change: the window of that Sunday is closed by then, in any season."""

_PATIENCE: Final = timedelta(seconds=20)
_POLICY: Final = f"""version = 1

[windows.night]
on = "Sunday"
start = "{START}"
hours = 4
zone = "{ZONE}"

[[rules]]
name = "everything"
window = "night"

[update]
schedules = "owned"
"""


class MovedPorts(OwnPorts):
    """Ports by a clock that is moved; who waits does so for real."""

    def __init__(self, settings: Settings, time: Clock) -> None:
        self._time = time
        super().__init__(settings)

    @property
    def clock(self) -> "MovedPorts":
        """These ports tell the time themselves."""
        return self

    def now(self) -> datetime:
        """Tell the time that was set, in UTC."""
        return self._time.now()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


async def main(controls: str, change: datetime) -> None:
    """Have the schedule written, then minded once the last opening before the change is over.

    All of it before `change`, the first hour (UTC) of the new offset.
    """
    settings = read_settings({**os.environ, "AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    time = Clock(change - BEFORE)
    ports = MovedPorts(settings, time)
    world = World(settings, ports, silent(Lookout()))
    try:
        await world.policies.put(_POLICY, "the story", Condition())
        await world.asker.ask(RunScope(), Cause.SWEPT)
        await _deliver(world, ports)
        time.set(change - WEEK + AFTER_THE_OPENING)
        async with aiohttp.ClientSession() as session:
            await AzureControls(session, controls).set_clock(time.now())
        await world.minder.mind(time.now())
        await _deliver(world, ports)
    finally:
        await ports.close()


async def _deliver(world: World, ports: MovedPorts) -> None:
    """Deliver messages until none is left."""
    routes = (
        Inbound(ports.runs_queue, partial(_received, world.run_messages.receive_run_work)),
        Inbound(ports.shards_queue, partial(_received, world.run_messages.receive_baton)),
    )
    await Postman(ports, routes, ports.arrived).until(_never, lambda: ports.now() + _PATIENCE)


async def _received(receive: Callable[[str], Awaitable[None]], message: Message) -> None:
    await receive(message.text)


async def _never() -> bool:
    return False


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], instant_of(sys.argv[2])))
