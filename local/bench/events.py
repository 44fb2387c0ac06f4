"""From an event to the accepted write, and how long the Event Grid webhook takes to answer."""

import asyncio
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from local.azure.arm.locations import LOCATIONS
from local.bench.cluster_events import SUBSCRIPTION, delivered, gone
from local.bench.cold_start import Start, starts
from local.bench.processes import resident
from local.demo.bodies import cluster_body, cluster_id
from local.demo.journal import Call
from local.demo.setting_up import Plan, staged
from local.demo.stage import Stage, until

SECONDS_TO_WAIT: Final = 30.0
IDLE_SECONDS: Final = 6.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    clusters: int = 40
    events: int = 100
    idle_times: int = 2


@dataclass(frozen=True, slots=True)
class Events:
    """Everything in milliseconds, but the memory of the host with the app in megabytes."""

    first_event: float
    after_idling: tuple[float, ...]
    handler: tuple[float, ...]
    handler_in_flood: tuple[float, ...]
    to_write: tuple[float, ...]
    megabytes: float
    starts: tuple[Start, ...]


async def measure(plan: Plan, sizes: Sizes) -> Events:
    """Start everything afresh and measure; the first event finds an app that has done nothing."""
    async with staged(plan, lambda _: None) as stage:
        first = await _created(stage, 0)
        written = [await _created(stage, number) for number in range(1, sizes.clusters + 1)]
        idled = [await _after_idling(stage, number) for number in range(sizes.idle_times)]
        alone = [await _handled_alone(stage, number) for number in range(sizes.events)]
        flood = range(sizes.events, 2 * sizes.events)
        handled = [await _handled(stage, number) for number in flood]
        held = resident(stage.host_pid)
        times = tuple(idled), tuple(alone), tuple(handled), tuple(written)
        return Events(first, *times, held, await starts(stage))


async def _created(stage: Stage, number: int) -> float:
    """Create a cluster; the time from its event to the write that ARM accepted."""
    cluster = cluster_id(SUBSCRIPTION, "bench", f"aks-{number:05}")
    # From place to place: the pace that AKS allows in one of them is measured elsewhere.
    location = LOCATIONS[number % len(LOCATIONS)]
    await stage.azure.put_cluster(cluster_body(cluster, location))
    write = await until(stage, lambda: _accepted(stage, cluster), SECONDS_TO_WAIT)
    return (write.time - await stage.azure.last_event(cluster)).total_seconds() * 1000


async def _after_idling(stage: Stage, number: int) -> float:
    """Do the same where the host has idled, and so looks at its queues less often."""
    await asyncio.sleep(IDLE_SECONDS)
    return await _created(stage, 90_000 + number)


async def _accepted(stage: Stage, cluster: str) -> Call | None:
    calls = await stage.azure.calls(cluster=cluster)
    return next((call for call in calls if call.is_accepted_write), None)


async def _handled_alone(stage: Stage, number: int) -> float:
    """Do what `_handled` does, and wait until the work is done, so that the next finds none."""
    took = await _handled(stage, number)
    await until(stage, lambda: _looked_at(stage, gone(number)), SECONDS_TO_WAIT)
    return took


async def _looked_at(stage: Stage, cluster: str) -> Call | None:
    return next(iter(await stage.azure.calls(cluster=cluster)), None)


async def _handled(stage: Stage, number: int) -> float:
    """Deliver an event that becomes work; the time until the webhook has answered."""
    before = time.perf_counter()
    status = await delivered(stage.api, number)
    took = (time.perf_counter() - before) * 1000
    if status != HTTPStatus.ACCEPTED:
        raise RuntimeError(f"the webhook answered {status}")
    return took
