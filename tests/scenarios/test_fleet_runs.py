"""Fleet runs as their users see them: whole, polite, and hard to kill."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from shared.domain.vocabulary.ids import ClusterId
from tests.payloads import cluster_written
from tests.scenarios.farm import Farm, Fleet, farm

if TYPE_CHECKING:
    from tests.clusters import Json

SUBSCRIPTIONS = tuple(f"{digit * 8}-1111-1111-1111-111111111111" for digit in "123")
LOCATIONS = ("westeurope", "eastus2")
SMALL = Fleet(SUBSCRIPTIONS, LOCATIONS, clusters_each=16)
TINY = Fleet(SUBSCRIPTIONS, LOCATIONS, clusters_each=4)


async def all_protected(running: Farm, fleet: Fleet) -> None:
    """See that every cluster has a schedule, and that no two writes on one cluster differ."""
    clusters = await running.state()
    wanted = len(fleet.subscriptions) * len(fleet.locations) * fleet.clusters_each
    assert len(clusters) == wanted
    without = [body["name"] for body in clusters if not body["maintenanceConfigurations"]]
    assert without == []
    for path, bodies in (await running.writes()).items():
        assert all(body == bodies[0] for body in bodies), path


async def test_a_fleet_run(tmp_path: Path) -> None:
    """One call protects the fleet: one call per compliant cluster, two where one was missing."""
    async with farm(tmp_path, SMALL, "--throttle", "--page-size=7") as running:
        run = await running.finished(await running.start_run())
        await all_protected(running, SMALL)
        assert run["outcomes"] == {"Created": 24, "Unchanged": 72}
        assert run["throttled"] == 0
        listings = [
            entry
            for entry in await running.controls.journal(method="GET")
            if entry["operation"] == "MaintenanceConfigurations_ListByManagedCluster"
        ]
        assert len(listings) == 96
        assert sum(len(bodies) for bodies in (await running.writes()).values()) == 24
        assert set(await running.statuses()) == {200}


async def test_the_same_run_asked_for_twenty_times(tmp_path: Path) -> None:
    """Twenty requests at once are one run."""
    async with farm(tmp_path, TINY) as running:
        runs = await asyncio.gather(*(running.start_run() for _ in range(20)))
        assert len(set(runs)) == 1
        await running.finished(runs[0])
        status, page = await running.api("GET", "runs")
        assert status == 200
        assert len(page["value"]) == 1  # type: ignore[arg-type]  # JSON


async def test_subscriptions_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """One subscription refuses, one throttles, one is slow: each in its own time, and told."""
    async with farm(tmp_path, TINY) as running:
        await running.controls.order("slow", path=f"*{SUBSCRIPTIONS[2]}*", seconds=0.5)
        await running.controls.order("forbidden", path=f"*{SUBSCRIPTIONS[0]}*", times=None)
        await running.controls.order(
            "throttled-by-arm", path=f"*{SUBSCRIPTIONS[1]}*", times=2, retryAfter=1
        )
        run = await running.finished(await running.start_run())
        (unreadable,) = cast("list[Json]", run["unreadableSubscriptions"])
        assert unreadable["subscriptionId"] == SUBSCRIPTIONS[0]
        assert unreadable["reason"] == "AccessDenied"
        assert run["outcomes"] == {"Created": 4, "Unchanged": 12}


@pytest.mark.campaign
async def test_a_minute_of_weather(tmp_path: Path) -> None:
    """One subscription refuses, one throttles for a minute, one takes 5 s a call, one is well.

    Each goes at its own pace, and the run's record says what happened to it.
    """
    refusing, throttling, slow, well = (
        f"{digit * 8}-1111-1111-1111-111111111111" for digit in "1234"
    )
    fleet = Fleet((refusing, throttling, slow, well), LOCATIONS, clusters_each=16)
    async with farm(tmp_path, fleet, "--throttle") as running:
        now = await running.now()
        minute = {"from": now.isoformat(), "to": (now + timedelta(minutes=1)).isoformat()}
        order = running.controls.order
        await order("forbidden", path=f"*{refusing}*", times=None)
        await order("throttled-by-arm", path=f"*{throttling}*", times=None, retryAfter=7, **minute)
        await order("slow", path=f"*{slow}*", seconds=5)
        run = await running.finished(await running.start_run())
        ended = {each: await running.seconds_until_last_call(each, now) for each in (well, slow)}
        assert ended[well] < ended[slow] < 55
        assert ended[well] < 15
        assert await running.seconds_until_last_call(throttling, now) > 60
        (unreadable,) = cast("list[Json]", run["unreadableSubscriptions"])
        assert (unreadable["subscriptionId"], unreadable["reason"]) == (refusing, "AccessDenied")
        assert run["outcomes"] == {"Created": 24, "Unchanged": 72}
        statuses = await running.statuses(path=f"*{throttling}*")
        assert run["throttled"] == statuses[429] > 0
        assert 429 not in await running.statuses(path=f"*{well}*")


@pytest.mark.campaign
async def test_ten_kills(tmp_path: Path) -> None:
    """The worker is killed ten times during a run: it finishes, and no cluster is missed."""
    settings = {
        "NAPTIME_SHARD_BURST": "6",
        "NAPTIME_SHARD_RATE_PER_SECOND": "1.5",
        "NAPTIME_MIND_SCHEDULE": "*/3 * * * * *",
    }
    waits = random.Random(20261122)  # noqa: S311 - when to kill, not a secret
    async with farm(tmp_path, SMALL, lease_seconds=3, settings=settings) as running:
        run_id = await running.start_run()
        for _ in range(10):
            await asyncio.sleep(waits.uniform(0.1, 1.2))
            await running.kill_host()
        run = await running.finished(run_id)
        await all_protected(running, SMALL)
        outcomes = run["outcomes"]
        assert isinstance(outcomes, dict)
        assert sum(outcomes.values()) == 96
        assert 429 not in await running.statuses()


async def test_the_storage_restarts_in_between(tmp_path: Path) -> None:
    """The storage emulator is stopped and comes back during a run: the run goes on."""
    settings = {
        "NAPTIME_SHARD_BURST": "6",
        "NAPTIME_SHARD_RATE_PER_SECOND": "2",
        "NAPTIME_MIND_SCHEDULE": "*/3 * * * * *",
    }
    async with farm(tmp_path, SMALL, lease_seconds=5, settings=settings) as running:
        run_id = await running.start_run()
        await asyncio.sleep(2)
        await running.azurite.stop()
        await running.azurite.start()
        await running.finished(run_id)
        await all_protected(running, SMALL)


async def test_two_runs_and_events_at_once(tmp_path: Path) -> None:
    """A run over the fleet, one over a location, events among them: the pace holds, no 429."""
    one_shard = Fleet(SUBSCRIPTIONS[:1], LOCATIONS[:1], clusters_each=54)
    # Twice the limits of AKS, whose burst is 120 then: there are more calls than the burst.
    settings = {"NAPTIME_SHARD_BURST": "110", "NAPTIME_SHARD_RATE_PER_SECOND": "1.8"}
    options = ("--throttle", "--throttle-scale=2")
    async with farm(tmp_path, one_shard, *options, settings=settings) as running:
        first = await running.start_run()
        second = await running.start_run(fleet=True, locations=[LOCATIONS[0]])
        assert first != second
        for number in range(5):
            name = f"aks-{LOCATIONS[0]}-{number:03}"
            body = cluster_written(ClusterId.of(SUBSCRIPTIONS[0], "rg", name))
            await running.post_event("on_cluster_created", body)
        for run_id in (first, second):
            run = await running.finished(run_id)
            assert run["throttled"] == 0
        await all_protected(running, one_shard)
        statuses = await running.statuses()
        assert 429 not in statuses
        assert sum(statuses.values()) > 120
