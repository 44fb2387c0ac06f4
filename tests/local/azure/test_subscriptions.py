"""What the gateway answers around clusters: tenants, subscriptions, providers, resource groups."""

import pytest

from local.azure.entra.tokens import TENANT_ID
from local.azure.json_values import JsonObject, as_list, as_object
from local.azure.replies import Reply
from tests.local.azure.world import (
    CLUSTER,
    GROUP,
    OTHER_SUBSCRIPTION,
    SUBSCRIPTION,
    World,
    content,
    gateway_error,
)

HOME = f"/subscriptions/{SUBSCRIPTION}"
AKS = f"{HOME}/providers/Microsoft.ContainerService"
NEW_GROUP = f"{HOME}/resourcegroups/rg-New"


def values(reply: Reply) -> list[JsonObject]:
    assert reply.content_type == "application/json; charset=utf-8"
    return [as_object(each) for each in as_list(content(reply)["value"])]


def test_tenants(world: World) -> None:
    """GET /tenants lists the one tenant."""
    (tenant,) = values(world.get("/tenants"))
    assert (tenant["tenantId"], tenant["tenantCategory"]) == (TENANT_ID, "Home")


def test_subscriptions(world: World) -> None:
    """GET /subscriptions lists each subscription with its tenant, and so does each one's own."""
    listed = values(world.get("/subscriptions"))
    assert {each["subscriptionId"] for each in listed} == {SUBSCRIPTION, OTHER_SUBSCRIPTION}
    assert content(world.get(HOME)) in listed
    assert all(each["tenantId"] == TENANT_ID for each in listed)


def test_locations(world: World) -> None:
    """A subscription has locations, its clusters' among them."""
    assert "westeurope" in {each["name"] for each in values(world.get(f"{HOME}/locations"))}


def test_api_version_is_asked_for(world: World) -> None:
    """These calls need an api-version too, but any one."""
    assert gateway_error(world.get("/tenants", api_version=""))["code"] == (
        "MissingApiVersionParameter"
    )
    assert world.get("/subscriptions", api_version="2022-12-01").status == 200


def test_providers(world: World) -> None:
    """AKS is among the providers, registered, with its types and their api-versions."""
    listed = values(world.get(f"{HOME}/providers"))
    shown = content(world.get(AKS.lower()))
    assert shown in listed
    assert (shown["namespace"], shown["registrationState"]) == (
        "Microsoft.ContainerService",
        "Registered",
    )
    types = {as_object(each)["resourceType"]: each for each in as_list(shown["resourceTypes"])}
    clusters = as_object(types["managedClusters"])
    assert "2026-08-01" in as_list(clusters["apiVersions"])
    unknown = world.get(f"{HOME}/providers/Nobody.Here")
    assert gateway_error(unknown)["code"] == "InvalidResourceNamespace"


def test_registration_is_needed_to_make_clusters(world: World) -> None:
    """Without registration a new cluster is 409 MissingSubscriptionRegistration; then register."""
    body = {"location": "westeurope"}
    target = CLUSTER.replace("nap-1", "made-1")
    world.call("POST", f"{AKS}/unregister")
    reply = world.put(target, body)
    assert (reply.status, gateway_error(reply)["code"]) == (409, "MissingSubscriptionRegistration")
    assert content(world.call("POST", f"{AKS}/register"))["registrationState"] == "Registering"
    assert content(world.call("POST", f"{AKS}/register"))["registrationState"] == "Registered"
    assert world.put(target, body).status == 201


def test_resource_groups(world: World) -> None:
    """A resource group is made with 201, written again with 200, listed, shown without case."""
    made = world.put(NEW_GROUP, {"location": "North Europe", "tags": {"a": "b"}})
    assert made.status == 201
    assert content(made) == {
        "id": f"{HOME}/resourceGroups/rg-New",
        "name": "rg-New",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "northeurope",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }
    again = world.put(NEW_GROUP.upper(), {"location": "northeurope"})
    assert (again.status, content(again)["name"]) == (200, "rg-New")
    assert "tags" not in content(again)
    assert content(again) in values(world.get(f"{HOME}/resourcegroups"))
    assert content(world.get(NEW_GROUP.replace("rg-New", "RG-NEW"))) == content(again)


def test_groups_of_a_fleet_have_a_location(world: World) -> None:
    """A group that came with a fleet has the location of its first cluster."""
    assert content(world.get(GROUP))["location"] == "westeurope"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "LocationRequired"),
        ({"location": "eastus"}, 409, "InvalidResourceGroupLocation"),
    ],
)
def test_groups_that_are_refused(world: World, body: JsonObject, status: int, code: str) -> None:
    """A group needs a location, which cannot change."""
    reply = world.put(GROUP, body)
    assert (reply.status, gateway_error(reply)["code"]) == (status, code)


def test_whether_there_is_a_group(world: World) -> None:
    """HEAD says 204 or 404 without a body; GET of a missing one is ResourceGroupNotFound."""
    assert world.call("HEAD", GROUP).status == 204
    gone = world.call("HEAD", NEW_GROUP)
    assert (gone.status, gone.body) == (404, b"")
    assert gateway_error(world.get(NEW_GROUP))["code"] == "ResourceGroupNotFound"


def test_methods_that_are_not_there(world: World) -> None:
    """A method that a resource does not have is 405."""
    for method, target in (("DELETE", GROUP), ("POST", HOME), ("PUT", "/tenants")):
        assert world.call(method, target).status == 405
