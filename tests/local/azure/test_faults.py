"""Faults by order, without a server where the connection itself is not at stake."""

import re
from datetime import datetime

import pytest
from aiohttp import ClientTimeout

from local.azure.controls.fault_orders import FAULT_NAMES, OrderIsInvalidError, fault_of
from local.azure.controls.fault_presets import HELD, REFUSALS
from local.azure.json_values import JsonObject, as_list, as_object, as_text
from tests.local.azure.conftest import ConnectionLostError, Served
from tests.local.azure.world import (
    CLUSTER,
    CONFIGURATIONS,
    GROUP,
    NAPTIME,
    NODE_OS,
    SUBSCRIPTION,
    World,
    aks_error,
    cluster,
    content,
    gateway_error,
    window,
)


def order(world: World, fault: str, **fields: object) -> None:
    world.simulator.faults.add(fault_of({"fault": fault, **fields}))


def statuses(world: World, target: str, count: int) -> list[int]:
    return [int(world.get(target).status) for _ in range(count)]


def test_refuse_n_times(world: World) -> None:
    """A refusal strikes as often as it is told to, then calls go through again."""
    order(world, "refuse", times=2, status=503)
    assert statuses(world, CONFIGURATIONS, 3) == [503, 503, 200]


def test_every_nth(world: World) -> None:
    """Every third call, after the first two, is refused."""
    order(world, "unavailable", every=3, skip=2)
    assert statuses(world, CONFIGURATIONS, 8) == [200, 200, 200, 200, 503, 200, 200, 503]


@pytest.mark.parametrize("name", REFUSALS)
def test_named_refusals_have_their_shape(world: World, name: str) -> None:
    """Each named refusal has its status, its code and the shape of who says it."""
    order(world, name)
    reply = world.put(NODE_OS, window())
    expected = REFUSALS[name]
    read = aks_error if expected.shape == "aks" else gateway_error
    assert (reply.status, read(reply)["code"]) == (expected.status, expected.code)
    assert not re.search(r"\{[a-z_]+\}", str(read(reply)["message"]))
    assert world.get(NODE_OS).status == 404


def test_forbidden_names_the_permission(world: World) -> None:
    """A refused permission names the caller, the action and the scope."""
    order(world, "forbidden", operation="*/maintenanceConfigurations/write")
    assert world.get(CONFIGURATIONS).status == 200
    message = str(gateway_error(world.put(NODE_OS, window()))["message"])
    assert NAPTIME in message
    assert "'Microsoft.ContainerService/managedClusters/maintenanceConfigurations/write'" in message
    assert f"over scope '{NODE_OS}'" in message


def test_throttling_says_when(world: World) -> None:
    """A throttled call carries Retry-After in seconds, as ordered."""
    order(world, "throttled-by-aks", retryAfter=17)
    reply = world.get(CONFIGURATIONS)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "17")


AIMS: list[tuple[JsonObject, list[int]]] = [
    ({"method": "put"}, [200, 200, 503]),
    ({"path": "*/MANAGEDCLUSTERS/nap-1"}, [503, 200, 200]),
    ({"operation": "MaintenanceConfigurations_List*"}, [200, 503, 200]),
    ({"operation": "*/maintenanceConfigurations/write"}, [200, 200, 503]),
    ({"cluster": "NAP-1"}, [503, 503, 503]),
    ({"cluster": "nap-2"}, [200, 200, 200]),
]


@pytest.mark.parametrize(("aim", "expected"), AIMS, ids=str)
def test_a_fault_strikes_only_the_calls_it_is_aimed_at(
    world: World, aim: JsonObject, expected: list[int]
) -> None:
    """A fault strikes only the calls that it is aimed at, compared without case."""
    order(world, "unavailable", times=None, **aim)
    replies = [world.get(CLUSTER), world.get(CONFIGURATIONS), world.put(NODE_OS, window())]
    assert [int(reply.status) for reply in replies] == expected


OTHER_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-other"
PLAIN = f"{OTHER_GROUP}/providers/Microsoft.ContainerService/managedClusters/plain-1"
PLAIN_NODE_OS = f"{PLAIN}/maintenanceConfigurations/aksManagedNodeOSUpgradeSchedule"


