"""Reading the ages of all images: joined to clusters, kept beside them, shown as findings."""

import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import cast

import pytest

from shared.domain.errors import (
    AccessDenied,
    AzureUnavailable,
    Rejected,
    Throttled,
)
from shared.domain.fleet.pace import Pace
from shared.domain.images.age import ImageAge, ImageCount
from shared.domain.images.machines import MachinePage, NapMachine, NodeGroup
from shared.domain.images.node_image import NodeImage
from shared.domain.vocabulary.pages import PageAsked
from shared.reconcile.ground.memory import known_key
from shared.reconcile.images import read_ages
from shared.reconcile.images.read_ages import ImageAgeReader
from tests.clusters import SUBSCRIPTION, cluster, cluster_id
from tests.fakes.clock import SATURDAY_NOON
from tests.machines import Json, community, gallery, machine
from tests.service_world import World

OTHER = "22222222-2222-2222-2222-222222222222"


async def world_of(*names: str) -> World:
    """Give a world that has swept over some clusters."""
    world = World(pace=Pace(1000, 100), subscriptions=frozenset({SUBSCRIPTION, OTHER}))
    for name in names:
        world.aks.add(cluster(name))
    await world.sweep()
    return world


async def shown(world: World, **where: str) -> dict[str, Json]:
    """Give what `GET /clusters` shows, by the clusters' names."""
    page = await world.fleet.clusters(None, where, PageAsked())
    return {row["clusterId"].rpartition("/")[2]: dict(row) for row in page.items}


def reasons(row: Json) -> list[str]:
    """Name the findings of a cluster."""
    return [each["reason"] for each in cast("list[dict[str, str]]", row["findings"])]


def of(name: str) -> str:
    """Name the node resource group of a cluster."""
    return f"MC_rg-1_{name}_westeurope"


async def test_ages_are_kept_beside_their_clusters() -> None:
    """Machines of both forms, without tags and with unknown images, each with its own cluster."""
    world = await world_of("fresh", "old", "ancient", "empty", "odd")
    for body in (
        machine("a", gallery("202611.15.0"), group=of("fresh")),
        machine("b", gallery("202609.01.0"), group=of("OLD")),
        machine("c", gallery("202611.15.0"), group=of("old")),
        machine("d", community("202512.18.0"), group=of("ancient")),
        machine("e", gallery("202001.01.0"), group=of("fresh"), tags={}),
        machine("f", group=of("odd")),
        machine("g", gallery("latest"), group=of("odd")),
        machine("h", gallery("202001.01.0"), group="MC_of_nobody"),
    ):
        world.machines.add(body)
    read = await world.image_ages.read()
    assert (read.clusters, read.machines, read.unknown_images) == (5, 7, 2)
    assert (read.strange_machines, read.failures) == (1, [])
    assert read.reasons == {"NodeImageOld": 1, "NodeImageBeyondSupport": 1}
    rows = await shown(world)
    assert rows["old"]["imageAge"] == {
        "oldestVersion": "202609.01.0",
        "oldestDate": "2026-09-01",
        "ageInDays": 81,
        "machines": 2,
        "unknownImages": 0,
        "readAt": f"{world.clock.now():%Y-%m-%dT%H:%M:%SZ}",
    }
    ages = {name: cast("Json", row["imageAge"]) for name, row in rows.items()}
    assert (ages["odd"]["machines"], ages["odd"]["unknownImages"]) == (2, 2)
    assert (ages["empty"]["machines"], ages["empty"]["oldestVersion"]) == (0, None)
    assert reasons(rows["fresh"]) == ["ScheduleMissing"]
    assert reasons(rows["old"]) == ["ScheduleMissing", "NodeImageOld"]
    assert reasons(rows["ancient"]) == ["ScheduleMissing", "NodeImageBeyondSupport"]


async def test_clusters_are_found_by_what_their_images_are() -> None:
    """They are listed by the finding, whatever was decided about the schedule."""
    world = await world_of("fresh", "old")
    world.machines.add(machine("a", gallery("202609.01.0"), group=of("old")))
    await world.image_ages.read()
    assert list(await shown(world, imageReason="NodeImageOld")) == ["old"]
    assert await shown(world, imageReason="NodeImageBeyondSupport") == {}
    assert len(await shown(world, reason="ScheduleMissing")) == 2


