"""Fleet runs over fleets of several shapes, each on a stage of its own.

The first run of each, over one cluster elsewhere, has the app load its clients.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from local.bench.figures import Part, Row
from local.bench.fleet_runs import RunDidNotEnd, Swept, swept
from local.bench.fleets import Lot, fleet_of, subscriptions
from local.bench.limits import Limits
from local.bench.versions import host_program
from local.bench.watchers import watch
from local.demo.bodies import Json
from local.demo.setting_up import Plan, staged
from local.demo.stage import Stage
from local.storage_emulator import REPOSITORY

CPU_MILLISECONDS: Final = 5.0
SWEEP_FACTOR: Final = 1.1
"""How much longer than the pace alone a sweep may take."""

SPREAD, LOOP_FACTOR = 20, 1.6
"""Over how many subscriptions; how much longer than a loop that keeps nothing a sweep may take."""

QUICK_SECONDS: Final = 1.5
LATENCY_SECONDS: Final = 0.1

WITHOUT_PACE: Final = {
    "NAPTIME_SHARD_BURST": "100000",
    "NAPTIME_SHARD_RATE_PER_SECOND": "9999",
}
"""A pace that holds nothing up: so is a fleet where each location has a few clusters."""

RETRY_AFTER, LATENCY = timedelta(seconds=1), timedelta(seconds=LATENCY_SECONDS)
"""What a refusal asks for, and what a call takes until it is in the journal, which is twice as long
on a busy machine."""

_EVERY_FIFTH: Final[Json] = {
    "fault": "throttled-by-aks",
    "path": "*maintenanceConfigurations*",
    "every": 5,
    "retryAfter": RETRY_AFTER.seconds,
}

WARMED_UP_IN: Final = "swedencentral"
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
        found = await swept(stage, _run_over(_HERE))
    bound = found.bound(shape.limits.pace)
    words = "sweep (1.1 x what the pace alone costs)"
    return Part(str(shape), (*_kept(found), Row(words, SWEEP_FACTOR * bound, found.seconds, "s")))


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
        first = await swept(stage, _run_over(_ELSEWHERE))
        found = await swept(stage, _run_over(_HERE, _THERE))
        again = await swept(stage, _run_over(_HERE, _THERE))
        watched = await watch(stage, callers)
    number = f"{len(found.before):,}"
    words = f"memory after {number} (after {len(first.before):,})"
    # Nothing, where the calls of each shard are within its burst.
    bound = found.bound(shape.limits.pace)
    rows = (
        *_kept(found),
        _processor(found),
        _processor(again, ", where none needs anything"),
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
        found = await swept(stage, _run_over(_HERE))
    words = f"{shape.shards:,} shards (one alone)"
    rows = (
        *_kept(found),
        Row(words, alone.seconds, found.seconds, "s"),
        _processor(found),
    )
    return Part(str(shape), rows)


async def without_limits(clusters: int) -> Part:
    """Sweep a fleet that nothing holds up, twice, and let the plain loop do an equal one.

    Twenty subscriptions, as many clusters in each, and the loop goes over all of them.
    """
    own = subscriptions(2 * SPREAD)
    ours, theirs = own[:SPREAD], own[SPREAD:]
    lots = [Lot(ours, _HERE, clusters // SPREAD), Lot(theirs, _THERE, clusters // SPREAD)]
    async with stage_of(lots, Limits(), WITHOUT_PACE, owned=ours, options=()) as stage:
        found = await swept(stage, _run_over(_HERE))
        again = await swept(stage, _run_over(_HERE))
        plain = await _plain(stage, *theirs)
    rows = (
        *_kept(found),
        Row("to the last call (1.6 x a plain loop)", LOOP_FACTOR * plain, found.seconds, "s"),
        _processor(found),
        _processor(again, ", where none needs anything"),
    )
    return Part(f"{clusters:,} clusters, no latency, no limits", rows)


async def against_plain_loop(clusters: int) -> Part:
    """Sweep a subscription without limits at a latency, and let the plain loop do an equal one."""
    ours, theirs = subscriptions(2)
    lots = [Lot((ours, theirs), _HERE, clusters)]
    async with stage_of(lots, Limits(), WITHOUT_PACE, owned=(ours,), options=()) as stage:
        await _slow_down(stage)
        found = await swept(stage, {"subscriptionId": ours, "locations": [_HERE]})
        plain = await _plain(stage, theirs)
    took = found.seconds_to_last_write
    rows = (
        *_kept(found),
        Row("from the call to the last accepted write", QUICK_SECONDS, took, "s"),
        Row("the same (a plain loop over the synchronous SDK)", plain, took, "s"),
    )
    return Part(f"{clusters:,} clusters, 100 ms latency, no limits", rows)


async def refused_every_fifth(clusters: int) -> Part:
    """Do the same where every fifth call for configurations is 429 and asks for a second's wait."""
    ours, theirs = subscriptions(2)
    lots = [Lot((ours, theirs), _HERE, clusters), Lot((ours,), _THERE, clusters)]
    async with stage_of(lots, Limits(), WITHOUT_PACE, owned=(ours,), options=()) as stage:
        # Calls that wait for a connection are under way; so there are connections for all of them.
        await _slow_down(stage)
        await swept(stage, {"subscriptionId": ours, "locations": [_THERE]})
        await _order(stage, _EVERY_FIFTH)
        found = await swept(stage, {"subscriptionId": ours, "locations": [_HERE]})
        plain = await _plain(stage, theirs)
    rows = (
        Row(f"clusters of {len(found.after):,} without a schedule", 0, found.unprotected),
        Row("calls before their time", 0, found.too_early(2 * LATENCY, RETRY_AFTER + LATENCY)),
        Row("to the last call (a plain loop over the SDK)", plain, found.seconds, "s"),
        Row("calls answered with 429 (a fifth of all)", len(found.run_calls) / 5, found.throttled),
    )
    return Part(f"{clusters:,} clusters, 100 ms latency, every fifth call 429", rows)


