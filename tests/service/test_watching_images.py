"""The watch for node images: what is noticed, told once, and seen to."""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.domain.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    ClusterGone,
    NotAuthenticated,
    Rejected,
    Throttled,
)
from shared.domain.fleet.run import RunScope
from shared.domain.images.known_image import ImageSource, KnownImage
from shared.domain.vocabulary.reasons import Cause
from tests.clusters import SUBSCRIPTION, cluster, cluster_id
from tests.service_world import Killed, World

PLACE = "westeurope"
OTHER = "22222222-2222-2222-2222-222222222222"
UBUNTU = "AKSUbuntu-2404gen2containerd"
AZURE_LINUX = "AKSAzureLinux-V3gen2"
OLD, NEW, NEWEST = "202608.06.1", "202608.20.0", "202609.01.0"
SOURCE = "urn:naptime:test"


async def fleet(*locations: str, has_topic: bool = True) -> World:
    """Give a world with a cluster in each location, swept, and images that were seen once."""
    world = World(has_topic=has_topic)
    for location in locations or (PLACE,):
        world.aks.add(cluster(f"aks-{location}", location=location))
        world.images.release(location, f"{UBUNTU}-{OLD}", f"{AZURE_LINUX}-{OLD}")
    await world.sweep()
    await world.image_watcher.watch()
    world.images.calls.clear()
    world.aks.calls.clear()
    world.topic.events.clear()
    return world


async def deliver(world: World) -> list[str | None]:
    """Deliver every event of the topic about images to naptime; the runs that came of it."""
    found = [
        await world.releases.receive(json.dumps(event.to_json(SOURCE)))
        for event in world.topic.of("NodeImageReleased")
    ]
    return [received.run_id for received in found]


async def versions(world: World, location: str = PLACE) -> dict[str, str]:
    """Give the versions that are remembered of a location."""
    known = await world.image_memory.of_location(location)
    return {str(image.image.definition): str(image.image.version) for image in known}


async def test_the_first_sight_is_recorded_without_an_event() -> None:
    """Nobody saw what is there at first being released: it is remembered, and nothing is told."""
    world = await fleet()
    assert await versions(world) == {UBUNTU: OLD, AZURE_LINUX: OLD}
    assert not any(image.release_seen for image in await world.image_memory.of_location(PLACE))
    assert world.topic.events == []


async def test_a_release_is_told_once() -> None:
    """A newer version is published with what was there before, then remembered, then old news."""
    world = await fleet()
    world.images.release(PLACE, f"{UBUNTU}-{NEW}")
    assert (await world.image_watcher.watch()).released == 1
    (event,) = world.topic.events
    assert event.id == f"westeurope/AKSUbuntu/2404gen2containerd/{NEW}"
    assert event.data["previousVersion"] == OLD
    assert (await versions(world))[UBUNTU] == NEW
    assert (await world.image_watcher.watch()).released == 0
    assert len(world.topic.events) == 1


async def test_an_older_version_is_passed_over() -> None:
    """An answer of a replica that lags behind is no release, and neither is the end of the lag."""
    world = await fleet()
    world.images.release(PLACE, f"{UBUNTU}-{NEW}")
    await world.image_watcher.watch()
    ahead, world.images.images[PLACE] = world.images.images[PLACE], []
    world.images.release(PLACE, f"{UBUNTU}-{OLD}")
    await world.image_watcher.watch()
    world.images.images[PLACE] = ahead
    await world.image_watcher.watch()
    assert len(world.topic.events) == 1
    assert (await versions(world))[UBUNTU] == NEW


