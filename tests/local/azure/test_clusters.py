"""Managed clusters as AKS lists and shows them, by api-version."""

from urllib.parse import urlsplit

import pytest

from local.azure.json_values import JsonObject, as_list, as_object
from tests.local.azure.world import (
    CLUSTER,
    CONFIGURATIONS,
    GROUP,
    SUBSCRIPTION,
    World,
    cluster,
    content,
    gateway_error,
)

ALL = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/managedClusters"
OF_GROUP = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters"


def names(listing: JsonObject) -> list[object]:
    return [as_object(each)["name"] for each in as_list(listing["value"])]


def profile(world: World, name: str, api_version: str) -> object:
    shown = content(world.get(CLUSTER.replace("nap-1", name), api_version=api_version))
    return as_object(shown["properties"]).get("nodeProvisioningProfile")


def test_id_and_type_have_the_recorded_spelling(world: World) -> None:
    """A cluster's id has lower-case resourcegroups, its type a capital M."""
    shown = content(world.get(CLUSTER))
    assert shown["id"] == CLUSTER.replace("resourceGroups", "resourcegroups")
    assert shown["type"] == "Microsoft.ContainerService/ManagedClusters"


@pytest.mark.parametrize(
    ("name", "api_version", "expected"),
    [
        ("nap-1", "2026-08-01", {"mode": "Auto", "defaultNodePools": "Auto"}),
        ("nap-1", "2025-05-01", {"mode": "Auto", "defaultNodePools": "Auto"}),
        ("nap-1", "2025-04-01", None),
        ("nap-1", "2020-12-01", None),
        ("nap-1", "2024-01-02-preview", {"mode": "Auto"}),
        ("nap-1", "2025-03-02-preview", {"mode": "Auto", "defaultNodePools": "Auto"}),
        ("nap-1", "2023-11-02-preview", None),
        ("nap-2", "2026-08-01", {"mode": "Auto"}),
        ("manual-1", "2026-08-01", {"mode": "Manual"}),
    ],
)
def test_provisioning_profile_by_version(
    world: World, name: str, api_version: str, expected: object
) -> None:
    """NodeProvisioningProfile is shown since 2025-05-01, in previews since 2024-01-02."""
    assert profile(world, name, api_version) == expected


def test_provisioning_profile_can_be_absent(world: World) -> None:
    """A cluster that never had the profile is shown without it."""
    other = f"{GROUP.replace('rg-prod', 'rg-other')}/providers/Microsoft.ContainerService"
    shown = content(world.get(f"{other}/managedClusters/plain-1"))
    assert "nodeProvisioningProfile" not in as_object(shown["properties"])


def test_lists_by_subscription_and_by_group(world: World) -> None:
    """LIST shows all clusters of a subscription, or those of one resource group, without case."""
    assert set(names(content(world.get(ALL)))) == {"nap-1", "nap-2", "manual-1", "plain-1"}
    assert names(content(world.get(OF_GROUP.replace("rg-prod", "rG-oTHER")))) == ["plain-1"]


def test_listed_clusters_equal_shown_ones(world: World) -> None:
    """A listing holds each cluster exactly as GET shows it."""
    listed = as_list(content(world.get(OF_GROUP))["value"])
    shown = [
        content(world.get(CLUSTER.replace("nap-1", n))) for n in ("manual-1", "nap-1", "nap-2")
    ]
    assert listed == shown


def test_listing_is_paged(world: World) -> None:
    """More clusters than a page holds are reached by nextLink, each once."""
    world.simulator.arm.options.page_size = 3
    first = content(world.get(ALL))
    link = str(first["nextLink"])
    assert link.startswith("https://localhost/subscriptions/")
    parts = urlsplit(link)
    second = content(world.get(f"{parts.path}?{parts.query}"))
    assert "nextLink" not in second
    assert sorted(map(str, names(first) + names(second))) == [
        "manual-1",
        "nap-1",
        "nap-2",
        "plain-1",
    ]


def test_page_size_zero_is_one_page(world: World) -> None:
    """With page size 0 everything comes at once."""
    world.simulator.arm.options.page_size = 0
    listing = content(world.get(ALL))
    assert len(names(listing)) == 4
    assert "nextLink" not in listing


def test_skip_token_that_is_none_is_refused(world: World) -> None:
    """A skip token that the simulator did not make is 400."""
    assert world.get(f"{ALL}?$skiptoken=%FF%FE").status == 400
    assert world.get(f"{ALL}?$skiptoken=abc").status == 400


def test_empty_subscription_lists_none(world: World) -> None:
    """A subscription without clusters lists none."""
    empty = ALL.replace(SUBSCRIPTION, "22222222-2222-4222-8222-222222222222")
    assert content(world.get(empty)) == {"value": []}


def test_changed_cluster_is_shown_changed(world: World) -> None:
    """A cluster that was changed is shown as it is now, in GET and LIST."""
    world.get(OF_GROUP)
    body = cluster("nap-1", provisioningState="Deleting")
    address = (SUBSCRIPTION, "rg-prod", "nap-1")
    world.simulator.state.put_cluster(address, body, world.simulator.clock.now())
    shown = as_object(content(world.get(CLUSTER))["properties"])
    assert shown["provisioningState"] == "Deleting"
    assert b"Deleting" in world.get(OF_GROUP).body


def test_api_version_is_required(world: World) -> None:
    """A call without api-version is 400 MissingApiVersionParameter."""
    reply = world.get(CLUSTER, api_version="")
    assert (reply.status, gateway_error(reply)["code"]) == (400, "MissingApiVersionParameter")


@pytest.mark.parametrize(
    "version",
    [
        *("2026-08-02", "1999-01-01", "x", "2027-01-02-preview"),
        *("2023-12-02-preview", "2024-11-02-preview", "2024-12-02-preview"),
    ],
)
def test_unknown_api_versions_list_the_known_ones(world: World, version: str) -> None:
    """An unknown api-version is 400, and the text lists the supported ones."""
    reply = world.get(CONFIGURATIONS, api_version=version)
    error = gateway_error(reply)
    assert (reply.status, error["code"]) == (400, "NoRegisteredProviderFound")
    assert "for type 'managedClusters/maintenanceConfigurations'" in str(error["message"])
    assert "'2020-12-01, 2021-02-01, " in str(error["message"])
    assert gateway_error(world.get(ALL, api_version=version))["code"] == "InvalidResourceType"


def test_node_images_are_listed_in_previews_only(world: World) -> None:
    """NodeImageVersions lists os, sku, version and fullName, in previews since 2024-02-02 only."""
    target = (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService"
        "/locations/westeurope/nodeImageVersions"
    )
    assert world.get(target).status == 400
    assert world.get(target, api_version="2024-01-02-preview").status == 400
    assert world.get(target, api_version="2024-02-02-preview").status == 200
    listed = as_list(content(world.get(target, api_version="2026-08-02-preview"))["value"])
    assert as_object(listed[0]) == {
        "fullName": "AKSUbuntu-2404gen2containerd-202608.06.1",
        "os": "AKSUbuntu",
        "sku": "2404gen2containerd",
        "version": "202608.06.1",
    }
