"""Node images and published events, through the real worker library."""

import json
import logging
from base64 import b64decode
from datetime import timedelta
from uuid import uuid4

import pytest

from local.host.payloads import QueueMetadata
from shared.clients.clock import SystemClock
from shared.domain.messages.outbox import PublishEvents
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.world import app
from tests.clusters import SUBSCRIPTION, cluster
from tests.functions.conftest import Loaded
from tests.payloads import recorded

EVENT = "on_node_image_released"
PAYLOADS = ["node_image_released", "node_image_released_eventgrid"]


def released(payload: str, location: str = "westeurope", age: timedelta = timedelta(0)) -> str:
    """Give a recorded event, as if of now."""
    time = (SystemClock().now() - age).isoformat()
    text = recorded(payload).replace("TIME", time)
    return text.replace("westeurope", location).replace("West Europe", location)


def place() -> str:
    """Give a location that no other test has clusters in."""
    return f"loc{uuid4().hex[:8]}"


async def known_cluster(world: Loaded, location: str) -> ClusterId:
    """Have naptime look at a cluster in a location, so that it knows that there is one."""
    name = f"aks-{location}"
    await world.controls.put(cluster(name, location=location))
    cluster_id = ClusterId.of(SUBSCRIPTION, "rg-1", name)
    now = SystemClock().now()
    message = ReconcileCluster(cluster_id, Cause.CLUSTER_WRITTEN, now).to_message()
    metadata = QueueMetadata(insertion_time=now)
    result = await world.worker.invoke_queue("reconcile_one", message, metadata)
    assert result.succeeded, result.exception
    return cluster_id


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_a_release_starts_a_run(world: Loaded, payload: str) -> None:
    """The event of either schema becomes the start of a run, where there are clusters."""
    location = place()
    await known_cluster(world, location)
    result = await world.worker.invoke_event_grid(EVENT, released(payload, location))
    assert result.succeeded, result.exception
    (message,) = await world.messages("naptime-runs")
    assert json.loads(b64decode(message))["work"]["do"] == "startRun"


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_a_location_without_clusters(world: Loaded, payload: str) -> None:
    """The event of a location without clusters is acknowledged, and costs no call."""
    result = await world.worker.invoke_event_grid(EVENT, released(payload, place()))
    assert result.succeeded, result.exception
    assert await world.messages("naptime-runs") == []
    assert await world.controls.journal(path="/subscriptions*") == []


@pytest.mark.parametrize(
    "event",
    [
        released("node_image_released", age=timedelta(days=3)),
        released("node_image_released", age=-timedelta(days=1)),
        released("node_image_released").replace("202608.20.0", "latest"),
        released("node_image_released").replace("202608.20.0", "202699.20.0"),
        released("node_image_released").replace("westeurope", "../westeurope"),
        released("node_image_released").replace("westeurope", "west\\nFORGED"),
        released("node_image_released").replace("NodeImageReleased", "SomethingElse"),
        released("node_image_released").replace("AKSUbuntu", "AKSWindows"),
        recorded("cluster_write"),
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
    ],
)
async def test_what_cannot_be_used_is_acknowledged(
    world: Loaded, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Old, malformed and foreign events are acknowledged, logged on one line, and do nothing."""
    with caplog.at_level(logging.DEBUG, "naptime"):
        result = await world.worker.invoke_event_grid(EVENT, event)
    assert result.succeeded, result.exception
    assert await world.messages("naptime-runs") == []
    ours = [record.getMessage() for record in caplog.records if record.name == "naptime"]
    assert len(ours) == 1
    assert "\n" not in ours[0]
    assert "FORGED" not in ours[0]


async def test_the_watch_starts_the_run_by_itself(world: Loaded) -> None:
    """Without a topic the watcher itself starts the run of a location with a new image."""
    location = place()
    await known_cluster(world, location)
    for version in (None, "202609.01.0"):
        if version:
            await world.controls.release(location, "AKSUbuntu", "2404gen2containerd", version)
        result = await world.worker.invoke_timer("watch_node_images")
        assert result.succeeded, result.exception
    assert len(await world.messages("naptime-runs")) == 1
    known = await app().image_watcher.memory.of_location(location)
    assert [str(image.image) for image in known if image.release_seen] == [
        "AKSUbuntu-2404gen2containerd-202609.01.0"
    ]


async def test_events_without_a_topic_are_dropped(
    world: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    """Events that were on their queue when the topic left the settings end there, with a word."""
    now = SystemClock().now()
    event = CloudEvent(EventType.SCHEDULE_CREATED, "1", "s", now, {})
    result = await world.worker.invoke_queue(
        "publish_events", PublishEvents((event,), now).to_message()
    )
    assert result.succeeded, result.exception
    assert "events dropped" in caplog.text


async def test_what_is_no_event_is_given_up(
    world: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that naptime did not write is kept in the table, and loudly in the log."""
    result = await world.worker.invoke_queue("publish_events", "nonsense")
    assert result.succeeded, result.exception
    assert [record.levelname for record in caplog.records if record.name == "naptime"] == ["ERROR"]
