"""Every cluster of a subscription is updated at once, and several workers read the one queue."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from local.azure.arm.locations import LOCATIONS
from local.bench.cluster_events import cluster_written
from local.bench.figures import Part, Row
from local.bench.fleet_runs import (
    NODE_IMAGES_LISTED,
    RunDidNotEnd,
    States,
    refused_by_limits,
    until_quiet,
    without_schedule,
)
from local.bench.fleets import Lot, subscriptions
from local.bench.sweeps import SWEEP_FACTOR, WARMED_UP_IN, Shape, stage_of
from local.demo.journal import Call
from local.demo.stage import Stage
from local.demo.surroundings import clean_environment
from local.processes import Child
from local.storage_emulator import REPOSITORY
from shared.domain.fleet.pace import Pace
from shared.settings import READ_PACE

WORKERS: Final = 4
THROTTLED_BEFORE, CALLS_BEFORE = 1_503, 10.5
"""What came of 600 clusters in the version before, which read each of them at every delivery."""

CALLS_EACH: Final = 3
"""The cluster is read, its configurations are listed, and one is written."""

_PLACES: Final = [where for where in LOCATIONS if where != WARMED_UP_IN]

STANDS_STILL: Final = 120.0
"""Seconds without one more protected cluster after which nothing more is waited for."""


@dataclass(frozen=True, slots=True)
class Updated:
    """What came of updates of so many clusters at once, by the journal and the state."""

    asked_at: datetime
    after: States
    calls: Sequence[Call]

    @property
    def unprotected(self) -> int:
        """How many clusters have no schedule."""
        return without_schedule(self.after)

    @property
    def throttled(self) -> int:
        """How many calls were answered with 429."""
        return refused_by_limits(self.calls)

    @property
    def written_twice(self) -> int:
        """How many clusters were written to more than once."""
        writes = Counter(call.cluster for call in self.calls if call.is_write)
        return sum(number > 1 for number in writes.values())

    @property
    def seconds(self) -> float:
        """From the events to the last write that ARM accepted."""
        last = max(call.time for call in self.calls if call.is_accepted_write)
        return (last - self.asked_at) / timedelta(seconds=1)

    def bound(self, pace: Pace, read_pace: Pace) -> float:
        """Give the seconds that the pace of the fullest shard costs, or that of all readings."""
        clusters = (call.cluster for call in self.calls if call.path.lower() != call.cluster)
        shards = Counter(self.after[each].location for each in clusters if each)
        reads = sum(call.method == "GET" for call in self.calls)
        return max(_seconds(max(shards.values()), pace), _seconds(reads, read_pace))


def _seconds(calls: int, pace: Pace) -> float:
    return max(0.0, calls - pace.burst) / pace.rate_per_second


async def updated_at_once(shape: Shape, workers: int) -> Part:
    """Update all clusters of one subscription, in so many locations, at one moment."""
    (own,) = subscriptions(1)
    lots = [Lot((own,), where, shape.clusters, 1) for where in _PLACES[: shape.shards]]
    async with stage_of(lots, shape.limits) as stage, _more_workers(stage, workers - 1):
        found = await _updated(stage)
    number, each = len(found.after), len(found.calls) / len(found.after)
    bound = SWEEP_FACTOR * found.bound(shape.limits.pace, READ_PACE)
    rows = (
        Row(f"clusters of {number:,} without a schedule", 0, found.unprotected),
        Row("clusters that were written to twice", 0, found.written_twice),
        Row(
            f"calls answered with 429 (the version before: {THROTTLED_BEFORE:,})",
            0,
            found.throttled,
        ),
        Row(f"calls, a cluster (the version before, one worker: {CALLS_BEFORE})", CALLS_EACH, each),
        Row("to the last write (1.1 x what the pace alone costs)", bound, found.seconds, "s"),
    )
    where = "one location" if shape.shards == 1 else f"{shape.shards:,} locations"
    what = f"{number:,} clusters of {where} updated at once"
    return Part(f"{what}, {workers} workers, {shape.limits}", rows)


@asynccontextmanager
async def _more_workers(stage: Stage, number: int) -> AsyncIterator[None]:
    """Start further hosts over the same queues and tables, which Event Grid knows nothing of."""
    environment = clean_environment() | dict(stage.settings)
    argv = (sys.executable, "-m", "local.host", "--port", "0", "--key", stage.api.key)
    async with AsyncExitStack() as stack:
        for _ in range(number):
            host = await Child.start(argv, env=environment, cwd=REPOSITORY)
            stack.push_async_callback(host.stop)
        yield


async def _updated(stage: Stage) -> Updated:
    ours = {key: state for key, state in (await stage.azure.state()).items() if not state.schedule}
    since, asked_at = await stage.azure.sequence(), await stage.azure.now()
    await stage.azure.send_events([cluster_written(key, number) for number, key in enumerate(ours)])
    await _until_protected(stage, ours)
    await until_quiet(stage)
    calls = [
        call for call in await stage.azure.calls(since) if call.operation != NODE_IMAGES_LISTED
    ]
    after = await stage.azure.state()
    return Updated(asked_at, {key: after[key] for key in ours}, calls)


async def _until_protected(stage: Stage, ours: Iterable[str]) -> None:
    """Wait while clusters get their schedules; raises RunDidNotEnd once no more do."""
    left, deadline = -1, 0.0
    while left:
        stage.check()
        await asyncio.sleep(1)
        state = await stage.azure.state()
        now = sum(not state[key].schedule for key in ours)
        if now != left:
            left, deadline = now, monotonic() + STANDS_STILL
        elif monotonic() > deadline:
            raise RunDidNotEnd(f"{left} clusters got no schedule for {STANDS_STILL:.0f} s")