async def test_one_call_for_each_location() -> None:
    """Sixty locations with twelve images each are sixty calls, one read of places, one of sources.

    And sixty reads of what is remembered. Where nothing is new that there was a look is written
    down, for all at once, and read with the next.
    """
    names = [f"place{number}" for number in range(60)]
    world = await fleet(*names)
    skus = [f"{UBUNTU}{number}" for number in range(10)]
    for name in names:
        world.images.release(name, *(f"{sku}-{OLD}" for sku in skus))
    await world.image_watcher.watch()
    world.images.calls.clear()
    before = world.life.operations
    watched = await world.image_watcher.watch()
    assert (watched.locations, watched.failed) == (60, 0)
    assert sorted(world.images.calls) == sorted(
        ("locations", f"{SUBSCRIPTION}/{name}") for name in names
    )
    assert world.life.operations - before == 64
    assert not world.aks.calls


async def test_a_release_came_after_the_look_before() -> None:
    """What was released is remembered with when the look before was, and who was not shown is not.

    A look that failed is none: then the release may have come since the one before it.
    """
    world = await fleet()
    looked: list[datetime] = []

    async def look() -> KnownImage:
        looked.append(world.clock.now())
        await world.image_watcher.watch()
        world.clock.advance(timedelta(minutes=15))
        found = await world.image_memory.of_location(PLACE)
        return next(each for each in found if str(each.image.definition) == UBUNTU)

    await look()
    world.images.release(PLACE, f"{UBUNTU}-{NEW}")
    known = await look()
    assert (known.seen_after, known.seen_since) == (looked[-2], looked[-1])
    await look()
    world.images.refuses = lambda *_: AzureUnavailable("not now")
    await look()
    world.images.refuses = lambda *_: None
    world.images.release(PLACE, f"{UBUNTU}-{NEWEST}")
    known = await look()
    assert str(known.image.version) == NEWEST
    assert known.seen_after == looked[-3]


async def test_several_images_of_one_release_are_one_run() -> None:
    """Every image has its event; together they are one run, even once it is over."""
    world = await fleet()
    world.aks.add(cluster("late"))
    world.images.release(PLACE, f"{UBUNTU}-{NEW}", f"{AZURE_LINUX}-{NEW}")
    await world.image_watcher.watch()
    assert len(world.topic.events) == 2
    first = await deliver(world)
    await world.run_and_mind(for_at_most=timedelta(minutes=10))
    assert world.aks.schedule(cluster_id("late"))
    calls = len(world.aks.calls)
    assert set(await deliver(world)) == set(first)
    await world.run()
    assert len(world.aks.calls) == calls
    assert len(set(first)) == 1


async def test_killed_between_publishing_and_storing() -> None:
    """The event comes again with the same id, and no second run's worth of calls is made."""
    world = await fleet()
    world.aks.add(cluster("late"))
    world.images.release(PLACE, f"{UBUNTU}-{NEW}")
    # Places, sources, looks, what is remembered, the topic: then the worker dies before it stores.
    world.life.left = world.life.operations + 5
    with pytest.raises(Killed):
        await world.image_watcher.watch()
    world.life.revive()
    assert (await versions(world))[UBUNTU] == OLD
    runs = await deliver(world)
    await world.run_and_mind(for_at_most=timedelta(minutes=10))
    calls = len(world.aks.calls)
    await world.image_watcher.watch()
    assert len({event.id for event in world.topic.of("NodeImageReleased")}) == 1
    assert len(world.topic.of("NodeImageReleased")) == 2
    assert (await versions(world))[UBUNTU] == NEW
    assert set(await deliver(world)) == set(runs)
    await world.run_and_mind(for_at_most=timedelta(minutes=10))
    assert len(world.aks.calls) == calls
    assert world.aks.schedule(cluster_id("late"))


@pytest.mark.parametrize("left", range(12))
async def test_a_release_is_told_wherever_the_worker_dies(left: int) -> None:
    """Wherever the worker dies, a release is told at least once, with one id, and stored."""
    world = await fleet()
    world.images.release(PLACE, f"{UBUNTU}-{NEW}")
    world.life.left = world.life.operations + left
    try:
        await world.image_watcher.watch()
    except Killed:
        world.life.revive()
        await world.image_watcher.watch()
    world.life.revive()
    assert {event.id for event in world.topic.events} == {
        f"westeurope/AKSUbuntu/2404gen2containerd/{NEW}"
    }
    assert (await versions(world))[UBUNTU] == NEW


