"""What is read out of the journal of clusters that were updated at once."""

from datetime import timedelta

from local.bench.updates import Updated
from local.demo.bodies import cluster_id
from local.demo.journal import Call
from shared.domain.fleet.pace import Pace
from tests.local.bench.test_fleet_runs import ASKED, call, state


def read(second: float, name: str, status: int = 200) -> Call:
    """Give a reading of a cluster itself."""
    at = ASKED + timedelta(seconds=second)
    return Call(1, at, "GET", cluster_id("s", "g", name), status)


PAGE = Call(1, ASKED, "GET", "/subscriptions/s/providers/Microsoft.ContainerService/x", 200)
AFTER = {each.key: each for each in (state("a"), state("b", protected=False))}


def test_what_came_of_each_cluster() -> None:
    """Who is unprotected, who was written to twice, and how often Azure said 429, are counted."""
    writes = (call(2, "a", "PUT"), call(3, "a", "PUT"), call(4, "b", "PUT", 429))
    found = Updated(ASKED, AFTER, (read(1, "a"), PAGE, *writes))
    assert (found.unprotected, found.written_twice, found.throttled) == (1, 1, 1)
    assert found.seconds == 3


def test_the_bound_is_that_of_the_fullest_shard_or_of_the_readings() -> None:
    """Readings of clusters and pages count for Resource Manager, all else for its shard."""
    calls = (read(1, "a"), read(1, "b"), PAGE, call(1, "a"), call(2, "a", "PUT"), call(1, "b"))
    found = Updated(ASKED, AFTER, calls)
    assert found.bound(Pace(1, 0.5), Pace(100, 1)) == (3 - 1) / 0.5
    assert found.bound(Pace(100, 1), Pace(1, 0.1)) == (5 - 1) / 0.1
