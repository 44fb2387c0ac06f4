"""Forecasts through the real worker library: the table of images, the rows of clusters, the API."""

import json
from datetime import UTC, datetime, timedelta
from typing import cast

from local.host.payloads import HttpCall
from shared.domain.images.known_image import KnownImage
from shared.domain.images.node_image import NodeImage
from shared.reconcile.images.memory import IMAGES_TABLE, ImageMemory
from shared.world import app
from tests.clusters import cluster
from tests.functions.conftest import Loaded
from tests.functions.test_api import Json, a_cluster, answer, get

PLACE = "polandcentral"
"""A location that no other test has clusters in."""


async def test_both_views_forecast_the_image_of_the_location(world: Loaded) -> None:
    """What the watcher remembers of a location is what clusters there are waiting for."""
    image = NodeImage.parse("AKSUbuntu-2404gen2containerd-202611.20.0")
    assert image
    tables = app().ports.tables
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)  # noqa: TID251 - the app's clock
    seen = KnownImage(image, since, release_seen=True, seen_after=since)
    await ImageMemory(tables.of(IMAGES_TABLE)).remember(PLACE, [seen])
    owner = a_cluster()
    await world.controls.put(cluster(owner.name, location=PLACE))
    body = json.dumps({"clusterId": str(owner)}).encode()
    headers = {"content-type": "application/json"}
    call = HttpCall(method="POST", body=body, headers=headers)
    assert answer(await world.worker.invoke_http("reconcile", call))[0] == 200
    _, live = await get(world, owner.subscription_id, owner.resource_group, owner.name)
    query = HttpCall(params={"location": PLACE})
    _, listed = answer(await world.worker.invoke_http("list_clusters", query))
    (row,) = [row for row in cast("list[Json]", listed["value"]) if row["clusterId"] == str(owner)]
    (found,) = cast("list[Json]", row["forecasts"])
    assert live["forecasts"] == [found]
    assert found["pickUp"] == "InWindow"
    assert cast("Json", found["image"])["version"] == "202611.20.0"
    assert found["certainBy"]