async def test_without_a_topic_the_watcher_starts_the_run() -> None:
    """Nothing is published and nothing enqueued; the run begins at once."""
    world = await fleet(has_topic=False)
    world.aks.add(cluster("late"))
    world.images.release(PLACE, f"{UBUNTU}-{NEW}", f"{AZURE_LINUX}-{NEW}")
    await world.image_watcher.watch()
    await world.run_and_mind()
    assert world.topic.requests == 0
    assert world.event_queue.messages == []
    assert world.aks.schedule(cluster_id("late"))
    run = world.finished[-1].run
    assert (run.cause, run.scope) == (Cause.NODE_IMAGE_RELEASED, RunScope(locations=(PLACE,)))


@pytest.mark.parametrize("error", [Throttled, AzureUnavailable, AccessDenied, NotAuthenticated])
async def test_a_topic_that_does_not_answer_for_a_while(error: type[AzureError]) -> None:
    """The run does not wait for the topic, and the event is published in the end, once."""
    world = await fleet()
    world.aks.add(cluster("late"))
    world.images.release(PLACE, f"{UBUNTU}-{NEW}")
    over = world.clock.now() + timedelta(hours=2)
    world.topic.refuses = lambda _: error("no") if world.clock.now() < over else None
    await world.image_watcher.watch()
    await world.run_and_mind(for_at_most=timedelta(minutes=30))
    assert world.aks.schedule(cluster_id("late"))
    assert world.topic.events == []
    assert (await versions(world))[UBUNTU] == NEW
    await world.run()
    (event,) = world.topic.of("NodeImageReleased")
    assert event.data["version"] == NEW
    assert await deliver(world) != [None]


REFUSALS: list[Callable[[], AzureError]] = [
    lambda: Rejected("no such version", status=400),
    lambda: ClusterGone("no such route", status=404),
    lambda: AccessDenied("not allowed", status=403),
    lambda: AzureUnavailable("that is no JSON", status=200),
]


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_the_agent_pools_where_the_list_is_refused(
    refusal: Callable[[], AzureError], caplog: pytest.LogCaptureFixture
) -> None:
    """The newest image of one pool of each family is asked for; said once; the same event comes."""
    world = await fleet()
    world.images.pools[cluster_id(f"aks-{PLACE}")] = {
        "system": ("ubuntu", f"{UBUNTU}-{OLD}"),
        "linux3": ("azurelinux", f"{AZURE_LINUX}-{OLD}"),
    }
    world.images.refuses = lambda verb, _: refusal() if verb == "locations" else None
    with caplog.at_level(logging.INFO, "naptime"):
        for version in (OLD, NEW, NEW):
            pools = world.images.pools[cluster_id(f"aks-{PLACE}")]
            pools["system"] = ("ubuntu", f"{UBUNTU}-{version}")
            await world.image_watcher.watch()
    (event,) = world.topic.events
    assert event.id == f"westeurope/AKSUbuntu/2404gen2containerd/{NEW}"
    said = [line for line in caplog.messages if line.startswith("node images come from")]
    assert len(said) == 1
    assert "source=AgentPools" in said[0]
    # The cluster was read once, its two pools at each watch.
    verbs = [verb for verb, _ in world.images.calls if verb != "locations"]
    assert verbs == ["pools", *["pool"] * 6]


