"""What is read out of the journal and the state of a fleet run."""

from datetime import UTC, datetime, timedelta

import pytest

from local.bench.fleet_runs import Swept
from local.demo.bodies import NODE_OS, cluster_id
from local.demo.evidence import ClusterState
from local.demo.journal import Call
from shared.domain.fleet.shard import Pace

ASKED = datetime(2026, 11, 22, 9, tzinfo=UTC)
LIST = "MaintenanceConfigurations_ListByManagedCluster"


def state(name: str, *, location: str = "westeurope", protected: bool = True) -> ClusterState:
    key = cluster_id("s", "g", name).lower()
    held: dict[str, dict[str, object]] = {NODE_OS: {}} if protected else {}
    return ClusterState(key, "s", location, "Succeeded", True, {}, held)  # noqa: FBT003 - NAP is on


def call(second: float, name: str, method: str = "GET", status: int = 200) -> Call:
    path = cluster_id("s", "g", name) + "/maintenanceConfigurations"
    time = ASKED + timedelta(seconds=second)
    return Call(1, time, method, path, status, "naptime", LIST if method == "GET" else "")


def swept(before: list[ClusterState], after: list[ClusterState], *calls: Call) -> Swept:
    was, now = ({each.key: each for each in states} for states in (before, after))
    return Swept(ASKED, was, now, 1, calls, 0.0, 0.0)


def test_what_is_left_unprotected_is_counted() -> None:
    """A cluster that still has no schedule after the run is counted, and no other."""
    before = [state("a", protected=False), state("b", protected=False), state("c")]
    after = [state("a"), state("b", protected=False), state("c")]
    assert swept(before, after, call(1, "a")).unprotected == 1


def test_throttled_calls_are_counted() -> None:
    """Every 429 counts, whatever the call was."""
    both = [state("a")]
    found = swept(both, both, call(1, "a"), call(2, "a", status=429), call(3, "a", "PUT", 429))
    assert found.throttled == 2


def test_looks_for_node_images_are_no_calls_of_the_run() -> None:
    """The watch looks at each location of the fleet when its quarter of an hour ends."""
    before = [state("a")]
    path = "/subscriptions/s/providers/Microsoft.ContainerService/locations/l/nodeImageVersions"
    watch = Call(1, ASKED, "GET", path, 200, "naptime", "ManagedClusters_ListNodeImageVersions")
    own = call(1, "a")
    assert swept(before, before, own, watch).run_calls == [own]


def test_the_promised_calls() -> None:
    """One call for each cluster, one more where a schedule was missing, and one for each page."""
    before = [state("a", protected=False), state("b"), state("c")]
    assert swept(before, before, call(1, "a")).promised_calls == 3 + 1 + 1


def test_reading_again_is_promised_once_and_before_writes_only() -> None:
    """A cluster without a schedule may be read again, once, and that is no call that is paced."""
    before = [state("a", protected=False), state("b")]
    path = cluster_id("s", "g", "a")
    again = Call(1, ASKED, "GET", path, 200, "naptime")
    other = Call(1, ASKED, "GET", cluster_id("s", "g", "b"), 200, "naptime")
    found = swept(before, before, again, again, other, call(1, "a"))
    assert found.promised_calls == 2 + 1 + 1 + 1
    assert found.configuration_calls == [call(1, "a")]


def test_the_bound_is_that_of_the_busiest_shard() -> None:
    """Beyond its burst a shard takes its rate; calls that are about no cluster cost nothing."""
    both = [state("a"), state("b", location="northeurope")]
    page = Call(1, ASKED, "GET", "/subscriptions/s/providers/x", 200, "naptime")
    calls = [*(call(1, "a") for _ in range(12)), *(call(1, "b") for _ in range(4)), page]
    found = swept(both, both, *calls)
    assert found.bound(Pace(burst=10, rate_per_second=0.5)) == pytest.approx(4.0)
    assert found.bound(Pace(burst=100, rate_per_second=0.5)) == 0


def test_the_times() -> None:
    """A sweep ends with its last call for a cluster, the writing with the last accepted write."""
    both = [state("a")]
    found = swept(
        both,
        both,
        call(1, "a"),
        call(2.5, "a", "PUT"),
        call(3, "a", "PUT", status=500),
        call(4, "a"),
        call(9, "of somebody else"),
    )
    assert found.seconds == pytest.approx(4.0)
    assert found.seconds_to_last_write == pytest.approx(2.5)
