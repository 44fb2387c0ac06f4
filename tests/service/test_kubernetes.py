"""Kubernetes upgrades that nothing holds back: reported by run, list, view and event."""

from typing import cast

from tests.clusters import cluster, cluster_id, schedule
from tests.fakes.aks import Json
from tests.service_world import World

AUTO_UPGRADE = "aksManagedAutoUpgradeSchedule"
REASON = "KubernetesUpgradeAnyTime"


def upgraded(name: str = "aks-1", channel: str = "stable") -> Json:
    """Make the body of a cluster whose Kubernetes is upgraded by itself."""
    body = cluster(name)
    properties = cast("Json", body["properties"])
    profile = {"upgradeChannel": channel, "nodeOSUpgradeChannel": "NodeImage"}
    return {**body, "properties": {**properties, "autoUpgradeProfile": profile}}


def a_world() -> World:
    """Give a world with one such cluster, whose node OS schedule is in place."""
    world = World(has_topic=True)
    world.aks.add(upgraded())
    world.aks.set_schedule(cluster_id(), schedule("Saturday"))
    return world


async def test_it_is_counted_and_shown() -> None:
    """The run counts it, the list can be asked for it, and the view says what it means."""
    world = a_world()
    record = await world.sweep()
    assert record.summary["reasons"] == {REASON: 1}
    (listed,) = await world.memory.first(cluster_id().subscription_id, 10, "", {"reason": REASON})
    assert [found["reason"] for found in listed.findings] == [REASON]
    live = await world.viewer.look(cluster_id())
    assert live["decision"]
    assert live["decision"]["action"] == "Leave"
    assert AUTO_UPGRADE in live["decision"]["message"]
    assert world.aks.accepted_writes == []


async def test_it_costs_no_call() -> None:
    """The same calls are made of a cluster that has it as of one that has not."""
    calls = []
    for channel in ("none", "stable"):
        world = World()
        world.aks.add(upgraded(channel=channel))
        world.aks.set_schedule(cluster_id(), schedule("Saturday"))
        await world.sweep()
        calls.append([(call.verb, call.cluster_id) for call in world.aks.calls])
    assert calls[0] == calls[1]


async def test_it_is_told_once() -> None:
    """One event for each cluster, however often it is looked at; again once it had been mended."""
    world = a_world()
    for _ in range(3):
        await world.sweep()
        await world.reconcile()
    (told,) = world.topic.of("ScheduleNeedsAttention")
    assert (told.subject, told.data["reason"]) == (str(cluster_id()), REASON)
    world.aks.set_schedule(cluster_id(), schedule("Saturday"), AUTO_UPGRADE)
    assert (await world.reconcile()).reason == "UpToDate"
    world.aks.remove_schedule(cluster_id(), AUTO_UPGRADE)
    await world.sweep()
    assert len(world.topic.of("ScheduleNeedsAttention")) == 2


async def test_one_that_was_created_is_told_of_too() -> None:
    """Where the node OS schedule had to be made as well, both are told."""
    world = World(has_topic=True)
    world.aks.add(upgraded())
    await world.sweep()
    assert len(world.topic.of("ScheduleCreated")) == 1
    (told,) = world.topic.of("ScheduleNeedsAttention")
    assert told.data["reason"] == REASON
