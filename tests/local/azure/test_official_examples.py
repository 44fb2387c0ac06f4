"""The official examples of api-version 2026-08-01 (Azure/azure-rest-api-specs) as requests."""

from pathlib import Path

import pytest

from local.azure.arm.aks_rules import Rules
from local.azure.clock import Clock
from local.azure.fleet import fleet_of
from local.azure.json_values import JsonObject, as_list, as_object, parse
from local.azure.simulator import Setup, Simulator
from tests.local.azure.world import NOW, World, content

EXAMPLES = Path(__file__).parent / "examples"
CLUSTER_ID = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg1"
    "/providers/Microsoft.ContainerService/managedClusters/clustername1"
)


def example(name: str) -> JsonObject:
    return as_object(parse((EXAMPLES / name).read_bytes()))


def answered(name: str, status: str = "200") -> JsonObject:
    responses = as_object(example(name)["responses"])
    return as_object(as_object(responses[status]).get("body"))


@pytest.fixture
def example_world() -> World:
    fleet = fleet_of([{"id": CLUSTER_ID, "location": "westeurope"}])
    world = World(Simulator(Setup(fleet=fleet, clock=Clock(NOW, frozen=True))))
    # The examples' start dates are in 2023.
    world.simulator.arm.options.rules = Rules(past_start_dates=True)
    return world


def test_get(example_world: World) -> None:
    """The configuration of the Get example, once written, is read back equal."""
    body = answered("MaintenanceConfigurationsGet_MaintenanceWindow.json")
    assert content(example_world.put(str(body["id"]), body)) == body
    assert content(example_world.get(str(body["id"]))) == body


def test_list(example_world: World) -> None:
    """The configurations of the List example, once written, are listed equal."""
    listing = answered("MaintenanceConfigurationsList_MaintenanceWindow.json")
    for each in as_list(listing["value"]):
        example_world.put(str(as_object(each)["id"]), each)
    assert content(example_world.get(f"{CLUSTER_ID}/maintenanceConfigurations")) == listing


def test_create_or_update_echoes_the_request(example_world: World) -> None:
    """The request of the Create example comes back; its own response contradicts it."""
    name = "MaintenanceConfigurationsCreate_Update_MaintenanceWindow.json"
    sent = as_object(as_object(example(name)["parameters"])["parameters"])
    target = f"{CLUSTER_ID}/maintenanceConfigurations/aksManagedAutoUpgradeSchedule"
    shown = content(example_world.put(target, sent))
    assert shown["properties"] == sent["properties"]
    assert shown["id"] == answered(name)["id"]


def test_delete(example_world: World) -> None:
    """The statuses of the Delete example are those of a first and a second deletion."""
    statuses = as_object(
        example("MaintenanceConfigurationsDelete_MaintenanceWindow.json")["responses"]
    )
    test_get(example_world)
    target = f"{CLUSTER_ID}/maintenanceConfigurations/aksManagedNodeOSUpgradeSchedule"
    assert [str(example_world.delete(target).status) for _ in range(2)] == list(statuses)


def test_clusters() -> None:
    """The clusters of the List example, as a fleet, are listed equal but for AKS's own spelling."""
    listing = answered("ManagedClustersList.json")
    world = World(Simulator(Setup(fleet=fleet_of(listing), clock=Clock(NOW, frozen=True))))
    shared = CLUSTER_ID.partition("/resourceGroups")[0]
    target = f"{shared}/providers/Microsoft.ContainerService/managedClusters"
    listed = as_object(as_list(content(world.get(target))["value"])[0])
    expected = as_object(as_list(listing["value"])[0])
    assert str(listed["id"]).lower() == str(expected["id"]).lower()
    assert listed["properties"] == expected["properties"]
