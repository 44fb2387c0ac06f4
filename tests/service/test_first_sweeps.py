"""A first sweep asks storage for nothing that cannot be there, and misses nothing that is."""

from collections import Counter
from datetime import timedelta

import pytest

from shared.domain.fleet.pace import Pace
from shared.domain.messages.work import Claim
from shared.domain.vocabulary.reasons import Reason
from shared.domain.vocabulary.rows import Reading
from shared.reconcile.ground.claim import CLUSTERS_TABLE, ClusterClaims
from shared.reconcile.ground.memory import KNOWN, known_key
from tests.clusters import cluster, cluster_id
from tests.fakes.clock import FakeClock
from tests.fakes.tables import FakeTable
from tests.service.test_right_before import by_put
from tests.service_world import World


def rows_read(world: World) -> list[str]:
    """Note which rows of the memory are read one by one, from now on."""
    table, keys = world.tables.of(CLUSTERS_TABLE), list[str]()
    get = table.get

    async def noted(partition: str, key: str) -> Reading:
        if key.startswith(KNOWN):
            keys.append(key)
        return await get(partition, key)

    table.get = noted  # type: ignore[method-assign]  # what storage is asked for
    return keys


async def a_fleet(size: int) -> World:
    """Make clusters without a schedule that nobody has looked at."""
    world = World(pace=Pace(1000, 100), crowd_size=1000)
    for number in range(size):
        world.aks.add(cluster(f"aks-{number}"))
    return world


async def test_of_new_clusters_no_row_is_read() -> None:
    """Of clusters that nobody was at before, nothing is remembered that could be read."""
    world = await a_fleet(60)
    keys = rows_read(world)
    record = await world.sweep()
    assert record.summary["outcomes"] == {"Created": 60}
    assert keys == []


@pytest.mark.parametrize("days", [0, 15])
async def test_what_is_remembered_is_read_before_a_write(days: int) -> None:
    """One row for each cluster that may be written to, also once its claim is tidied away."""
    world = await a_fleet(3)
    await world.sweep()
    world.clock.advance(timedelta(days=days))
    world.aks.remove_schedule(cluster_id("aks-1"))
    keys = rows_read(world)
    await world.sweep()
    assert keys == [known_key(cluster_id("aks-1"))]


async def test_what_naptime_wrote_since_the_listing_is_known() -> None:
    """A person's schedule of that time, removed by somebody, comes back, not the policy's."""
    world = await a_fleet(1)
    world.aks.add(cluster())
    await world.start()
    await world.until_batons()
    await by_put(world)
    wished = world.aks.schedule(cluster_id())
    world.aks.remove_schedule(cluster_id())
    await world.run_and_mind()
    assert world.aks.schedule(cluster_id()) == wished
    assert Reason.SCHEDULE_RESTORED in {outcome.reason for outcome, _ in world.outcomes}


def some_claims() -> tuple[ClusterClaims, FakeTable]:
    """Make claims on a table of their own."""
    table = FakeTable(FakeClock())
    return ClusterClaims(table), table


def verbs(table: FakeTable) -> Counter[str]:
    """Count what was asked of a table since this was asked last."""
    found = Counter(each.verb for each in table.done)
    table.done.clear()
    return found


async def test_new_clusters_are_claimed_and_given_back_by_fifties() -> None:
    """A hundred of them are four requests."""
    claims, table = some_claims()
    names = [cluster_id(f"aks-{number}") for number in range(100)]
    async with claims.holding_each(names) as held:
        assert [*held] == names
        assert verbs(table) == {"insert_all": 2}
    assert verbs(table) == {"replace_all": 2}


async def test_one_that_was_claimed_before_costs_some_of_the_others_a_request() -> None:
    """Those of its half are claimed one by one, the other half is still one request."""
    claims, table = some_claims()
    names = [cluster_id(f"aks-{number}") for number in range(50)]
    before = await claims.claim(names[0], None)
    assert isinstance(before, Claim)
    await claims.release(before, concluded=False)
    table.done.clear()
    async with claims.holding_each(names) as held:
        assert {*held} == {*names}
        assert verbs(table) == {"insert_all": 3, "insert": 25, "get": 1, "replace": 1}
    assert verbs(table) == {"replace_all": 1}
