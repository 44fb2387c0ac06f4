"""The life of a cluster: made, changed, deleted, each by an operation that takes its time."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from local.azure.event_grid.bodies import operation_name
from local.azure.event_grid.subscriptions import subscriptions_of
from local.azure.fleet import fleet_of
from local.azure.json_values import JsonObject, as_list, as_object
from local.azure.replies import Reply
from tests.local.azure.world import (
    CLUSTER,
    FLEET,
    GROUP,
    NAPTIME,
    NODE_OS,
    NOW,
    OTHER_SUBSCRIPTION,
    World,
    aks_error,
    content,
    gateway_error,
    window,
)

MADE = CLUSTER.replace("nap-1", "made-1")
BODY: JsonObject = {
    "location": "West Europe",
    "tags": {"team": "a"},
    "properties": {
        "dnsPrefix": "made",
        "kubernetesVersion": "",
        "agentPoolProfiles": [{"name": "system", "count": 1, "vmSize": ""}],
        "nodeProvisioningProfile": {"mode": "Auto"},
    },
}
ASYNC = "Azure-AsyncOperation"


def state_of(world: World, target: str = MADE) -> object:
    return as_object(content(world.get(target))["properties"])["provisioningState"]


def poll(world: World, reply: Reply, header: str = ASYNC) -> Reply:
    parts = urlsplit(reply.headers[header])
    return world.get(f"{parts.path}?{parts.query}", api_version="")


def advance(world: World, seconds: float) -> None:
    world.simulator.clock.advance(seconds)


def raised(world: World) -> list[JsonObject]:
    world.simulator.settle()
    return [each.event for each in world.simulator.outbox.published]


def test_create_is_201_and_creating(world: World) -> None:
    """PUT of a new cluster is 201, in state Creating, with Azure-AsyncOperation."""
    reply = world.put(MADE, BODY)
    shown = content(reply)
    properties = as_object(shown["properties"])
    assert (reply.status, properties["provisioningState"]) == (201, "Creating")
    assert shown["location"] == "westeurope"
    assert properties["nodeResourceGroup"] == "MC_rg-prod_made-1_westeurope"
    assert properties["nodeProvisioningProfile"] == {"mode": "Auto", "defaultNodePools": "Auto"}
    assert as_object(properties["autoUpgradeProfile"]) == {"nodeOSUpgradeChannel": "NodeImage"}
    assert "identityProfile" not in properties
    parts = urlsplit(reply.headers[ASYNC])
    assert parts.path.startswith(
        f"/subscriptions/{GROUP.split('/')[2]}/providers/Microsoft.ContainerService"
        "/locations/westeurope/operations/"
    )
    assert parse_qs(parts.query)["api-version"] == ["2025-03-01"]


def test_keys_come_in_the_recorded_order(world: World) -> None:
    """A cluster's keys are id, location, name, tags, type, kind, properties, identity, sku.

    Where eTag stands no recording shows: it is last.
    """
    keys = list(content(world.put(MADE, BODY)))
    expected = ["id", "location", "name", "tags", "type", "kind", "properties", "identity", "sku"]
    assert keys == [*expected, "eTag"]


def test_kind_is_shown_where_versions_have_it(world: World) -> None:
    """A cluster is of kind Base or of what was asked for; old api-versions do not show it."""
    assert content(world.put(MADE, BODY))["kind"] == "Base"
    advance(world, 15)
    assert content(world.put(MADE, {**BODY, "kind": "Other"}))["kind"] == "Other"
    assert "kind" not in content(world.get(MADE, api_version="2024-10-01"))


def test_agent_pools_tell_their_present_version(world: World) -> None:
    """An agent pool has the version that was asked for and, whole, the one that it runs."""
    (pool,) = pools_of(world.put(MADE, body_with({"name": "system"})))
    versions = (pool["orchestratorVersion"], pool["currentOrchestratorVersion"])
    assert versions == ("1.34", "1.34.2")


def test_operation_succeeds_after_its_seconds(world: World) -> None:
    """An operation goes on until its time is over, then it is Succeeded with an endTime."""
    reply = world.put(MADE, BODY)
    going = content(poll(world, reply))
    assert (going["status"], set(going)) == ("InProgress", {"name", "status", "startTime"})
    advance(world, 14.9)
    assert set(content(poll(world, reply))) == {"name", "status", "startTime"}
    advance(world, 0.1)
    done = content(poll(world, reply))
    assert (done["status"], done["endTime"]) == ("Succeeded", "2026-08-26T12:00:15Z")
    properties = as_object(content(world.get(MADE))["properties"])
    assert properties["provisioningState"] == "Succeeded"
    assert "identityProfile" in properties


def test_an_update_keeps_what_pools_were_given(world: World) -> None:
    """A pool that is written again keeps what AKS gave it, a new one gets it, the rest stays."""
    read = pools_of(world.put(MADE, body_with({"name": "system"}, {"name": "old"})))
    advance(world, 15)
    written = pools_of(world.put(MADE, body_with({"name": "new"}, {"name": "system", "count": 5})))
    assert [pool["name"] for pool in written] == ["new", "system", "old"]
    assert written[1] == {**read[0], "count": 5, "provisioningState": "Scaling"}
    assert written[0]["nodeImageVersion"] == read[0]["nodeImageVersion"]


def test_more_nodes_are_a_scaling(world: World) -> None:
    """A PUT that changes a pool's count shows Scaling, not Updating, and tells of its nodes."""
    world.put(MADE, body_with({"name": "system", "count": 1}))
    advance(world, 15)
    reply = world.put(MADE, body_with({"name": "system", "count": 3}))
    assert state_of(world) == "Scaling"
    assert aks_error(world.put(MADE, BODY))["code"] == "OperationNotAllowed"
    nodes = "ScalingAgentPools: 0/2 nodes completed"
    expected = ["InProgress", "ProvisioningControlPlane", nodes, "Succeeded"]
    assert statuses(world, reply) == expected


