"""Making a host from an app: each function's trigger is checked and gets its listener."""

import logging
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from local.host.admin import Administration
from local.host.app_settings import MissingSetting, connection_string, is_disabled, resolve
from local.host.back_off import BackOff
from local.host.clock import Clock
from local.host.event_grid import EVENT_GRID_TRIGGER, EventGridWebhook
from local.host.front_door import FrontDoor
from local.host.functions import FunctionInfo, UnusableBinding
from local.host.host import Host
from local.host.host_json import HostJson, QueueOptions
from local.host.http_functions import HTTP_TRIGGER, HttpFunction, HttpFunctions
from local.host.invocations import Callee, Invoker
from local.host.keys import Keys
from local.host.ncrontab import InvalidSchedule, parse_schedule
from local.host.queue_messages import MessageProcessor
from local.host.queues import DEFAULT_LEASE, POISON_SUFFIX, QUEUE_TRIGGER, QueueListener
from local.host.storage_queue import StorageQueue
from local.host.timer_status import TimerStatuses
from local.host.timers import TIMER_TRIGGER, Timer, TimerListener
from local.host.worker import Worker

SERVED: Final = (HTTP_TRIGGER, EVENT_GRID_TRIGGER, QUEUE_TRIGGER, TIMER_TRIGGER)

# learn.microsoft.com, "Naming queues and metadata".
_QUEUE_NAME: Final = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What is not in host.json; without a master key one is made up."""

    master_key: str | None = None
    message_lease: timedelta = DEFAULT_LEASE
    timer_status: Path | None = None
    load_worker: Callable[[Path], Callee] = Worker.load
    on_storage_error: Callable[[str], None] = logging.getLogger("host").warning


def load_host(app: Path, settings: Mapping[str, str], clock: Clock, options: HostOptions) -> Host:
    """Load an app; raises AppDidNotLoad, InvalidHostJson or UnusableBinding."""
    host_json = HostJson.read(app)
    worker = options.load_worker(app)
    functions = worker.functions.values()
    for function in functions:
        _check_served(function)
    invoker = Invoker(worker, host_json.function_timeout)
    disabled = {one.name for one in functions if is_disabled(one.name, settings)}
    enabled = [one for one in functions if one.name not in disabled]
    keys = Keys.make(_names(enabled, HTTP_TRIGGER), options.master_key)
    routed = [HttpFunction.of(one, host_json.route_prefix) for one in _of(enabled, HTTP_TRIGGER)]
    door = FrontDoor(
        Administration(invoker, keys, disabled),
        EventGridWebhook(_names(enabled, EVENT_GRID_TRIGGER), invoker, keys),
        HttpFunctions(routed, invoker, keys),
    )
    queues = _QueueTriggers(settings, host_json.queues, options, invoker, clock)
    return Host(
        keys,
        invoker,
        door,
        _timer_listeners(_of(enabled, TIMER_TRIGGER), settings, invoker, clock, options),
        [queues.listener(one) for one in _of(enabled, QUEUE_TRIGGER)],
        queues.opened,
    )


def _of(functions: list[FunctionInfo], trigger: str) -> list[FunctionInfo]:
    return [one for one in functions if one.trigger.type == trigger]


def _names(functions: list[FunctionInfo], trigger: str) -> frozenset[str]:
    return frozenset(one.name for one in _of(functions, trigger))


def _check_served(function: FunctionInfo) -> None:
    if function.trigger.type not in SERVED:
        raise UnusableBinding(function.name, f"this host has no {function.trigger.type}")
    for binding in function.bindings:
        if binding is not function.trigger and binding.type != "http":
            raise UnusableBinding(function.name, f"this host has no binding of type {binding.type}")


def _timer_listeners(
    functions: list[FunctionInfo],
    settings: Mapping[str, str],
    invoker: Invoker,
    clock: Clock,
    options: HostOptions,
) -> list[TimerListener]:
    statuses = TimerStatuses(options.timer_status)
    timers = [_timer(one, settings, clock) for one in functions]
    return [TimerListener(timer, invoker, clock, statuses) for timer in timers]


def _timer(function: FunctionInfo, settings: Mapping[str, str], clock: Clock) -> Timer:
    trigger = function.trigger
    try:
        schedule = parse_schedule(resolve(trigger.text("schedule"), settings))
        schedule.next_after(clock.now())
    except (InvalidSchedule, MissingSetting) as error:
        raise UnusableBinding(function.name, f"schedule: {error}") from error
    return Timer(
        function.name,
        schedule,
        run_on_startup=trigger.flag("runOnStartup", default=False),
        use_monitor=trigger.flag("useMonitor", default=True),
        retry=function.retry,
    )


@dataclass(frozen=True, slots=True)
class _QueueTriggers:
    """Makes the listeners of queue triggers, and knows which connections to close."""

    settings: Mapping[str, str]
    queue_options: QueueOptions
    options: HostOptions
    invoker: Invoker
    clock: Clock
    opened: list[StorageQueue] = field(default_factory=list)

    def listener(self, function: FunctionInfo) -> QueueListener:
        name = self._queue_name(function)
        queue = self._open(function, name)
        has_poison_queue = not name.endswith(POISON_SUFFIX)
        processor = MessageProcessor(
            function.name,
            queue=queue,
            poison=self._open(function, name + POISON_SUFFIX) if has_poison_queue else None,
            options=self.queue_options,
            lease=self.options.message_lease,
            invoker=self.invoker,
            clock=self.clock,
            on_error=self.options.on_storage_error,
        )
        return QueueListener(
            queue=queue,
            processor=processor,
            options=self.queue_options,
            lease=self.options.message_lease,
            clock=self.clock,
            on_error=self.options.on_storage_error,
            back_off=BackOff(self.queue_options.max_polling_interval, random.random),
        )

    def _queue_name(self, function: FunctionInfo) -> str:
        try:
            name = resolve(function.trigger.text("queueName"), self.settings).lower()
        except MissingSetting as error:
            raise UnusableBinding(function.name, f"queueName: {error}") from error
        if not _QUEUE_NAME.fullmatch(name):
            raise UnusableBinding(function.name, f"queueName {name!r} can be no queue's name")
        return name

    def _open(self, function: FunctionInfo, name: str) -> StorageQueue:
        try:
            connection = connection_string(function.trigger.text("connection", ""), self.settings)
            queue = StorageQueue(connection, name)
        except (MissingSetting, ValueError) as error:
            raise UnusableBinding(function.name, f"connection: {error}") from error
        self.opened.append(queue)
        return queue
