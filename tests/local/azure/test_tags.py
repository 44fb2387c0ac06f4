"""The tags API at the scope of a cluster, and the event that it raises."""

import pytest

from local.azure.event_grid.subscriptions import subscriptions_of
from local.azure.json_values import JsonObject, as_object
from tests.local.azure.world import (
    CLUSTER,
    GROUP,
    NODE_OS,
    World,
    content,
    gateway_error,
)

TAGS = f"{CLUSTER}/providers/Microsoft.Resources/tags/default"


def order(operation: str, **tags: str) -> JsonObject:
    return {"operation": operation, "properties": {"tags": dict(tags)}}


def tags_of(world: World) -> JsonObject:
    return as_object(content(world.get(CLUSTER)).get("tags"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (order("Merge", naptime="off"), {"env": "prod", "naptime": "off"}),
        (order("Merge", env="test"), {"env": "test"}),
        (order("Replace", naptime="off"), {"naptime": "off"}),
        (order("Delete", ENV="prod"), {}),
        (order("Delete", env="test"), {"env": "prod"}),
    ],
)
def test_tags_are_merged_replaced_or_taken_away(
    world: World, body: JsonObject, expected: JsonObject
) -> None:
    """PATCH does what its operation says; a tag is taken away by name and value."""
    reply = world.call("PATCH", TAGS, body)
    assert (reply.status, as_object(content(reply)["properties"])["tags"]) == (200, expected)
    assert tags_of(world) == expected


def test_tags_are_put_and_deleted(world: World) -> None:
    """PUT replaces every tag, DELETE takes every one away, GET shows them."""
    assert world.put(TAGS, {"properties": {"tags": {"a": "1"}}}).status == 200
    assert as_object(content(world.get(TAGS))["properties"]) == {"tags": {"a": "1"}}
    assert world.delete(TAGS).status == 200
    assert tags_of(world) == {}


def test_an_unknown_operation_is_refused(world: World) -> None:
    """An operation that is none of the three is 400, and changes nothing."""
    reply = world.call("PATCH", TAGS, order("Mingle", a="1"))
    assert (reply.status, gateway_error(reply)["code"]) == (400, "InvalidTagsOperation")
    assert tags_of(world) == {"env": "prod"}


@pytest.mark.parametrize(
    ("switch", "subject"), [(False, TAGS), (True, CLUSTER)], ids=["tags", "cluster"]
)
def test_a_change_of_tags_raises_its_own_event(world: World, switch: object, subject: str) -> None:
    """It is tags/write, with the id of the tags or by a switch the cluster's, and no other."""
    world.simulator.options.tag_event_names_cluster = bool(switch)
    world.call("PATCH", TAGS, order("Merge", naptime="off"))
    (event,) = [each.event for each in world.simulator.outbox.published]
    data = as_object(event["data"])
    assert event["eventType"] == "Microsoft.Resources.ResourceWriteSuccess"
    assert event["subject"] == subject.replace("resourceGroups", "resourcegroups")
    assert data["operationName"] == "Microsoft.Resources/tags/write"
    assert data["resourceProvider"] == "Microsoft.Resources"
    assert as_object(data["httpRequest"])["method"] == "PATCH"


def test_the_function_for_clusters_hears_of_it(world: World) -> None:
    """The filter of on_cluster_created lets a change of tags through, the other one does not."""
    world.simulator.outbox.subscriptions.extend(subscriptions_of(["http://127.0.0.1:1"]))
    world.call("PATCH", TAGS, order("Merge", naptime="off"))
    (published,) = world.simulator.outbox.published
    heard = [each.subscription.function for each in published.deliveries]
    assert heard == ["on_cluster_created"]


def test_tags_of_what_is_not_there_are_404(world: World) -> None:
    """Neither a cluster nor a group is made by tagging it."""
    for target in (TAGS.replace("nap-1", "none"), TAGS.replace("rg-prod", "rg-none")):
        assert world.put(target, order("Merge", a="1")).status == 404
    assert world.get(NODE_OS).status == 404
    assert world.get(GROUP).status == 200