def body_with(*pools: JsonObject) -> JsonObject:
    return {**BODY, "properties": {"agentPoolProfiles": list(pools)}}


def pools_of(reply: Reply) -> list[JsonObject]:
    properties = as_object(content(reply)["properties"])
    return [as_object(pool) for pool in as_list(properties["agentPoolProfiles"])]


def statuses(world: World, reply: Reply) -> list[object]:
    """Ask an operation of 15 seconds for its status every 5 seconds."""
    seen: list[object] = []
    for _ in range(4):
        seen.append(content(poll(world, reply))["status"])
        advance(world, 5)
    return seen


def test_operations_tell_what_they_are_at(world: World) -> None:
    """While it goes on an operation's status is not only InProgress, but what AKS is busy with."""
    body = body_with({"name": "system", "count": 3}, {"name": "user", "count": 2})
    begun = ["InProgress", "ProvisioningControlPlane"]
    nodes = "CreatingAgentPools: 0/5 nodes completed"
    assert statuses(world, world.put(MADE, body)) == [*begun, nodes, "Succeeded"]
    assert statuses(world, world.put(MADE, body)) == [*begun, "ReconcilingDNS", "Succeeded"]
    tagged = world.call("PATCH", MADE, {"tags": {"naptime": "off"}})
    assert statuses(world, tagged) == ["InProgress"] * 3 + ["Succeeded"]
    assert statuses(world, world.delete(MADE)) == ["InProgress"] * 3 + ["Succeeded"]


def test_times_of_operations_end_in_no_zero(world: World) -> None:
    """The times of an operation have as many digits as they need."""
    advance(world, 0.25)
    reply = world.put(MADE, BODY)
    advance(world, 15)
    done = content(poll(world, reply))
    assert done["startTime"] == "2026-08-26T12:00:00.25Z"
    assert done["endTime"] == "2026-08-26T12:00:15.25Z"


def test_operation_succeeds_after_its_reads(world: World) -> None:
    """By switch an operation is over once its state or its cluster was read so often."""
    world.simulator.options.operation_reads = 3
    reply = world.put(MADE, BODY)
    assert content(poll(world, reply))["status"] == "InProgress"
    assert state_of(world) == "Creating"
    assert content(poll(world, reply))["status"] == "Succeeded"
    assert state_of(world) == "Succeeded"


def test_create_raises_its_event_at_the_end(world: World) -> None:
    """The event of a new cluster comes at terminal success, with its writer's claims."""
    world.put(MADE, BODY)
    assert raised(world) == []
    advance(world, 3600)
    (event,) = raised(world)
    data = as_object(event["data"])
    assert event["eventType"] == "Microsoft.Resources.ResourceWriteSuccess"
    assert event["eventTime"] == "2026-08-26T12:00:15.0000000Z"
    assert data["operationName"] == "Microsoft.ContainerService/managedClusters/write"
    assert as_object(data["claims"])["appid"] == NAPTIME
    assert "httpRequest" not in data


