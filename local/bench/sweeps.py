"""Fleet runs over fleets of several shapes, each on a stage of its own.

The first run of each, over one cluster elsewhere, has the app load its clients.
"""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.bench.figures import Part, Row
from local.bench.fleet_runs import Swept, swept
from local.bench.fleets import Lot, fleet_of, subscriptions
from local.bench.limits import Limits
from local.bench.versions import host_program
from local.bench.watchers import watch
from local.demo.bodies import Json
from local.demo.setting_up import Plan, staged
from local.demo.stage import Stage

CPU_MILLISECONDS: Final = 5.0
SWEEP_FACTOR: Final = 1.1
"""How much longer than the pace alone a sweep may take."""

WARMED_UP_IN: Final = "swedencentral"
WARMED_UP: Final = "be000000-0000-4000-8000-aaaaaaaaaaaa"
"""Where the one cluster is that the app loads its clients for."""

_HERE, _THERE, _ELSEWHERE = "westeurope", "northeurope", "uksouth"


@dataclass(frozen=True, slots=True)
class Shape:
    """So many shards of so many clusters, at limits of which size."""

    shards: int
    clusters: int
    limits: Limits

    def __str__(self) -> str:
        """Say it for the table."""
        return f"{self.shards:,} shards of {self.clusters:,} clusters, {self.limits}"


async def long_sweep(shape: Shape) -> Part:
    """Sweep few shards that exceed their burst by far: the pace is all that it should cost."""
    own = subscriptions(shape.shards)
    async with stage_of([Lot(own, _HERE, shape.clusters)], shape.limits) as stage:
        found = await swept(stage, run_over(_HERE))
    bound = found.bound(shape.limits.pace)
    words = "sweep (1.1 x what the pace alone costs)"
    return Part(str(shape), (*kept(found), Row(words, SWEEP_FACTOR * bound, found.seconds, "s")))


async def large_fleet(shape: Shape, callers: int) -> Part:
    """Sweep a tenth of a fleet's shards elsewhere, then the fleet twice, and compare the memory.

    Then callers watch it. There are two shards in each subscription. Like with like: all runs list
    every subscription, and their shards are of one size, so only the number of clusters differs.
    The second time every cluster has its schedule already, as in the sweeps of every day.
    """
    own = subscriptions(max(1, shape.shards // 2))
    tenth = own[: max(1, shape.shards // 10)]
    lots = [Lot(own, place, shape.clusters) for place in (_HERE, _THERE)]
    async with stage_of([*lots, Lot(tenth, _ELSEWHERE, shape.clusters)], shape.limits) as stage:
        first = await swept(stage, run_over(_ELSEWHERE))
        found = await swept(stage, run_over(_HERE, _THERE))
        again = await swept(stage, run_over(_HERE, _THERE))
        watched = await watch(stage, callers)
    number = f"{len(found.before):,}"
    words = f"memory after {number} (after {len(first.before):,})"
    # Nothing, where the calls of each shard are within its burst.
    bound = found.bound(shape.limits.pace)
    rows = (
        *kept(found),
        processor(found),
        processor(again, ", where none needs anything"),
        Row(words, first.memory, found.memory, "MB"),
        Row(f"memory after the same {number} again (before)", found.memory, again.memory, "MB"),
        *([Row("sweep (what the pace alone costs)", bound, found.seconds, "s")] if bound else ()),
        *watched.rows(),
    )
    return Part(str(shape), rows)


async def many_shards(shape: Shape) -> Part:
    """Sweep one shard alone, then many of its size at once."""
    own = subscriptions(shape.shards)
    lots = [Lot(own, _HERE, shape.clusters), Lot(own[:1], _THERE, shape.clusters)]
    async with stage_of(lots, shape.limits) as stage:
        alone = await swept(stage, {"subscriptionId": own[0], "locations": [_THERE]})
        found = await swept(stage, run_over(_HERE))
    words = f"{shape.shards:,} shards (one alone)"
    rows = (
        *kept(found),
        Row(words, alone.seconds, found.seconds, "s"),
        processor(found),
    )
    return Part(str(shape), rows)


def processor(found: Swept, where: str = "") -> Row:
    milliseconds = found.processor / len(found.before) * 1000
    words = f"processor time of the host, a cluster{where}"
    return Row(words, CPU_MILLISECONDS, milliseconds, "ms")


def kept(found: Swept) -> tuple[Row, ...]:
    return (
        Row(f"clusters of {len(found.after):,} without a schedule", 0, found.unprotected),
        Row("calls answered with 429", 0, found.throttled),
        Row("calls (1 or 2 a cluster, and the pages)", found.promised_calls, len(found.run_calls)),
    )


def run_over(*locations: str) -> Json:
    return {"fleet": True, "locations": list(locations)}


@asynccontextmanager
async def stage_of(
    lots: Sequence[Lot],
    limits: Limits,
    settings: dict[str, str] | None = None,
    owned: tuple[str, ...] = (),
    options: tuple[str, ...] | None = None,
) -> AsyncIterator[Stage]:
    """Start everything with these fleets, and have the app load its clients."""
    own = owned or lots[0].subscriptions
    # A subscription of its own: one cluster more would be a page more of those that are measured.
    warm = Lot((WARMED_UP,), WARMED_UP_IN, 1)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            fleet_of([*lots, warm]),
            (*own, WARMED_UP),
            (),
            Path(folder),
            settings=limits.settings if settings is None else settings,
            azure_options=limits.azure_options if options is None else options,
            host=host_program(),
        )
        async with staged(plan, lambda _: None) as stage:
            await swept(stage, {"subscriptionId": WARMED_UP, "locations": [warm.location]})
            yield stage
