"""Making a host from an app: each function's trigger is checked and gets its listener."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from local.host.admin import Administration
from local.host.app_settings import MissingSetting, connection_string, is_disabled, resolve
from local.host.clock import Clock
from local.host.event_grid import EVENT_GRID_TRIGGER, EventGridWebhook
from local.host.front_door import FrontDoor
from local.host.functions import FunctionInfo, UnusableBinding
from local.host.host import Host
from local.host.host_json import HostJson, QueueOptions
from local.host.http_functions import HTTP_TRIGGER, HttpFunction, HttpFunctions
from local.host.invocations import Invoker
from local.host.keys import Keys
from local.host.ncrontab import InvalidSchedule, parse_schedule
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


def load_host(app: Path, settings: Mapping[str, str], clock: Clock, options: HostOptions) -> Host:
    """Load an app; raises AppDidNotLoad, InvalidHostJson or UnusableBinding."""
    host_json = HostJson.read(app)
    worker = Worker.load(app)
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
    statuses = TimerStatuses(options.timer_status)
    timers = [_timer(one, settings) for one in _of(enabled, TIMER_TRIGGER)]
    return Host(
        keys,
        invoker,
        door,
        [TimerListener(timer, invoker, clock, statuses) for timer in timers],
        [
            _queue_listener(one, settings, host_json.queues, options, invoker, clock)
            for one in _of(enabled, QUEUE_TRIGGER)
        ],
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


def _timer(function: FunctionInfo, settings: Mapping[str, str]) -> Timer:
    trigger = function.trigger
    try:
        schedule = parse_schedule(resolve(trigger.text("schedule"), settings))
    except (InvalidSchedule, MissingSetting) as error:
        raise UnusableBinding(function.name, f"schedule: {error}") from error
    return Timer(
        function.name,
        schedule,
        run_on_startup=trigger.flag("runOnStartup", default=False),
        use_monitor=trigger.flag("useMonitor", default=True),
        retry=function.retry,
    )


def _queue_listener(  # noqa: PLR0913, PLR0917 - what the listener is made of
    function: FunctionInfo,
    settings: Mapping[str, str],
    queue_options: QueueOptions,
    options: HostOptions,
    invoker: Invoker,
    clock: Clock,
) -> QueueListener:
    try:
        name = resolve(function.trigger.text("queueName"), settings).lower()
        connection = connection_string(function.trigger.text("connection", ""), settings)
    except MissingSetting as error:
        raise UnusableBinding(function.name, str(error)) from error
    if not _QUEUE_NAME.fullmatch(name):
        raise UnusableBinding(function.name, f"queueName {name!r} can be no queue's name")
    has_poison_queue = not name.endswith(POISON_SUFFIX)
    return QueueListener(
        function.name,
        queue=StorageQueue(connection, name),
        poison=StorageQueue(connection, name + POISON_SUFFIX) if has_poison_queue else None,
        options=queue_options,
        lease=options.message_lease,
        invoker=invoker,
        clock=clock,
        random=random.random,
    )