def test_update_turns_nap_on(world: World) -> None:
    """PUT of a known cluster is 200 and Updating; NAP can be turned on so; tags are replaced."""
    manual = CLUSTER.replace("nap-1", "manual-1")
    body = {
        "location": "westeurope",
        "properties": {"nodeProvisioningProfile": {"mode": "Auto", "defaultNodePools": "None"}},
    }
    reply = world.put(manual, body)
    shown = as_object(content(reply)["properties"])
    assert (reply.status, shown["provisioningState"]) == (200, "Updating")
    assert shown["nodeProvisioningProfile"] == {"mode": "Auto", "defaultNodePools": "None"}
    assert "tags" not in content(reply)
    assert ASYNC in reply.headers
    advance(world, 15)
    (event,) = raised(world)
    assert as_object(as_object(event["data"])["httpRequest"])["method"] == "PUT"
    assert state_of(world, manual) == "Succeeded"


def test_patch_replaces_tags(world: World) -> None:
    """PATCH replaces the tags and is an update for subscribers."""
    reply = world.call("PATCH", CLUSTER, {"tags": {"naptime": "off"}})
    assert (reply.status, content(reply)["tags"]) == (200, {"naptime": "off"})
    advance(world, 15)
    (event,) = raised(world)
    data = as_object(event["data"])
    assert data["operationName"] == "Microsoft.ContainerService/managedClusters/write"
    assert as_object(data["httpRequest"])["method"] == "PATCH"
    assert world.call("PATCH", CLUSTER, {"tags": {"naptime": 1}}).status == 400
    assert "tags" not in content(world.call("PATCH", CLUSTER, {"tags": {}}))


def test_delete_is_202_and_deleting(world: World) -> None:
    """DELETE is 202 with Location and Azure-AsyncOperation; the cluster is Deleting, then gone."""
    world.put(NODE_OS, window())
    reply = world.delete(CLUSTER)
    assert (reply.status, reply.body) == (202, b"")
    assert "/operationresults/" in reply.headers["Location"]
    assert state_of(world, CLUSTER) == "Deleting"
    assert poll(world, reply, "Location").status == 202
    advance(world, 15)
    over = poll(world, reply, "Location")
    assert (over.status, over.headers["Location"]) == (204, reply.headers["Location"])
    assert content(poll(world, reply))["status"] == "Succeeded"
    assert gateway_error(world.get(CLUSTER))["code"] == "ResourceNotFound"
    assert gateway_error(world.get(NODE_OS))["code"] == "ResourceNotFound"
    event = raised(world)[-1]
    assert event["eventType"] == "Microsoft.Resources.ResourceDeleteSuccess"
    assert as_object(event["data"])["operationName"] == (
        "Microsoft.ContainerService/managedClusters/delete"
    )


def test_delete_of_nothing_is_204(world: World) -> None:
    """DELETE of a cluster that is not there is 204, in a group that is not there 404."""
    assert world.delete(MADE).status == 204
    gone = world.delete(MADE.replace("rg-prod", "gone"))
    assert gateway_error(gone)["code"] == "ResourceGroupNotFound"


@pytest.mark.parametrize(
    ("method", "body"), [("PUT", BODY), ("PATCH", {"tags": {}}), ("DELETE", None)]
)
def test_one_operation_at_a_time(world: World, method: str, body: object) -> None:
    """While an operation runs the next one is 409 OperationNotAllowed, naming the state."""
    world.put(MADE, BODY)
    reply = world.call(method, MADE, body)
    assert reply.status == 409
    assert aks_error(reply)["code"] == "OperationNotAllowed"
    assert "Another operation (Creating) is in progress" in str(aks_error(reply)["message"])
    advance(world, 15)
    assert world.call(method, MADE, body).status < 300


def test_while_deleting_only_delete_is_allowed(world: World) -> None:
    """A cluster that is being deleted cannot be written; deleting it again joins the first."""
    first = world.delete(CLUSTER)
    refused = world.put(CLUSTER, BODY)
    assert "Cluster in Deleting provisioning state" in str(aks_error(refused)["message"])
    again = world.delete(CLUSTER)
    assert (again.status, again.headers[ASYNC]) == (202, first.headers[ASYNC])


@pytest.mark.parametrize("switched", [False, True])
def test_configurations_while_busy(world: World, *, switched: bool) -> None:
    """Whether configurations can be written while an operation runs is a switch."""
    world.put(NODE_OS, window())
    world.simulator.options.conflict_while_busy = switched
    world.call("PATCH", CLUSTER, {"tags": {}})
    expected = (409, 409) if switched else (200, 200)
    assert (world.put(NODE_OS, window()).status, world.delete(NODE_OS).status) == expected
    assert world.get(NODE_OS.rpartition("/")[0]).status == 200
    advance(world, 15)
    assert world.put(NODE_OS, window()).status == 200