@pytest.mark.parametrize("name", HELD)
def test_a_lock_on_a_scope_stops_the_writes_within_it(world: World, name: str) -> None:
    """A lock, a policy or a deny assignment on one group stops its writes, and no other call."""
    order(world, name, scope=GROUP.upper())
    tried = [NODE_OS, NODE_OS, PLAIN_NODE_OS]
    refused = REFUSALS[name].status
    assert [world.put(each, window()).status for each in tried] == [refused, refused, 200]
    assert world.get(CONFIGURATIONS).status == 200
    message = str(gateway_error(world.put(NODE_OS, window()))["message"])
    assert GROUP.upper() in message or name == "subscription-disabled"


def test_a_scope_is_not_a_prefix(world: World) -> None:
    """A scope ends where a name ends: rg-pro is not the group rg-prod."""
    order(world, "locked", scope=GROUP.removesuffix("d"))
    assert world.put(NODE_OS, window()).status == 200


def test_ordered_by_the_code(world: World) -> None:
    """What lies on a scope can be ordered by Azure's code."""
    order(world, "scopelocked", scope=GROUP)
    reply = world.put(NODE_OS, window())
    assert (reply.status, gateway_error(reply)["code"]) == (409, "ScopeLocked")


def test_locks_do_not_stop_a_policys_deletions(world: World) -> None:
    """A policy that denies writes lets a deletion pass; a lock does not."""
    world.put(NODE_OS, window())
    order(world, "denied-by-policy", scope=GROUP)
    assert world.delete(NODE_OS).status == 200
    order(world, "locked", scope=GROUP)
    assert world.delete(NODE_OS).status == 409


def test_weather_of_a_rollout_names_place_and_version(world: World) -> None:
    """An api-version that has not reached a region is refused by name, as in a rollout of AKS."""
    order(world, "not-rolled-out")
    message = str(gateway_error(world.put(NODE_OS, window()))["message"])
    assert "'westeurope'" in message
    assert "'2026-08-01'" in message
    assert "'managedClusters/maintenanceConfigurations'" in message


def names_listed(world: World, group: str = "") -> list[str]:
    scope = GROUP if group else f"/subscriptions/{SUBSCRIPTION}"
    listed = content(world.get(f"{scope}/providers/Microsoft.ContainerService/managedClusters"))
    return sorted(as_text(as_object(each)["name"]) for each in as_list(listed["value"]))


def test_a_cluster_is_missing_from_lists(world: World) -> None:
    """A listing leaves out what is within a scope, until withdrawn; the cluster itself is there."""
    order(world, "missing-from-list", scope=CLUSTER)
    assert names_listed(world) == ["manual-1", "nap-2", "plain-1"]
    assert world.get(CLUSTER).status == 200
    world.simulator.faults.clear()
    assert "nap-1" in names_listed(world)


def test_an_old_list_is_what_was(world: World) -> None:
    """A listing of a while ago has what is gone since, without what came, and bodies as then."""
    world.simulator.clock.advance(60)
    world.simulator.state.delete_cluster((SUBSCRIPTION, "rg-prod", "nap-2"), later(world))
    made = cluster("nap-3")
    world.simulator.state.put_cluster((SUBSCRIPTION, "rg-prod", "nap-3"), made, later(world))
    world.call("PATCH", CLUSTER, {"tags": {"naptime": "off"}})
    order(world, "stale-list", seconds=30)
    assert names_listed(world) == ["manual-1", "nap-1", "nap-2", "plain-1"]
    listed = world.get(
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/managedClusters"
    )
    assert b'"naptime"' not in listed.body
    world.simulator.clock.advance(31)
    assert names_listed(world) == ["manual-1", "nap-1", "nap-3", "plain-1"]


def later(world: World) -> datetime:
    return world.simulator.clock.now()


def test_a_subscriptions_list_lags_by_option(world: World) -> None:
    """With listLagSeconds the list of a subscription is that old; a group's list is not."""
    world.simulator.options.list_lag_seconds = 120
    world.simulator.clock.advance(600)
    world.simulator.state.put_cluster(
        (SUBSCRIPTION, "rg-prod", "nap-3"), cluster("nap-3"), later(world)
    )
    assert "nap-3" not in names_listed(world)
    assert "nap-3" in names_listed(world, "rg-prod")
    world.simulator.clock.advance(121)
    assert "nap-3" in names_listed(world)


def test_outage_lasts_from_to(world: World) -> None:
    """An outage lasts from its start, inclusive, to its end by the simulated time."""
    order(world, "outage", **{"from": "2026-08-26T12:01:00Z", "to": "2026-08-26T12:02:00Z"})
    seen = []
    for _ in range(4):
        seen += statuses(world, CONFIGURATIONS, 1)
        world.simulator.clock.advance(30)
    assert seen == [200, 200, 503, 503]
    assert statuses(world, CONFIGURATIONS, 1) == [200]


