"""Fleet files: the forms that are read, and what is said of mistakes."""

from pathlib import Path

import pytest

from local.azure.arm.state import State
from local.azure.fleet import FleetIsInvalidError, fleet_of, read_fleet
from local.azure.json_values import JsonObject
from tests.local.azure.world import CLUSTER, NODE_OS, NOW, cluster, window

SCHEDULE: JsonObject = {"id": NODE_OS, **window()}


def counts(document: object) -> tuple[int, int]:
    state = State()
    fleet_of(document).fill(state, NOW)
    clusters = list(state.clusters())
    return len(clusters), sum(len(each.configurations) for each in clusters)


@pytest.mark.parametrize(
    "document",
    [
        [cluster("nap-1"), SCHEDULE],
        [SCHEDULE, cluster("nap-1")],
        {"value": [cluster("nap-1"), SCHEDULE]},
        {"clusters": [cluster("nap-1")], "maintenanceConfigurations": [SCHEDULE]},
        [{**cluster("nap-1"), "maintenanceConfigurations": [SCHEDULE]}],
        [
            {
                **cluster("nap-1"),
                "maintenanceConfigurations": [
                    {"name": "aksManagedNodeOSUpgradeSchedule", "properties": {}}
                ],
            }
        ],
    ],
)
def test_forms_of_a_fleet(document: object) -> None:
    """A fleet is a list of bodies, a listing, or clusters and configurations, in any order."""
    assert counts(document) == (1, 1)


def test_one_cluster_is_a_fleet() -> None:
    """A single body is a fleet of one."""
    assert counts(cluster("nap-1")) == (1, 0)


def test_ids_are_read_without_case() -> None:
    """Ids in any casing name the same cluster and the same configuration."""
    shouted = {"id": NODE_OS.upper(), "properties": {}}
    assert counts([cluster("nap-1"), SCHEDULE, shouted]) == (1, 1)


def test_configurations_are_taken_as_they_are() -> None:
    """A fleet may hold names and properties that AKS itself would refuse today."""
    foreign = {"id": f"{CLUSTER}/maintenanceConfigurations/nightly", "properties": {"x": 1}}
    assert counts([cluster("nap-1"), foreign]) == (1, 1)


def test_empty_subscriptions_and_node_images() -> None:
    """A fleet may name subscriptions without clusters, and the node images of locations."""
    fleet = fleet_of(
        {
            "clusters": [],
            "subscriptions": ["a", {"subscriptionId": "b"}, {"id": "/subscriptions/c"}],
            "nodeImageVersions": {"WestEurope": [{"os": "AKSUbuntu"}]},
        }
    )
    assert fleet.subscriptions == ["a", "b", "c"]
    assert fleet.node_images == {"westeurope": [{"os": "AKSUbuntu"}]}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("x", "the document: must be a list"),
        ({}, "the document: must be a list"),
        ({"value": 1}, "value: must be a list"),
        ([1], "item 0: must be an object"),
        ([{"id": "x"}], "item 0: id 'x': must be the id of a managed cluster"),
        ([{**cluster("a"), "location": ""}], "item 0 (a): location: must be a string"),
        ([{**cluster("a"), "tags": []}, {**cluster("b"), "tags": 1}], "item 1 (b): tags:"),
        ([{**cluster("a"), "properties": 1}], "item 0 (a): properties: must be an object"),
        ([SCHEDULE], f"{NODE_OS}: id: its cluster must be in the fleet too"),
        ({"subscriptions": [{}]}, "subscriptions[0]: must be an id"),
    ],
)
def test_mistakes_name_item_and_field(document: object, problem: str) -> None:
    """A mistake in a fleet names the item, the field and the rule."""
    with pytest.raises(FleetIsInvalidError) as caught:
        fleet_of(document)
    assert any(each.startswith(problem) for each in caught.value.problems)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not there, or holds no JSON, is named."""
    with pytest.raises(FleetIsInvalidError, match=r"none\.json: No such file"):
        read_fleet(tmp_path / "none.json")
    file = tmp_path / "fleet.json"
    file.write_text("{")
    with pytest.raises(FleetIsInvalidError, match=r"fleet\.json: not JSON"):
        read_fleet(file)