def test_failed_operations_raise_a_failure(world: World) -> None:
    """An operation can be made to fail: status Failed with an error, the cluster Failed."""
    world.simulator.options.failing_operations = 1
    reply = world.put(MADE, BODY)
    advance(world, 15)
    failed = content(poll(world, reply))
    assert failed["status"] == "Failed"
    assert "code" in as_object(failed["error"])
    assert state_of(world) == "Failed"
    (event,) = raised(world)
    assert event["eventType"] == "Microsoft.Resources.ResourceWriteFailure"
    assert as_object(event["data"])["status"] == "Failed"
    assert world.put(MADE, BODY).status == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"location": ""}, "LocationRequired"),
        ({"tags": ["a"]}, "InvalidRequestContent"),
        ({"properties": {"nodeProvisioningProfile": {"mode": "On"}}}, "InvalidParameter"),
    ],
)
def test_bodies_that_are_refused(world: World, change: JsonObject, code: str) -> None:
    """A cluster without location, with wrong tags or an unknown mode of NAP is 400."""
    reply = world.put(MADE, {**BODY, **change})
    read = content(reply)
    assert (reply.status, as_object(read.get("error", read))["code"]) == (400, code)
    assert world.get(MADE).status == 404


def test_location_cannot_change(world: World) -> None:
    """A cluster written again in another location is 409 InvalidResourceLocation."""
    reply = world.put(CLUSTER, {**BODY, "location": "eastus"})
    assert (reply.status, gateway_error(reply)["code"]) == (409, "InvalidResourceLocation")


def test_names_that_are_refused(world: World) -> None:
    """A cluster's name must match the pattern of the specification."""
    assert aks_error(world.put(MADE.replace("made-1", "made-"), BODY))["code"] == (
        "InvalidParameter"
    )


def test_parents_are_asked_for_first(world: World) -> None:
    """A cluster cannot be made in a resource group that is not there."""
    reply = world.put(MADE.replace("rg-prod", "gone"), BODY)
    assert (reply.status, gateway_error(reply)["code"]) == (404, "ResourceGroupNotFound")
    assert gateway_error(world.call("PATCH", MADE, {}))["code"] == "ResourceNotFound"


def test_unknown_operation_is_not_found(world: World) -> None:
    """The status of an operation that never was, or of another subscription's, is 404."""
    path = urlsplit(world.put(MADE, BODY).headers[ASYNC]).path
    assert world.get(f"{path}0").status == 404
    assert world.get(path.replace(GROUP.split("/")[2], OTHER_SUBSCRIPTION)).status == 404


def test_weeks_pass_at_once(world: World) -> None:
    """Twenty clusters made a week apart are all there at the end, without any waiting."""
    for number in range(20):
        assert world.put(MADE.replace("made-1", f"made-{number}"), BODY).status == 201
        advance(world, timedelta(weeks=1).total_seconds())
    assert len(raised(world)) == 20


def test_reset_forgets_operations_and_switches(world: World) -> None:
    """Reset ends what runs without a trace, and puts the switches back."""
    world.simulator.options.conflict_while_busy = True
    reply = world.put(MADE, BODY)
    world.simulator.reset()
    advance(world, 60)
    assert raised(world) == []
    assert poll(world, reply).status == 404
    assert not world.simulator.options.conflict_while_busy


def test_taken_away_meanwhile(world: World) -> None:
    """A cluster that a control takes away while an operation runs stays away, without an event."""
    world.put(MADE, BODY)
    world.simulator.state.delete_cluster((GROUP.split("/")[2], "rg-prod", "made-1"), NOW)
    advance(world, 60)
    assert raised(world) == []
    assert world.get(MADE).status == 404


def test_fleet_fixtures_are_at_rest() -> None:
    """A fleet's clusters without a state are Succeeded, so that they can be changed at once."""
    bodies = [body for _, body in fleet_of(FLEET).clusters]
    assert all(as_object(each["properties"])["provisioningState"] == "Succeeded" for each in bodies)


def test_the_etag_changes_with_the_cluster(world: World) -> None:
    """Every change of a cluster gives it another eTag; old versions have none."""
    first = content(world.get(CLUSTER))["eTag"]
    assert content(world.get(CLUSTER))["eTag"] == first
    world.call("PATCH", CLUSTER, {"tags": {"a": "1"}})
    assert content(world.get(CLUSTER))["eTag"] != first
    assert "eTag" not in content(world.get(CLUSTER, api_version="2024-05-01"))


