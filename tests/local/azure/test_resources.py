"""`GET /subscriptions/{id}/resources`: clusters and machines, filtered and paged."""

from urllib.parse import quote, urlsplit

import pytest

from local.azure.json_values import JsonObject, as_list, as_object, as_text
from local.azure.nap.machines import machine_of
from tests.local.azure.world import CLUSTER, NOW, SUBSCRIPTION, World, content, gateway_error

RESOURCES = f"/subscriptions/{SUBSCRIPTION}/resources"


def items(world: World, query: str = "") -> list[JsonObject]:
    listed = content(world.get(f"{RESOURCES}?{query}"))
    return [as_object(each) for each in as_list(listed["value"])]


def names(world: World, query: str = "") -> list[str]:
    return [as_text(each["name"]) for each in items(world, query)]


@pytest.fixture
def machine(world: World) -> None:
    address = (SUBSCRIPTION, "MC_rg", "vm-1")
    world.simulator.state.put_machine(address, machine_of(address, {"location": "westeurope"}, NOW))


@pytest.mark.usefixtures("machine")
def test_clusters_and_machines_without_their_properties(world: World) -> None:
    """Every resource has id, name, type, location and tags, and no properties."""
    assert names(world) == ["vm-1", "plain-1", "manual-1", "nap-1", "nap-2"]
    shown = next(each for each in items(world) if each["name"] == "nap-1")
    assert shown == {
        "id": CLUSTER,
        "name": "nap-1",
        "type": "Microsoft.ContainerService/managedClusters",
        "location": "westeurope",
        "tags": {"env": "prod"},
    }


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resourceType eq 'microsoft.compute/virtualMachines'", ["vm-1"]),
        ("tagName eq 'ENV'", ["plain-1", "manual-1", "nap-1", "nap-2"]),
        ("tagName eq 'env' and tagValue eq 'test'", []),
    ],
)
def test_filters(world: World, text: str, expected: list[str]) -> None:
    """A type and a tag are found without case, a tag's value with it."""
    assert names(world, f"$filter={quote(text)}") == expected


def test_pages(world: World) -> None:
    """With $top each page names the next one, until the last."""
    found, target = [], f"{RESOURCES}?$top=3"
    while target:
        page = content(world.get(target))
        found.append(len(as_list(page["value"])))
        parts = urlsplit(as_text(page.get("nextLink")))
        target = f"{parts.path}?{parts.query}" if parts.path else ""
    assert found == [3, 1]


def test_expanded(world: World) -> None:
    """What is asked for by $expand is shown: when it was made, and its state."""
    shown = items(world, "$expand=createdTime,provisioningState")[0]
    assert (shown["createdTime"], shown["provisioningState"]) == (
        "2026-08-26T12:00:00Z",
        "Succeeded",
    )


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$filter=name%20eq%20'a'", "InvalidFilterInQueryString"),
        ("$top=0", "InvalidTopParameter"),
        ("$skiptoken=***", "InvalidSkipToken"),
    ],
)
def test_what_is_not_understood_is_refused(world: World, query: str, code: str) -> None:
    """A filter, a page size or a token that cannot be read is 400."""
    reply = world.get(f"{RESOURCES}?{query}")
    assert (reply.status, gateway_error(reply)["code"]) == (400, code)