async def test_the_list_works_again(caplog: pytest.LogCaptureFixture) -> None:
    """Where the list is answered again it is used again, and that is said once."""
    world = await fleet()
    world.images.refuses = lambda _verb, _where: Rejected("no", status=400)
    await world.image_watcher.watch()
    world.images.refuses = lambda _verb, _where: None
    with caplog.at_level(logging.INFO, "naptime"):
        await world.image_watcher.watch()
        await world.image_watcher.watch()
    said = [line for line in caplog.messages if line.startswith("node images come from")]
    assert said[1:] == ["node images come from location=westeurope source=Location"]


async def test_a_pool_that_has_gone() -> None:
    """Where the pool that was asked is no more, another one is looked for."""
    world = await fleet()
    world.aks.add(cluster("other"))
    await world.sweep()
    for name in (f"aks-{PLACE}", "other"):
        world.images.pools[cluster_id(name)] = {"system": ("ubuntu", f"{UBUNTU}-{OLD}")}
    world.images.refuses = lambda verb, _: Rejected("no") if verb == "locations" else None
    await world.image_watcher.watch()
    (asked,) = (await world.image_memory.sources())[PLACE].pools
    del world.images.pools[asked.cluster_id]
    await world.image_watcher.watch()
    (instead,) = (await world.image_memory.sources())[PLACE].pools
    assert instead.cluster_id != asked.cluster_id


@pytest.mark.parametrize("verb", ["pools", "pool"])
async def test_pools_that_cannot_be_asked_just_now(verb: str) -> None:
    """An outage is none of the answers: the location is looked at again, and nothing forgotten."""
    world = await fleet()
    world.images.pools[cluster_id(f"aks-{PLACE}")] = {"system": ("ubuntu", f"{UBUNTU}-{NEW}")}

    def refuse(asked: str, _: str) -> AzureError | None:
        if asked == "locations":
            return Rejected("no", status=400)
        return AzureUnavailable("503", status=503) if asked == verb else None

    world.images.refuses = refuse
    watched = await world.image_watcher.watch()
    assert (watched.failed, watched.released) == (1, 0)
    assert (await versions(world))[UBUNTU] == OLD
    world.images.refuses = lambda asked, _: Rejected("no") if asked == "locations" else None
    assert (await world.image_watcher.watch()).released == 1


async def test_a_pool_of_a_form_that_nobody_knows() -> None:
    """What is newest for it is no image that can be compared; another family's pool still is."""
    world = await fleet()
    world.images.pools[cluster_id(f"aks-{PLACE}")] = {
        "system": ("ubuntu", "latest"),
        "linux3": ("azurelinux", f"{AZURE_LINUX}-{NEW}"),
    }
    world.images.refuses = lambda verb, _: Rejected("no") if verb == "locations" else None
    assert (await world.image_watcher.watch()).released == 1
    assert await versions(world) == {UBUNTU: OLD, AZURE_LINUX: NEW}


async def test_another_subscription_where_one_may_not() -> None:
    """The list of a location is the same in every subscription: one that may see it will do."""
    world = World(subscriptions=frozenset({SUBSCRIPTION, OTHER}), has_topic=True)
    world.aks.add(cluster("aks-1"))
    world.aks.add(cluster("aks-2", subscription=OTHER))
    world.images.release(PLACE, f"{UBUNTU}-{OLD}")
    await world.sweep()
    world.images.refuses = lambda _, where: AccessDenied("no") if SUBSCRIPTION in where else None
    await world.image_watcher.watch()
    assert await versions(world) == {UBUNTU: OLD}
    assert (await world.image_memory.sources()) == {}


