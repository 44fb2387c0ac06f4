"""Which nodes NAP replaces when, by the budgets of their pools."""

from datetime import UTC, datetime, timedelta

import pytest

from local.azure.json_values import JsonObject, as_list, as_object
from local.azure.nap.budgets import allowed, budget_of
from local.azure.nap.replacements import pools_of, replacements
from tests.local.azure.conftest import Served
from tests.local.azure.test_controls import refused
from tests.local.azure.test_nap_gate import schedule
from tests.local.azure.test_nap_history import release_image
from tests.local.azure.world import CLUSTER, NODE_OS

SUNDAY = datetime(2026, 8, 30, 1, tzinfo=UTC)
RATE: JsonObject = {"nodes": "10%"}
BLOCK: JsonObject = {
    "nodes": "0",
    "reasons": ["Drifted"],
    "schedule": "0 5 * * 0",
    "duration": "164h",
}


def pool(*budgets: JsonObject, nodes: int = 20, minutes: int = 15) -> JsonObject:
    return {"name": "p", "nodes": nodes, "minutesPerNode": minutes, "budgets": list(budgets)}


def starts(
    *pools: JsonObject, taken: tuple[datetime, ...] = (SUNDAY,), days: int = 30
) -> list[tuple[str, datetime]]:
    """Give the pool and the start of each replacement."""
    read = pools_of({"pools": list(pools)})
    found = replacements(taken, read, SUNDAY + timedelta(days=days))
    return [(each.pool, each.at) for each in found]


def test_as_many_at_once_as_the_budget_allows() -> None:
    """Two of twenty, then two more as soon as these are done."""
    found = [at for _, at in starts(pool(RATE))]
    assert found == [SUNDAY + n // 2 * timedelta(minutes=15) for n in range(20)]


def test_without_a_limit_all_at_once() -> None:
    """An empty list of budgets restricts nothing."""
    assert {at for _, at in starts(pool())} == {SUNDAY}


def test_a_roll_waits_for_the_next_window() -> None:
    """What does not fit goes on a week later; what has started is not stopped."""
    found = [at for _, at in starts(pool(RATE, BLOCK, minutes=50))]
    week = timedelta(weeks=1)
    assert found[:10] == [SUNDAY + n // 2 * timedelta(minutes=50) for n in range(10)]
    assert found[10:] == [SUNDAY + week + n // 2 * timedelta(minutes=50) for n in range(10)]


def test_a_schedule_that_does_not_parse_stops_the_pool() -> None:
    """Another pool is not held up by it."""
    broken = {**BLOCK, "reasons": ["Empty"], "schedule": "0 5 * * sat-sun"}
    other = {**pool(RATE), "name": "other"}
    assert {name for name, _ in starts(pool(RATE, broken), other)} == {"other"}


def test_a_newer_image_is_rolled_to_as_well() -> None:
    """Nodes that have been replaced are replaced again, those that were not but once."""
    later = SUNDAY + timedelta(minutes=20)
    found = [at for _, at in starts(pool(RATE), taken=(SUNDAY, later))]
    assert len(found) == 24
    assert max(found) == SUNDAY + timedelta(minutes=15 * 11)


def test_nothing_is_taken_and_nothing_rolls() -> None:
    """Without a new image no node has drifted."""
    assert starts(pool(RATE), taken=()) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**pool(), "nodes": 0}, "nodes"),
        ({**pool(), "nodes": 1001}, "nodes"),
        ({**pool(), "minutesPerNode": 0}, "minutesPerNode"),
        ({**pool(), "name": ""}, "name"),
        (pool({"nodes": "110%"}), "nodes 110%"),
        (pool({**RATE, "cron": "x"}), "cron is not known"),
        (pool({**RATE, "schedule": "0 0 * * *"}), "schedule and duration"),
        (pool({**BLOCK, "duration": "1d"}), "duration 1d"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(body: JsonObject, words: str) -> None:
    """With the field."""
    with pytest.raises(ValueError, match=words):
        pools_of({"pools": [body]})


def test_pools_have_names_of_their_own() -> None:
    """Two of one name are refused."""
    with pytest.raises(ValueError, match="each with a name of its own"):
        pools_of({"pools": [pool(), pool()]})


def test_the_edges_of_a_budget() -> None:
    """Active at its hit, and no longer when its duration is over."""
    block = [budget_of(BLOCK)]
    end = SUNDAY + timedelta(hours=4)
    second = timedelta(seconds=1)
    shown = [allowed(block, 20, at) for at in (SUNDAY - second, SUNDAY, end - second, end)]
    assert shown == [0, 20, 20, 0]


async def test_the_controls_tell_which_nodes_roll(served: Served) -> None:
    """Pools are given, and what NAP does with them is listed, within the window or outside."""
    await served.control("PUT", f"state{NODE_OS}", {"properties": schedule()})
    await served.control("POST", "clock", {"advance": 3600})
    await release_image(served)
    await served.control("POST", "clock", {"advance": 14 * 86400})
    slow = {**pool(RATE, nodes=40, minutes=60), "name": "slow"}
    shown = await served.control("PUT", f"nap{CLUSTER}/pools", {"pools": [pool(RATE, BLOCK), slow]})
    pools = [as_object(each) for each in as_list(shown["pools"])]
    assert [(each["name"], each["allowedNow"]) for each in pools] == [("p", 0), ("slow", 4)]
    assert await served.control("GET", f"nap{CLUSTER}/pools") == shown
    found = await served.control("GET", f"nap{CLUSTER}/replacements")
    rolled = [as_object(each) for each in as_list(found["value"])]
    assert found["count"] == len(rolled) == 60
    outside = {str(each["pool"]) for each in rolled if not each["inWindow"]}
    assert (outside, found["outside"]) == ({"slow"}, 24)
    early = await served.control("GET", f"nap{CLUSTER}/replacements?at=2026-08-30T01:06:00Z")
    assert early["count"] == 6


async def test_the_controls_refuse_what_they_do_not_know(served: Served) -> None:
    """With 400, 404 and 405."""
    bad = {"pools": [pool({"nodes": "many"})]}
    assert (await refused(served, "PUT", f"nap{CLUSTER}/pools", bad))[0] == 400
    assert (await refused(served, "DELETE", f"nap{CLUSTER}/pools"))[0] == 405
    assert (await refused(served, "GET", "nap/subscriptions/x/pools"))[0] == 404
    assert (await refused(served, "GET", "nap/subscriptions/x/replacements"))[0] == 404