def _processor(found: Swept, where: str = "") -> Row:
    milliseconds = found.processor / len(found.before) * 1000
    words = f"processor time of the host, a cluster{where}"
    return Row(words, CPU_MILLISECONDS, milliseconds, "ms")


def _kept(found: Swept) -> tuple[Row, ...]:
    return (
        Row(f"clusters of {len(found.after):,} without a schedule", 0, found.unprotected),
        Row("calls answered with 429", 0, found.throttled),
        Row("calls (1 or 2 a cluster, and the pages)", found.promised_calls, len(found.run_calls)),
    )


def _run_over(*locations: str) -> Json:
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
    warm = Lot(own[:1], WARMED_UP_IN, 1)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            fleet_of([*lots, warm]),
            own,
            (),
            Path(folder),
            settings=limits.settings if settings is None else settings,
            azure_options=limits.azure_options if options is None else options,
            host=host_program(),
        )
        async with staged(plan, lambda _: None) as stage:
            await swept(stage, {"subscriptionId": own[0], "locations": [warm.location]})
            yield stage


async def _slow_down(stage: Stage) -> None:
    await _order(stage, {"fault": "slow", "seconds": LATENCY_SECONDS})


async def _order(stage: Stage, order: Json) -> None:
    async with stage.azure.session.post(f"{stage.azure.url}/faults", json=order) as response:
        response.raise_for_status()


async def _plain(stage: Stage, *theirs: str) -> float:
    """Let the plain loop go over subscriptions, in a process of its own; the seconds it took."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.bench.plain_loop", *theirs),
        cwd=REPOSITORY,
        env=dict(stage.settings),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    states = (await stage.azure.state()).values()
    left = [each for each in states if each.subscription in theirs and not each.schedule]
    if process.returncode or left:
        raise RunDidNotEnd(f"the plain loop left {len(left)} clusters without a schedule")
    return float(json.loads(output))
