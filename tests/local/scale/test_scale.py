"""`make scale`, over a fleet small enough for a test: limits on, one worker and several."""

import pytest

from local.scale.fleet import AT_HOME, SIZES, subscriptions
from local.scale.workers import Swept, sweep
from shared.domain.fleet.pace import Pace

SMALL = (150, 40, 40, 20)


def test_the_fleet_is_of_the_size_that_is_told() -> None:
    """Ten thousand clusters in a hundred subscriptions, most of each in one location."""
    assert (sum(SIZES), len(SIZES)) == (10_000, 100)
    fleet = subscriptions()
    assert len({place for each in fleet for place in each.places()}) == 20
    places = list(fleet[0].places())
    assert max(places.count(place) for place in places) == AT_HOME * len(places)


@pytest.fixture(scope="module")
async def one() -> Swept:
    return await sweep(subscriptions(SMALL), 1)


@pytest.fixture(scope="module")
async def several() -> Swept:
    return await sweep(subscriptions(SMALL), 3)


@pytest.mark.parametrize("name", ["one", "several"])
def test_the_pace_is_all_that_a_sweep_takes(name: str, request: pytest.FixtureRequest) -> None:
    """No call over a limit, each cluster written once, the slowest shard near its bound."""
    found: Swept = request.getfixturevalue(name)
    assert (found.throttled, found.unprotected, found.written_twice) == (0, 0, 0)
    assert found.bound > 60
    assert found.worst <= 1.1
    assert found.seconds <= 1.1 * found.bound


def test_several_workers_do_the_same_and_share_it(one: Swept, several: Swept) -> None:
    """Three workers make the calls that one makes, at the same pace, each a third of the work."""
    assert several.calls == one.calls
    assert several.table_operations == one.table_operations
    assert sum(several.messages) == sum(one.messages)
    assert min(several.messages) >= sum(one.messages) // 3 - 1


async def test_the_limits_are_on() -> None:
    """A pace above that of AKS meets its limits, so that no 429 says something of the pace."""
    found = await sweep(subscriptions((150,)), 1, Pace(burst=90, rate_per_second=2))
    assert found.throttled > 0
    assert found.unprotected == 0