async def test_a_look_shows_them_too() -> None:
    """The live view has the age, and the finding beside those of the decision, which it leaves."""
    world = await world_of("aks-1")
    world.machines.add(machine("a", gallery("202601.01.0")))
    before: Mapping[str, object] = await world.viewer.look(cluster_id())
    assert before["imageAge"] is None
    await world.image_ages.read()
    after: Mapping[str, object] = await world.viewer.look(cluster_id())
    decision = cast("Json", after["decision"])
    assert (decision["action"], decision["reason"]) == ("Leave", "UpToDate")
    assert reasons(decision) == ["UpToDate", "NodeImageBeyondSupport"]
    assert cast("Json", after["imageAge"])["oldestVersion"] == "202601.01.0"
    writes = len(world.aks.accepted_writes)
    await world.reconcile()
    assert len(world.aks.accepted_writes) == writes


async def test_ages_outlive_a_reconcile_and_end_with_their_machines() -> None:
    """A later outcome leaves the age alone; once the nodes are replaced the finding is gone."""
    world = await world_of("aks-1")
    world.machines.add(machine("a", gallery("202601.01.0")))
    await world.image_ages.read()
    await world.reconcile()
    (row,) = (await shown(world)).values()
    assert reasons(row) == ["UpToDate", "NodeImageBeyondSupport"]
    world.machines.bodies.clear()
    world.machines.add(machine("b", gallery("202611.20.0")))
    await world.image_ages.read()
    (row,) = (await shown(world)).values()
    assert reasons(row) == ["UpToDate"]
    assert await shown(world, imageReason="NodeImageBeyondSupport") == {}


async def test_one_listing_for_the_whole_fleet() -> None:
    """All subscriptions are in one query, as a list; pages follow, and none is asked for twice."""
    world = await world_of("aks-1")
    world.machines.size = 2
    for number in range(5):
        world.machines.add(machine(f"vm-{number}", gallery("202611.20.0")))
    read = await world.image_ages.read()
    assert (read.machines, read.queries) == (5, 3)
    assert {tuple(query.subscriptions) for query in world.machines.queries} == {
        (SUBSCRIPTION, OTHER)
    }
    pages = [query.page for query in world.machines.queries]
    assert pages[0] == ""
    assert all(one < two for one, two in pairwise(pages))


async def test_the_quota_is_waited_for() -> None:
    """Where an answer says that the quota is used up, the next query waits until it is full."""
    world = await world_of("aks-1")
    world.machines.size, world.machines.wait = 1, timedelta(seconds=5)
    for number in range(3):
        world.machines.add(machine(f"vm-{number}"))
    slept = len(world.clock.slept)
    await world.image_ages.read()
    assert world.clock.slept[slept:] == [5.0, 5.0]
    world.machines.wait = timedelta(days=1)
    await world.image_ages.read()
    assert world.clock.slept[-1] == 60.0


async def test_weather_is_tried_again_by_one_layer() -> None:
    """A page that fails is asked for again, alone, as often as quick retries allow."""
    world = await world_of("aks-1")
    world.machines.size = 1
    for number in range(2):
        world.machines.add(machine(f"vm-{number}"))
    throttled = lambda: Throttled("slow down", retry_after=timedelta(seconds=9))  # noqa: E731 - a fault
    world.machines.faults.extend([throttled, None, lambda: AzureUnavailable("oops")])
    read = await world.image_ages.read()
    assert (read.machines, read.queries, read.failures) == (2, 4, [])
    assert max(world.clock.slept) >= 9


