"""The worker is killed by SIGKILL exactly where a run could fall apart; it does not.

A pass-through between the host and the storage emulator recognises the request, and kills the host
before or after it takes effect. Then the message that was being worked on comes again. Where every
message is lost as well, as if the kills had poisoned them, `mind_runs` is all that is left.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from shared.domain.fleet.run_work import RUNS_QUEUE, SHARDS_QUEUE
from tests.scenarios.farm import Farm, Fleet, farm
from tests.scenarios.test_fleet_runs import LOCATIONS, SUBSCRIPTIONS, all_protected
from tests.scenarios.tripwire import Request, Tripwire, When

FLEET = Fleet(SUBSCRIPTIONS, LOCATIONS, clusters_each=8)
OUTCOMES = 48
KILLED_WITHIN_SECONDS = 60

type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Point:
    """Where the host is killed."""

    name: str
    when: When
    table: str = ""
    words: tuple[bytes, ...] = ()
    queue: str = ""

    def matches(self, request: Request) -> bool:
        """Recognise the request."""
        if self.queue:
            return request.enqueues(self.queue)
        return request.writes(self.table, *self.words)

    def __str__(self) -> str:
        """Name it."""
        return self.name


RUNS, SHARDS = "naptimeruns", "naptimeshards"
BEFORE_THE_MESSAGE = Point("after the record, before its message", When.BEFORE, queue=RUNS_QUEUE)
BETWEEN_ROWS = Point("between two rows of a listing", When.AFTER, RUNS, (b"batch:",))
BEFORE_THE_BATON = Point("after the rows, before the batons", When.BEFORE, queue=SHARDS_QUEUE)
HOLDING = Point("holding a lease, nothing read yet", When.AFTER, SHARDS, (b"leaseRun",))
HOLDING_AFTER_WRITES = Point(
    "holding a lease, writes accepted and not written down", When.BEFORE, RUNS, (b"shown",)
)


@asynccontextmanager
async def killed(folder: Path, point: Point) -> AsyncIterator[tuple[Farm, str]]:
    """Start a run, have the host killed at the point, and give what is left, without a host.

    With it comes the id of the run; a call that was not answered has left it in storage all the
    same.
    """
    tripwire = Tripwire(point.matches, point.when)
    settings = {"NAPTIME_MIND_SCHEDULE": "*/3 * * * * *"}
    options = ("--page-size=7",)
    async with farm(
        folder, FLEET, *options, lease_seconds=3, settings=settings, tripwire=tripwire
    ) as running:
        tripwire.kill = running.host.kill_now
        run_id = ""
        try:
            run_id = await running.start_run()
        except aiohttp.ClientError:
            assert point is BEFORE_THE_MESSAGE
        async with asyncio.timeout(KILLED_WITHIN_SECONDS):
            assert await running.host.wait() == -signal.SIGKILL
        assert len(tripwire.trips) == 1
        yield running, run_id


async def check(running: Farm, run_id: str) -> None:
    """See that the run ends, with every cluster protected by one write, and counted once."""
    if not run_id:
        _, page = await running.api("GET", "runs")
        (shown,) = cast("list[Json]", page["value"])
        run_id = str(shown["runId"])
    run = await running.finished(run_id)
    await all_protected(running, FLEET)
    outcomes = cast("dict[str, int]", run["outcomes"])
    assert sum(outcomes.values()) == OUTCOMES
    assert all(len(bodies) == 1 for bodies in (await running.writes()).values())
    assert set(await running.statuses()) == {200}


async def lose_messages(running: Farm) -> None:
    """Remove every message of runs, as if they had been poisoned by kills."""
    for name in (RUNS_QUEUE, SHARDS_QUEUE):
        connection = running.azurite.connection_string
        async with QueueClient.from_connection_string(connection, name) as queue:
            # Nothing may have been sent to it yet, so that nobody has made it.
            with suppress(ResourceNotFoundError):
                await queue.clear_messages()


@pytest.mark.parametrize("point", [BETWEEN_ROWS, BEFORE_THE_BATON], ids=str)
async def test_killed_while_a_message_is_worked_on(tmp_path: Path, point: Point) -> None:
    """The message comes again, and the run ends as if nothing had happened."""
    async with killed(tmp_path, point) as (running, run_id):
        await running.start_host()
        await check(running, run_id)


@pytest.mark.campaign
async def test_killed_and_every_message_lost(tmp_path: Path) -> None:
    """At each point, in runs side by side: minding alone brings the run to its end.

    It waits for two or three minutes first, and a minute for the lease of the dead.
    """
    points = (
        BEFORE_THE_MESSAGE,
        BETWEEN_ROWS,
        BEFORE_THE_BATON,
        HOLDING,
        HOLDING_AFTER_WRITES,
    )

    async def minded(number: int, point: Point) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        async with killed(folder, point) as (running, run_id):
            await lose_messages(running)
            await running.start_host()
            await check(running, run_id)
            assert "runs mended" in running.host.stderr_text()

    async with asyncio.TaskGroup() as group:
        for number, point in enumerate(points):
            group.create_task(minded(number, point))


@pytest.mark.campaign
@pytest.mark.parametrize("point", [HOLDING, HOLDING_AFTER_WRITES], ids=str)
async def test_killed_while_holding_a_lease(tmp_path: Path, point: Point) -> None:
    """The next holder waits a minute for the lease of the dead one to end, and finds its writes."""
    async with killed(tmp_path, point) as (running, run_id):
        await running.start_host()
        await check(running, run_id)
