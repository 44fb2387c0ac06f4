"""Sweeps beside the plain loop over the synchronous SDK, on one simulator, one after the other."""

import asyncio
import json
import sys
from datetime import timedelta
from typing import Final

from local.bench.figures import Part, Row
from local.bench.fleet_runs import RunDidNotEnd, swept
from local.bench.fleets import Lot, subscriptions
from local.bench.limits import Limits
from local.bench.sweeps import kept, processor, run_over, stage_of
from local.demo.bodies import Json
from local.demo.stage import Stage
from local.storage_emulator import REPOSITORY

SPREAD, LOOP_FACTOR = 20, 1.6
"""Over how many subscriptions; how much longer than a loop that keeps nothing a sweep may take."""

QUICK_FACTOR: Final = 0.6 / 8.2
"""What of a loop's time a sweep takes where each call takes a tenth of a second: 0.6 of 8.2 s."""

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

_HERE, _THERE = "westeurope", "northeurope"


async def without_limits(clusters: int) -> Part:
    """Sweep a fleet that nothing holds up, twice, and let the plain loop do an equal one.

    Twenty subscriptions, as many clusters in each, and the loop goes over all of them.
    """
    own = subscriptions(2 * SPREAD)
    ours, theirs = own[:SPREAD], own[SPREAD:]
    lots = [Lot(ours, _HERE, clusters // SPREAD), Lot(theirs, _THERE, clusters // SPREAD)]
    async with stage_of(lots, Limits(), WITHOUT_PACE, owned=ours, options=()) as stage:
        found = await swept(stage, run_over(_HERE))
        again = await swept(stage, run_over(_HERE))
        plain = await _plain(stage, *theirs)
    rows = (
        *kept(found),
        Row("to the last call (1.6 x a plain loop)", LOOP_FACTOR * plain, found.seconds, "s"),
        processor(found),
        processor(again, ", where none needs anything"),
    )
    return Part(f"{clusters:,} clusters, no latency, no limits", rows)


async def against_plain_loop(clusters: int) -> Part:
    """Sweep two subscriptions without limits at a latency, and let the plain loop do an equal one.

    Of the first each call makes a connection; of the second they are there.
    """
    first, ours, theirs = subscriptions(3)
    lots = [Lot((first, ours, theirs), _HERE, clusters)]
    async with stage_of(lots, Limits(), WITHOUT_PACE, owned=(first, ours), options=()) as stage:
        await _slow_down(stage)
        connecting = await swept(stage, {"subscriptionId": first, "locations": [_HERE]})
        found = await swept(stage, {"subscriptionId": ours, "locations": [_HERE]})
        plain = await _plain(stage, theirs)
    took, cold, quick = found.seconds_to_last_write, connecting.seconds_to_last_write, QUICK_FACTOR
    rows = (
        *kept(found),
        Row(f"to the last accepted write ({quick:.3f} x a plain loop)", quick * plain, took, "s"),
        Row("the same, with no connection made yet", quick * plain, cold, "s"),
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