def test_stale_list_shows_the_past(world: World) -> None:
    """A stale LIST shows what was there before; GET shows what is there now."""
    world.put(NODE_OS, window())
    world.simulator.clock.advance(10)
    order(world, "stale-list", seconds=30)
    assert content(world.get(CONFIGURATIONS)) == {"value": []}
    assert world.get(NODE_OS).status == 200
    world.simulator.clock.advance(21)
    assert content(world.get(CONFIGURATIONS)) != {"value": []}


def test_faults_are_in_the_journal(world: World) -> None:
    """The journal names the fault that a call met."""
    order(world, "operation-in-progress")
    world.put(NODE_OS, window())
    entry = world.simulator.journal.entries()[0]
    assert (entry.fault, entry.code) == ("operation-in-progress", "OperationNotAllowed")
    assert entry.caller == NAPTIME


REFUSED_ORDERS: list[tuple[JsonObject, str]] = [
    ({}, "fault"),
    ({"fault": "earthquake"}, "fault"),
    ({"fault": "refuse", "status": 200}, "status"),
    ({"fault": "refuse", "status": "500"}, "status"),
    ({"fault": "refuse", "shape": "round"}, "shape"),
    ({"fault": "refuse", "times": 0}, "times"),
    ({"fault": "refuse", "every": True}, "every"),
    ({"fault": "refuse", "retryAfter": -1}, "retryAfter"),
    ({"fault": "slow", "seconds": -1}, "seconds"),
    ({"fault": "slow", "seconds": "1"}, "seconds"),
    ({"fault": "outage", "from": "yesterday"}, "from"),
    ({"fault": "slow", "method": 1}, "method"),
    ({"fault": "slow", "colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("given", "field"), REFUSED_ORDERS, ids=str)
def test_orders_that_make_no_sense(given: JsonObject, field: str) -> None:
    """An order that cannot be carried out is refused, naming the field."""
    with pytest.raises(OrderIsInvalidError, match=f"^{field}: "):
        fault_of(given)


@pytest.mark.parametrize("name", FAULT_NAMES)
def test_every_name_is_an_order(name: str) -> None:
    """Every documented name can be ordered by itself."""
    assert fault_of({"fault": name}).name == name


async def put(served: Served, patience: float = 5) -> int:
    url = f"{served.server.url}{NODE_OS}?api-version=2026-08-01"
    async with served.session.put(
        url, json=window(), headers=served.bearer(), timeout=ClientTimeout(total=patience)
    ) as response:
        await response.read()
        return response.status


@pytest.mark.parametrize(("fault", "applied"), [("drop-before", False), ("drop-after", True)])
async def test_dropped_connections(served: Served, fault: str, *, applied: bool) -> None:
    """A connection is dropped before the write is applied, or after it, without an answer."""
    await served.control("POST", "faults", {"fault": fault, "method": "PUT"})
    with pytest.raises(ConnectionLostError):
        await put(served)
    cluster = next(served.simulator.state.clusters())
    assert bool(cluster.configurations) is applied
    assert await put(served) == 200


async def test_hanging_after_the_write(served: Served) -> None:
    """A call that hangs has been applied, and the client runs into its time-out."""
    await served.control("POST", "faults", {"fault": "hang-after", "method": "PUT"})
    with pytest.raises(TimeoutError):
        await put(served, patience=0.2)
    assert next(served.simulator.state.clusters()).configurations


async def test_slow_answers(served: Served) -> None:
    """A slow call is answered after its delay, so a client in a hurry gives up."""
    await served.control("POST", "faults", {"fault": "slow", "seconds": 30, "times": 1})
    with pytest.raises(TimeoutError):
        await put(served, patience=0.2)
    assert await put(served) == 200


async def test_identity_can_be_refused(served: Served) -> None:
    """The identity end point can be refused by itself."""
    await served.control("POST", "faults", {"fault": "identity-refused"})
    url = served.server.urls["identityEndpoint"]
    query = {"api-version": "2019-08-01", "resource": "https://management.azure.com/"}
    seen = []
    for _ in range(2):
        headers = {"X-IDENTITY-HEADER": "x"}
        async with served.session.get(url, params=query, headers=headers) as response:
            seen.append(response.status)
    assert seen == [503, 200]
