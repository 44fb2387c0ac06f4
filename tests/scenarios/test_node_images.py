"""A node image is released: told, delivered, seen to; over processes, with trouble on the way."""

from pathlib import Path
from typing import cast

from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import Json, cluster
from tests.scenarios.farm import Farm, Fleet, farm

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
PLACE, OS, SKU = "westeurope", "AKSUbuntu", "2404gen2containerd"
FLEET = Fleet([SUBSCRIPTION], [PLACE], clusters_each=4)
EVERY_SECOND = {"NAPTIME_IMAGE_WATCH_SCHEDULE": "* * * * * *"}
LISTING = "MaintenanceConfigurations_ListByManagedCluster"


def told(events: list[Json], version: str) -> list[str]:
    """Give the ids of the events about one version of the image."""
    return [str(event["id"]) for event in events if str(event["id"]).endswith(f"/{version}")]


async def looks(running: Farm) -> int:
    """Count naptime's looks at the images of the location."""
    return len(await running.controls.journal(path="*/nodeImageVersions*"))


async def known(running: Farm) -> None:
    """Wait until the images that are there are known: the second look comes after the first."""
    before = await looks(running)

    async def twice() -> bool | None:
        return await looks(running) >= before + 2 or None

    await running.until(twice, holds="two looks at the images")


async def forgotten(running: Farm, name: str) -> ClusterId:
    """Make a cluster without a schedule whose event is lost; its pool runs the image."""
    cluster_id = ClusterId.of(SUBSCRIPTION, "rg", name)
    body = {**cluster(name), "id": str(cluster_id), "location": PLACE}
    pool = {"name": "system", "osSKU": "Ubuntu", "nodeImageVersion": f"{OS}-{SKU}-202608.06.1"}
    properties = {**cast("Json", body["properties"]), "agentPoolProfiles": [pool]}
    await running.controls.put({**body, "properties": properties}, events=False)
    return cluster_id


async def guarded(running: Farm, cluster_id: ClusterId) -> None:
    """Wait until a cluster has a schedule."""

    async def scheduled() -> Json | None:
        return await running.controls.schedule(cluster_id)

    await running.until(scheduled, holds=f"a schedule on {cluster_id.name}")


async def finished(running: Farm) -> list[Json]:
    """Wait until every run that a release has caused is over, and give them."""

    async def over() -> list[Json] | None:
        _, page = await running.api("GET", "runs?cause=NodeImageReleased")
        runs = cast("list[Json]", page["value"])
        return runs if all(run["state"] == "Finished" for run in runs) else None

    return await running.until(over, holds="the runs of the release are over")


async def test_a_release_with_trouble_on_the_way(tmp_path: Path) -> None:
    """The topic answers 503 and 429 at first, the worker is killed, then the list is refused.

    Each release is told with one id, its event is delivered, one run sees to it, and the cluster
    that nobody had told naptime of is guarded.
    """
    settings = EVERY_SECOND
    async with farm(tmp_path, FLEET, with_topic=True, settings=settings) as running:
        controls = running.controls
        await running.finished(await running.start_run())
        await known(running)
        first = await forgotten(running, "forgotten-1")
        for fault in ("unavailable", "throttled-by-arm"):
            await controls.order(fault, operation="PublishCloudEventEvents", retryAfter=1)
        await controls.release(PLACE, OS, SKU, "202608.20.0")
        await guarded(running, first)
        ids = told(await controls.topic_events(), "202608.20.0")
        assert set(ids) == {f"{PLACE}/{OS}/{SKU}/202608.20.0"}
        assert len(await finished(running)) == 1
        await running.kill_host()
        await known(running)
        listings = len(await listed(running))
        second = await forgotten(running, "forgotten-2")
        await controls.order("bad-request", path="*/nodeImageVersions*", times=None)
        await known(running)
        await controls.release(PLACE, OS, SKU, "202609.01.0")
        await guarded(running, second)
        ids = told(await controls.topic_events(), "202609.01.0")
        assert set(ids) == {f"{PLACE}/{OS}/{SKU}/202609.01.0"}
        assert len(await finished(running)) == 2
        # Whoever was just read is not read again; only the second cluster is.
        assert len(await listed(running)) == listings + 1


async def listed(running: Farm) -> list[Json]:
    """Give the calls that read clusters' configurations."""
    journal = await running.controls.journal(method="GET")
    return [entry for entry in journal if entry["operation"] == LISTING]
