"""The event of a released node image, and the run that comes of it: as few calls as will do."""

import json
from datetime import datetime, timedelta

import pytest

from shared.domain.errors import AzureUnavailable
from shared.domain.fleet.run_records import RunRecord
from shared.domain.images.node_image import NodeImage
from shared.domain.images.released import NodeImageReleased
from shared.domain.vocabulary.invalid import InvalidEvent
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.images.find import FleetPlaces
from tests.clusters import FOREIGN_SUBSCRIPTION, cluster, cluster_id
from tests.fakes.aks import Fault
from tests.payloads import cluster_written, schedule_deleted
from tests.service_world import World

PLACE = "westeurope"
SOURCE = "urn:naptime:test"


def event(at: datetime, location: str = PLACE, version: str = "202608.20.0") -> str:
    """Give the event as naptime publishes it."""
    image = NodeImage.of("AKSUbuntu", "2404gen2containerd", version)
    assert image
    released = NodeImageReleased(location, image)
    return json.dumps(released.to_cloud_event(at).to_json(SOURCE))


async def swept(*names: str, max_age: timedelta = timedelta(hours=1)) -> World:
    """Give a world whose clusters have just been read, and have schedules now."""
    world = World(verify_max_age=max_age)
    for name in names:
        world.aks.add(cluster(name))
    await world.sweep()
    world.clock.advance(timedelta(minutes=30))
    world.aks.calls.clear()
    return world


async def released(world: World, version: str = "202608.20.0") -> RunRecord:
    """Deliver the event, and give the run that has come of it once it is over."""
    received = await world.releases.receive(event(world.clock.now(), version=version))
    assert received.run_id
    await world.run_and_mind()
    stored = await world.store.run(received.run_id)
    assert stored
    return stored.record


async def test_a_run_over_the_location() -> None:
    """A cluster of the location that nobody has looked at yet is guarded; others are not read."""
    world = await swept("aks-1")
    world.aks.add(cluster("new"))
    world.aks.add(cluster("elsewhere", location="uksouth"))
    record = await released(world)
    assert record.run.cause is Cause.NODE_IMAGE_RELEASED
    assert world.aks.schedule(cluster_id("new"))
    assert not world.aks.schedule(cluster_id("elsewhere"))
    assert [call.cluster_id for call in world.aks.calls_of("list")] == [cluster_id("new")]
    assert record.summary["outcomes"] == {"Created": 1, "Skipped": 1}
    assert record.summary["reasons"] == {"RecentlyRead": 1, "ScheduleMissing": 1}


async def test_a_location_without_clusters_costs_no_call() -> None:
    """The event of a location that no cluster is known in is acknowledged, without a call."""
    world = await swept("aks-1")
    for location in ("uksouth", "nowhere"):
        received = await world.releases.receive(event(world.clock.now(), location))
        assert (received.accepted, received.what) == (False, "no cluster there")
    await world.run()
    assert not world.aks.calls


async def test_a_location_whose_clusters_have_gone() -> None:
    """A shard that had clusters once is not enough: the last of them must still be remembered."""
    world = await swept("aks-1")
    del world.aks.clusters[cluster_id("aks-1")]
    await world.sweep()
    world.clock.advance(timedelta(hours=1))
    await world.sweep()
    world.aks.calls.clear()
    assert not (await world.releases.receive(event(world.clock.now()))).accepted
    assert not world.aks.calls


async def test_a_cluster_without_auto_provisioning_does_not_count() -> None:
    """A location with clusters that take no images of NAP is one without clusters."""
    world = World()
    world.aks.add(cluster())
    await world.reconcile()
    world.aks.add(cluster(mode="Manual"))
    world.clock.advance(timedelta(minutes=1))
    await world.reconcile()
    assert not (await world.releases.receive(event(world.clock.now()))).accepted


async def test_a_subscription_that_left_the_settings() -> None:
    """What is remembered of a subscription that naptime may not act on any more counts nothing."""
    world = await swept("aks-1")
    other = FleetPlaces(world.places.shards, world.memory, frozenset({FOREIGN_SUBSCRIPTION}))
    assert await other.locations() == {}
    assert not await other.has_clusters(PLACE)