@pytest.mark.parametrize("error", [AccessDenied, Rejected])
async def test_a_failure_leaves_what_was_read_before(
    error: type[AccessDenied | Rejected], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of subscriptions that fails keeps its ages, with their time; the others go on."""
    monkeypatch.setattr(read_ages, "SUBSCRIPTIONS_A_QUERY", 1)
    world = await world_of("aks-1")
    world.aks.add(cluster("other", subscription=OTHER))
    await world.sweep()
    world.machines.add(machine("a", gallery("202601.01.0")))
    await world.image_ages.read()
    world.clock.advance(timedelta(hours=6))
    world.machines.faults.append(lambda: error("no"))
    read = await world.image_ages.read()
    assert [type(failure) for failure in read.failures] == [error]
    assert read.clusters == 1
    ages = {name: cast("Json", row["imageAge"]) for name, row in (await shown(world)).items()}
    assert ages["aks-1"]["oldestVersion"] == "202601.01.0"
    assert str(ages["aks-1"]["readAt"]) < str(ages["other"]["readAt"])


async def test_a_page_in_the_middle_that_fails() -> None:
    """Half a listing is no listing: nothing is written of it."""
    world = await world_of("aks-1")
    world.machines.size = 1
    for number in range(3):
        world.machines.add(machine(f"vm-{number}", gallery("202601.01.0")))
    world.machines.faults.extend([None, lambda: Rejected("no")])
    read = await world.image_ages.read()
    assert (read.clusters, len(read.failures)) == (0, 1)
    (row,) = (await shown(world)).values()
    assert row["imageAge"] is None


async def test_clusters_without_a_known_node_group_are_left_out() -> None:
    """A row of an earlier version has no node resource group until the next look at the cluster."""
    world = await world_of("aks-1")
    rows = world.memory.table
    await rows.merge(SUBSCRIPTION, {known_key(cluster_id()): {"nodeGroup": ""}})
    world.machines.add(machine("a", gallery("202601.01.0")))
    read = await world.image_ages.read()
    assert (read.clusters, read.strange_machines) == (0, 1)
    await world.reconcile()
    assert (await world.image_ages.read()).clusters == 1


async def test_a_cluster_forgotten_meanwhile_is_not_shown() -> None:
    """An age that is written after its cluster was forgotten makes no cluster of nothing."""
    world = await world_of("aks-1", "gone")
    known = await world.memory.recall(cluster_id("gone"))
    assert known
    await world.memory.forget(SUBSCRIPTION, [known.key])
    age = ImageAge.judged(ImageCount(), SATURDAY_NOON, 60)
    await world.memory.note_images(SUBSCRIPTION, {known.key: age})
    assert list(await shown(world)) == ["aks-1"]
    del world.aks.clusters[cluster_id("gone")]
    await world.sweep()
    world.clock.advance(timedelta(hours=1))
    await world.sweep()
    assert await world.memory.recall(cluster_id("gone")) is None


@dataclass
class Endless:
    """So many machines, made page by page as they are asked for."""

    machines: int
    groups: int

    async def page(self, subscriptions: Sequence[str], page: str) -> MachinePage:
        """Make a page of a thousand."""
        first = int(page or "0")
        image = NodeImage.parse("AKSUbuntu-2404gen2containerd-202611.01.0")
        made = [
            NapMachine(NodeGroup(subscriptions[0], f"mc_{number % self.groups}"), image)
            for number in range(first, first + 1000)
        ]
        after = first + 1000
        return MachinePage(made, str(after) if after < self.machines else "")


async def test_memory_is_flat() -> None:
    """Ten times the machines of the same clusters take no more memory: pages are not kept."""
    world = await world_of("aks-1")

    async def peak(machines: int) -> int:
        reader = ImageAgeReader(
            Endless(machines, 100),
            world.memory,
            world.retry,
            world.clock,
            frozenset({SUBSCRIPTION}),
            60,
        )
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        read = await reader.read()
        assert (read.machines, read.queries) == (machines, machines // 1000)
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        await peak(3000)
        small, large = await peak(3000), await peak(30_000)
    finally:
        tracemalloc.stop()
    assert large < small * 1.2


async def test_old_images_need_attention() -> None:
    """Whoever asks for what needs attention is shown the clusters with old images."""
    world = await world_of("fresh", "old")
    world.machines.add(machine("a", gallery("202609.01.0"), group=of("old")))
    await world.image_ages.read()
    page = await world.fleet.clusters(None, {}, PageAsked(), attention=True)
    assert [row["clusterId"] for row in page.items] == [str(cluster_id("old"))]