async def test_a_location_that_does_not_answer_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where neither call is answered nothing happens, it is said once, and others go on."""
    world = await fleet(PLACE, "uksouth")
    world.images.release("uksouth", f"{UBUNTU}-{NEW}")
    world.images.refuses = lambda _, where: (
        None if "uksouth" in where else Rejected("no", status=404)
    )
    with caplog.at_level(logging.INFO, "naptime"):
        for _ in range(3):
            assert (await world.image_watcher.watch()).failed == 0
    assert [event.data["location"] for event in world.topic.events] == ["uksouth"]
    assert (await world.image_memory.sources())[PLACE].source is ImageSource.NOTHING
    assert sum("node images come from" in line for line in caplog.messages) == 1
    assert world.bugs == []


async def test_what_may_work_next_time() -> None:
    """A location that does not answer now is counted, and looked at again at the next watch."""
    world = await fleet(PLACE, "uksouth")
    for location in (PLACE, "uksouth"):
        world.images.release(location, f"{UBUNTU}-{NEW}")
    world.images.refuses = lambda _, where: AzureUnavailable("no") if PLACE in where else None
    watched = await world.image_watcher.watch()
    assert (watched.released, watched.failed, watched.why) == (1, 1, "AzureUnavailable")
    world.images.refuses = lambda _verb, _where: None
    assert (await world.image_watcher.watch()).released == 1
    assert await world.image_memory.sources() == {}


async def test_a_bug_in_one_location() -> None:
    """What naptime does not understand in one location is reported, and no matter of the others."""
    world = await fleet(PLACE, "uksouth")
    for location in (PLACE, "uksouth"):
        world.images.release(location, f"{UBUNTU}-{NEW}")

    def fail(_: str, where: str) -> None:
        if PLACE in where:
            raise RuntimeError("a bug")

    world.images.refuses = fail
    watched = await world.image_watcher.watch()
    assert (watched.released, watched.failed) == (1, 1)
    assert [type(error) for error in world.bugs] == [RuntimeError]


async def test_a_fleet_that_nobody_has_seen() -> None:
    """Before the first run no location is known, so none is asked about."""
    world = World(has_topic=True)
    world.images.release(PLACE, f"{UBUNTU}-{OLD}")
    assert (await world.image_watcher.watch()).locations == 0
    assert world.images.calls == []


async def offered(world: World) -> dict[str, str]:
    """Give the versions by OS that forecasts for the location are about."""
    return {image.os: str(image.version) for image in await world.newest_images.right_now(PLACE)}


async def test_a_withdrawn_version_is_gone_from_forecasts() -> None:
    """After two looks that do not show it any more, what is on offer counts; then the next one."""
    world = await fleet()
    world.images.release(PLACE, f"{UBUNTU}-{NEW}")
    await world.image_watcher.watch()
    world.images.withdraw(PLACE, f"{UBUNTU}-{NEW}")
    await world.image_watcher.watch()
    assert (await offered(world))["AKSUbuntu"] == NEW, "one look may be of a replica that lags"
    await world.image_watcher.watch()
    assert (await offered(world))["AKSUbuntu"] == OLD
    assert (await versions(world))[UBUNTU] == NEW
    world.images.release(PLACE, f"{UBUNTU}-{NEW}")
    assert (await world.image_watcher.watch()).released == 0, "it was told when it came first"
    assert (await offered(world))["AKSUbuntu"] == NEW
    world.images.withdraw(PLACE, f"{UBUNTU}-{NEW}")
    world.images.release(PLACE, f"{UBUNTU}-{NEWEST}")
    assert (await world.image_watcher.watch()).released == 1
    assert (await offered(world))["AKSUbuntu"] == NEWEST


async def test_a_kind_that_is_offered_no_more_is_gone_from_forecasts() -> None:
    """A kind of which nothing is left is not forecast; one look, or an empty one, says nothing."""
    world = await fleet()
    world.images.withdraw(PLACE, f"{UBUNTU}-{OLD}")
    await world.image_watcher.watch()
    assert set(await offered(world)) == {"AKSUbuntu", "AKSAzureLinux"}
    await world.image_watcher.watch()
    assert set(await offered(world)) == {"AKSAzureLinux"}
    world.images.withdraw(PLACE, f"{AZURE_LINUX}-{OLD}")
    for _ in range(3):
        await world.image_watcher.watch()
    assert set(await offered(world)) == {"AKSAzureLinux"}