async def test_an_old_reading_counts_no_more() -> None:
    """After NAPTIME_VERIFY_MAX_AGE_MINUTES every cluster is read again."""
    world = await swept("aks-1")
    world.clock.advance(timedelta(minutes=31))
    await released(world)
    assert len(world.aks.calls_of("list")) == 1


async def test_no_age_is_young_enough() -> None:
    """With an age of 0 every cluster is read in every run."""
    world = await swept("aks-1", max_age=timedelta(0))
    first = await released(world)
    assert len(world.aks.calls_of("list")) == 1
    assert (await released(world, "202609.01.0")).run.id != first.run.id
    assert len(world.aks.calls_of("list")) == 2


async def test_the_next_release_is_another_run() -> None:
    """A release minutes after another one finds the cluster that has come in between."""
    world = await swept("aks-1")
    first = await released(world)
    world.aks.add(cluster("new"))
    second = await released(world, "202609.01.0")
    assert second.run.id != first.run.id
    assert world.aks.schedule(cluster_id("new"))
    assert len(world.aks.calls_of("list")) == 1


async def test_the_same_news_again() -> None:
    """The same version is no second run for a while; later it is one, as nobody knows why."""
    world = await swept("aks-1")
    first = await released(world)
    calls = len(world.aks.calls)
    assert (await released(world)).run.id == first.run.id
    assert len(world.aks.calls) == calls
    world.clock.advance(timedelta(minutes=20))
    assert (await released(world)).run.id != first.run.id


async def test_a_cluster_without_an_explicit_schedule_is_read_again() -> None:
    """A schedule without a window of its own was seen: that is not what may be relied on."""
    world = World()
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), {})
    await world.sweep()
    world.aks.calls.clear()
    await released(world)
    assert len(world.aks.calls_of("list")) == 1


@pytest.mark.parametrize("happened", [cluster_written, schedule_deleted])
@pytest.mark.parametrize("worked_on", [True, False])
async def test_an_event_since_makes_the_cluster_be_read(
    happened: type[object], *, worked_on: bool
) -> None:
    """An event about a cluster counts from its receipt, also while its message still waits."""
    world = await swept("aks-1", "aks-2")
    await world.events.receive(happened(cluster_id("aks-1")))  # type: ignore[call-arg,arg-type]  # one of two functions
    if worked_on:
        await world.run()
    waiting = list(world.queue.messages)
    world.queue.messages.clear()
    world.aks.calls.clear()
    await released(world)
    assert [call.cluster_id for call in world.aks.calls_of("list")] == [cluster_id("aks-1")]
    assert bool(waiting) is not worked_on


async def test_an_outcome_that_saw_nothing_makes_the_cluster_be_read() -> None:
    """What was remembered before a reconcile that is to be tried again is not the last word."""
    world = await swept("aks-1")
    world.aks.faults += [Fault("get", lambda: AzureUnavailable("no")) for _ in range(5)]
    await world.ask("aks-1")
    await world.deliver_one()
    world.queue.messages.clear()
    world.aks.calls.clear()
    await released(world)
    assert len(world.aks.calls_of("list")) == 1


async def test_a_sweep_reads_everything_all_the_same() -> None:
    """Only the run of a release leaves anything out: the sweep is the net under all of it."""
    world = await swept("aks-1", "aks-2")
    await world.sweep()
    assert len(world.aks.calls_of("list")) == 2


async def test_old_and_foreign_events() -> None:
    """Older than two days, or nothing of naptime's: refused by name, or not for naptime."""
    world = await swept("aks-1")
    with pytest.raises(InvalidEvent) as refused:
        await world.releases.receive(event(world.clock.now() - timedelta(days=3)))
    assert [problem.field for problem in refused.value.problems] == ["time"]
    received = await world.releases.receive(
        json.dumps({"specversion": "1.0", "type": "Other.Thing", "id": "1", "source": "x"})
    )
    assert not received.accepted
    assert not world.run_queue.messages


async def test_the_marks_of_clusters_that_have_gone_are_removed() -> None:
    """A run over everything forgets the marks with what was known of the cluster."""
    world = await swept("aks-1")
    await world.events.receive(cluster_written(cluster_id("aks-1")))
    await world.run()
    del world.aks.clusters[cluster_id("aks-1")]
    await world.sweep()
    world.clock.advance(timedelta(hours=1))
    await world.sweep()
    assert await world.memory.heard(cluster_id().subscription_id) == {}
