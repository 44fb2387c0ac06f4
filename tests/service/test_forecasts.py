"""Forecasts in both views: of a look at ARM, and of what is remembered."""

import asyncio
from datetime import datetime, timedelta
from typing import cast

from shared.domain.errors import AzureUnavailable, Rejected
from shared.domain.fleet.pace import Pace
from shared.domain.images.known_image import KnownImage
from shared.domain.images.node_image import NodeImage
from shared.domain.vocabulary.pages import PageAsked
from shared.reconcile.ground.memory import known_key
from tests.clusters import SUBSCRIPTION, Json, cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.fakes.clock import SATURDAY_NOON
from tests.service_world import World

SEEN = SATURDAY_NOON - timedelta(hours=1)


def image(name: str, since: datetime = SEEN, *, release_seen: bool = True) -> KnownImage:
    """Give an image as the watcher remembers it."""
    found = NodeImage.parse(name)
    assert found
    after = since if release_seen else None
    return KnownImage(found, since, release_seen, seen_after=after)


UBUNTU = image("AKSUbuntu-2404gen2containerd-202611.20.0")
LINUX = image("AKSAzureLinux-V3gen2-202611.15.0")


def a_world() -> World:
    """Give a world whose pace holds nothing up."""
    return World(pace=Pace(1000, 100))


async def listed(world: World) -> dict[str, list[Json]]:
    """Give the forecasts of `GET /clusters`, by the clusters' names."""
    page = await world.fleet.clusters(None, {}, PageAsked())
    return {
        row["clusterId"].rpartition("/")[2]: cast("list[Json]", row["forecasts"])
        for row in page.items
    }


async def looked_at(world: World, name: str = "aks-1") -> list[Json]:
    """Give the forecasts of `GET /clusters/{..}`."""
    return cast("list[Json]", (await world.viewer.look(cluster_id(name)))["forecasts"])


def utc(forecast: Json, name: str) -> str | None:
    """Give an instant of a forecast in UTC."""
    instant = cast("dict[str, str] | None", forecast[name])
    return instant["utc"] if instant else None


async def test_both_views_say_the_same() -> None:
    """What was remembered at the last look forecasts what the look itself does, and costs no call.

    Each OS has its own newest image.
    """
    world = a_world()
    world.aks.add(cluster("written"))
    own = world.aks.add(cluster("own"))
    world.aks.set_schedule(own, schedule())
    await world.image_memory.remember("westeurope", [UBUNTU, LINUX])
    await world.sweep()
    calls = len(world.aks.calls)
    rows = await listed(world)
    assert len(world.aks.calls) == calls
    assert rows == {name: await looked_at(world, name) for name in ("written", "own")}
    for found in rows.values():
        assert [cast("Json", each["image"])["os"] for each in found] == [
            "AKSAzureLinux",
            "AKSUbuntu",
        ]
    (_, ubuntu) = rows["written"]
    assert utc(ubuntu, "notBefore") == "2026-11-22T01:00:00Z"
    assert utc(ubuntu, "certainBy") == "2026-11-29T05:00:00Z"
    (_, ubuntu) = rows["own"]
    assert ubuntu["notBefore"] == {
        "utc": "2026-11-25T21:00:00Z",
        "local": "2026-11-25T22:00:00+01:00",
    }


async def test_any_time_where_a_write_was_refused() -> None:
    """A cluster that naptime could not protect takes the image at any hour, and both views say it.

    What was seen before a refused write is remembered; what was in doubt is not.
    """
    world = a_world()
    world.aks.add(cluster())
    await world.image_memory.remember("westeurope", [UBUNTU])
    world.aks.faults.append(Fault("put", lambda: Rejected("no")))
    await world.sweep()
    (found,) = (await listed(world))["aks-1"]
    assert found["pickUp"] == "AnyTime"
    assert utc(found, "notBefore") == "2026-11-21T11:00:00Z"
    assert await looked_at(world) == [found]


async def test_a_write_that_was_in_doubt() -> None:
    """Where nobody knows whether a write was applied, the schedule was not seen."""
    world = a_world()
    world.aks.add(cluster())
    await world.image_memory.remember("westeurope", [UBUNTU])
    world.aks.faults.extend(Fault("put", lambda: AzureUnavailable("oops")) for _ in range(9))
    await world.ask()
    await world.run(for_at_most=timedelta())
    (found,) = (await listed(world))["aks-1"]
    assert (found["pickUp"], "not been seen" in str(found["why"])) == ("Unknown", True)


