"""The Functions host: a worker with an app, and everything that triggers its functions."""

import asyncio
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from local.host.admin import Administration
from local.host.app_settings import connection_string, is_disabled, resolve
from local.host.clock import Clock, SystemClock
from local.host.event_grid import EVENT_GRID_TRIGGER, EventGridWebhook
from local.host.front_door import FrontDoor
from local.host.functions import FunctionInfo, UnusableBinding
from local.host.host_json import HostJson
from local.host.http_functions import HTTP_TRIGGER, HttpFunction, HttpFunctions
from local.host.invocations import Invoker
from local.host.keys import Keys
from local.host.ncrontab import parse_schedule
from local.host.queues import DEFAULT_LEASE, POISON_SUFFIX, QUEUE_TRIGGER, QueueListener
from local.host.storage_queue import StorageQueue
from local.host.timer_status import TimerStatuses
from local.host.timers import TIMER_TRIGGER, Timer, TimerListener
from local.host.worker import Worker

logger = logging.getLogger("host")

SERVED = (HTTP_TRIGGER, EVENT_GRID_TRIGGER, QUEUE_TRIGGER, TIMER_TRIGGER)


@dataclass(frozen=True, slots=True)
class Options:
    """What is not in host.json: the master key (None: made up), how long messages are leased."""

    key: str | None = None
    message_lease: timedelta = DEFAULT_LEASE
    timer_status: Path | None = None


class Host:
    """A host that is ready to listen; `keys` are those that it accepts."""

    def __init__(
        self, worker: Worker, host_json: HostJson, options: Options, settings: Mapping[str, str]
    ) -> None:
        self._settings = settings
        self._options = options
        self._host_json = host_json
        self._clock: Clock = SystemClock()
        self._invoker = Invoker(worker, host_json.function_timeout)
        self._enabled = [one for one in worker.functions.values() if not self._is_off(one)]
        for function in worker.functions.values():
            _check_served(function)
        self.keys = Keys.make(self._named(HTTP_TRIGGER), options.key)
        self._timers = [self._timer(one) for one in self._triggered_by(TIMER_TRIGGER)]
        self._queues: list[StorageQueue] = []
        self._listeners = [self._listener(one) for one in self._triggered_by(QUEUE_TRIGGER)]
        self._front_door = self._make_front_door(worker)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def load(cls, app: Path, options: Options, settings: Mapping[str, str]) -> Self:
        """Load an app; AppDidNotLoad, InvalidHostJson, UnusableBinding, MissingSetting or
        InvalidSchedule say what is wrong with it."""
        host_json = HostJson.read(app)
        return cls(Worker.load(app), host_json, options, settings)

    async def start(self, port: int) -> str:
        """Make the queues, listen and start every trigger; the URL."""
        await asyncio.gather(*(queue.make_sure() for queue in self._queues))
        url = await self._front_door.listen(port)
        runs = [*(one.run() for one in self._listeners), *(one.run() for one in self._timers)]
        self._tasks = [asyncio.create_task(run) for run in runs]
        return url

    async def stop(self, seconds: float) -> int:
        """Trigger nothing more and give running calls so many seconds; how many have not ended."""
        for listener in self._listeners:
            listener.stop()
        for task in self._tasks[len(self._listeners) :]:
            task.cancel()
        unfinished = await self._invoker.drain(seconds)
        await self._front_door.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)
        for queue in self._queues:
            await queue.__aexit__(None, None, None)
        return unfinished