@pytest.mark.parametrize(
    ("header", "which", "status"),
    [
        ("If-Match", "own", 200),
        ("If-Match", "other", 412),
        ("If-Match", "*", 200),
        ("If-None-Match", "*", 412),
        ("If-None-Match", "other", 200),
    ],
)
def test_conditions_on_a_cluster(world: World, header: str, which: str, status: int) -> None:
    """A write with a condition that does not hold is 412, and changes nothing."""
    etag = {"own": str(content(world.get(CLUSTER))["eTag"]), "other": "0" * 8}.get(which, which)
    token = world.simulator.tokens.issue("https://management.azure.com/", NAPTIME)
    headers = {"Authorization": f"Bearer {token.text}", header: etag}
    reply = world.call("PUT", CLUSTER, {"location": "westeurope"}, headers=headers)
    assert reply.status == status
    if status == 412:
        assert aks_error(reply)["code"] == "PreconditionFailed"
        assert state_of(world, CLUSTER) == "Succeeded"


def test_automatic_has_nap_preconfigured(world: World) -> None:
    """A cluster of sku Automatic has NAP and channels set, unless its body says otherwise."""
    body = {"location": "westeurope", "sku": {"name": "Automatic", "tier": "Standard"}}
    made = as_object(content(world.put(MADE, body))["properties"])
    assert made["nodeProvisioningProfile"] == {"mode": "Auto", "defaultNodePools": "Auto"}
    assert as_object(made["autoUpgradeProfile"])["nodeOSUpgradeChannel"] == "NodeImage"
    channel = {"autoUpgradeProfile": {"nodeOSUpgradeChannel": "SecurityPatch"}}
    other = world.put(f"{MADE}-2", {**body, "properties": channel})
    assert (
        as_object(content(other)["properties"])["autoUpgradeProfile"]
        == (channel["autoUpgradeProfile"])
    )


def test_a_cluster_is_stopped_and_started(world: World) -> None:
    """Stop and start take their time, change the power state, and raise their own events."""
    plain = f"{GROUP.replace('rg-prod', 'RG-Other')}/providers/Microsoft.ContainerService"
    plain = f"{plain}/managedClusters/plain-1"
    for verb, power in (("stop", "Stopped"), ("start", "Running")):
        assert world.call("POST", f"{plain}/{verb}").status == 202
        advance(world, 15)
        properties = as_object(content(world.get(plain))["properties"])
        assert (properties["powerState"], state_of(world, plain)) == ({"code": power}, "Succeeded")
    assert [(each["eventType"], operation_name(each)) for each in raised(world)] == [
        (
            "Microsoft.Resources.ResourceActionSuccess",
            f"Microsoft.ContainerService/managedClusters/{verb}/action",
        )
        for verb in ("stop", "start")
    ]


def test_a_cluster_with_nap_cannot_be_stopped(world: World) -> None:
    """It fails as an operation: the cluster is Failed, still running, and an event says so."""
    assert world.call("POST", f"{CLUSTER}/stop").status == 202
    advance(world, 15)
    assert state_of(world, CLUSTER) == "Failed"
    assert "powerState" not in as_object(content(world.get(CLUSTER))["properties"])
    (event,) = raised(world)
    assert event["eventType"] == "Microsoft.Resources.ResourceActionFailure"


def test_failed_actions_are_heard_by_the_function_for_clusters(world: World) -> None:
    """A failed action on a cluster goes to on_cluster_created, a successful one to nobody."""
    world.simulator.outbox.subscriptions.extend(subscriptions_of(["http://127.0.0.1:1"]))
    world.call("POST", f"{CLUSTER}/stop")
    advance(world, 15)
    world.call("POST", f"{CLUSTER}/start")
    advance(world, 15)
    assert len(raised(world)) == 2
    failed, started = world.simulator.outbox.published
    heard = [each.subscription.function for each in failed.deliveries]
    assert (heard, list(started.deliveries)) == (["on_cluster_created"], [])


POOLS = f"{MADE}/agentPools"


def test_agent_pools_are_listed_and_shown(world: World) -> None:
    """A cluster's pools are listed with their bodies; one is found without case, or is 404."""
    world.put(MADE, body_with({"name": "system"}, {"name": "spare", "count": 2}))
    listed = [as_object(each) for each in as_list(content(world.get(POOLS))["value"])]
    assert [each["name"] for each in listed] == ["system", "spare"]
    shown = content(world.get(f"{POOLS}/SPARE"))
    assert (shown, as_object(shown["properties"])["count"]) == (listed[1], 2)
    assert shown["type"] == "Microsoft.ContainerService/managedClusters/agentPools"
    missing = world.get(f"{POOLS}/none")
    assert (missing.status, aks_error(missing)["subcode"]) == (404, "GetAgentPool_NotFound")