async def test_no_image_has_been_seen() -> None:
    """Before the first watch of a location nothing is known of its images, and it is said."""
    world = a_world()
    world.aks.add(cluster())
    await world.image_memory.remember("northeurope", [UBUNTU])
    await world.sweep()
    (found,) = (await listed(world))["aks-1"]
    assert (found["image"], found["pickUp"]) == (None, "Unknown")
    assert "in this location" in str(found["why"])


async def test_a_first_sight() -> None:
    """The first sight of a location is no release: not before is unknown, certain by is not."""
    world = a_world()
    world.aks.add(cluster())
    first = image("AKSUbuntu-2404gen2containerd-202611.20.0", release_seen=False)
    await world.image_memory.remember("westeurope", [first])
    await world.sweep()
    (found,) = (await listed(world))["aks-1"]
    assert found["notBefore"] is None
    assert utc(found, "certainBy") == "2026-11-29T05:00:00Z"
    assert "picked up already" in cast("list[str]", found["notes"])[-1]


async def test_the_other_schedule_is_named() -> None:
    """What an auto-upgrade channel may bring is said in both views, until it is off."""
    world = a_world()
    body = cluster()
    properties = cast("Json", body["properties"])
    properties["autoUpgradeProfile"] = {"upgradeChannel": "stable"}
    world.aks.add(body)
    await world.sweep()
    (found,) = (await listed(world))["aks-1"]
    assert cast("Json", found["byKubernetesUpgrade"])["begins"] == "AnyTime"
    assert await looked_at(world) == [found]
    live = await world.viewer.look(cluster_id())
    assert live["autoUpgradeChannel"] == "stable"
    world.aks.add(cluster())
    await world.sweep()
    (found,) = (await listed(world))["aks-1"]
    assert cast("Json", found["byKubernetesUpgrade"])["begins"] == "OnlyByHand"


async def test_no_forecast_without_nap() -> None:
    """Nothing is forecast for a cluster without node auto-provisioning."""
    world = a_world()
    world.aks.add(cluster(mode="Manual"))
    await world.image_memory.remember("westeurope", [UBUNTU])
    await world.reconcile()
    assert await looked_at(world) == []
    page = await world.fleet.clusters(None, {"reason": "NotAutoProvisioned"}, PageAsked())
    assert [row["forecasts"] for row in page.items] == [[]]


async def test_a_row_of_an_earlier_version() -> None:
    """A row from before forecasts says that the schedule has not been seen, until the next look."""
    world = a_world()
    world.aks.add(cluster())
    await world.image_memory.remember("westeurope", [UBUNTU])
    await world.sweep()
    await world.memory.table.merge(SUBSCRIPTION, {known_key(cluster_id()): {"schedule": ""}})
    (found,) = (await listed(world))["aks-1"]
    assert found["pickUp"] == "Unknown"
    await world.sweep()
    (found,) = (await listed(world))["aks-1"]
    assert found["pickUp"] == "InWindow"


async def test_images_are_read_once_a_minute() -> None:
    """Fifty callers at once read a location once, and again a minute later."""
    world = a_world()
    await world.image_memory.remember("westeurope", [UBUNTU])
    before = world.life.operations
    pages = [world.newest_images.of(["westeurope", "uksouth", ""]) for _ in range(50)]
    found = await asyncio.gather(*pages)
    assert world.life.operations == before + 2
    assert {len(each["westeurope"]) for each in found} == {1}
    world.clock.advance(timedelta(seconds=59))
    await world.newest_images.of(["westeurope"])
    assert world.life.operations == before + 2
    await world.image_memory.remember("westeurope", [LINUX])
    world.clock.advance(timedelta(seconds=2))
    assert len((await world.newest_images.of(["westeurope"]))["westeurope"]) == 2
    assert world.life.operations == before + 4


async def test_a_live_look_reads_the_images_again() -> None:
    """What the watch has just seen is in the next look, whoever read the location before."""
    world = a_world()
    world.aks.add(cluster())
    await world.sweep()
    assert (await looked_at(world))[0]["image"] is None
    await world.image_memory.remember("westeurope", [UBUNTU])
    assert (await looked_at(world))[0]["image"]
    assert await world.newest_images.right_now("") == ()
