"""The Event Grid functions, with recorded payloads, through the real worker library."""

import json
import logging
from base64 import b64decode

import pytest

from tests.functions.conftest import Loaded
from tests.payloads import recorded

NAMES = ["on_cluster_created", "on_schedule_changed"]
ACCEPTED = [
    ("cluster_write", "ClusterWritten"),
    ("cluster_update", "ClusterWritten"),
    ("cluster_write_cloudevents", "ClusterWritten"),
    ("cluster_write_failure", "ClusterWritten"),
    ("cluster_action_failure", "ClusterWritten"),
    ("cluster_tags_write", "ClusterWritten"),
    ("resource_notification", "ClusterWritten"),
    ("schedule_write", "ScheduleWritten"),
    ("schedule_delete", "ScheduleDeleted"),
    ("schedule_delete_cloudevents", "ScheduleDeleted"),
]


@pytest.mark.parametrize(("payload", "cause"), ACCEPTED)
async def test_recorded_events_become_work(world: Loaded, payload: str, cause: str) -> None:
    """Each recorded event of either schema puts its cluster on the queue, in an envelope."""
    name = NAMES[payload.startswith("schedule")]
    result = await world.worker.invoke_event_grid(name, recorded(payload))
    assert result.succeeded, result.exception
    (message,) = await world.messages("naptime-clusters")
    envelope = json.loads(b64decode(message))
    assert envelope["v"] == 1
    assert envelope["work"]["cause"] == cause
    assert envelope["work"]["clusterId"].lower().endswith("/managedclusters/aks-1")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "payload",
    [
        recorded("agent_pool_write"),
        recorded("kubernetes_version"),
        recorded("cluster_tags_write").replace("Microsoft.ContainerService/managedClusters", "X/y"),
        recorded("cluster_write").replace("11111111-1111", "99999999-9999"),
        recorded("cluster_write").replace("aks-1", "../aks-1"),
        recorded("cluster_write").replace("aks-1", "aks-1/agentPools/x"),
        recorded("cluster_write").replace("aks-1", "aks%2f1"),
        recorded("cluster_write").replace("aks-1", "aks-\u212a"),
        recorded("cluster_write").replace("aks-1", "aks-1\\nFORGED line"),
        "",
        "null",
        "[]",
        "{}",
        '{"specversion": "1.0"}',
        "[" * 100_000,
        "{" + '"a":' * 5,
    ],
)
async def test_what_cannot_be_used_is_acknowledged(
    world: Loaded, name: str, payload: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Foreign, malformed and unknown events are acknowledged; nothing of the caller is logged."""
    with caplog.at_level(logging.DEBUG, "naptime"):
        result = await world.worker.invoke_event_grid(name, payload)
    assert result.succeeded, result.exception
    assert await world.messages("naptime-clusters") == []
    ours = [record for record in caplog.records if record.name.startswith("naptime")]
    assert ours
    for record in ours:
        line = record.getMessage()
        assert "\n" not in line
        for secret in ("Ada", "ada@contoso.example", "203.0.113.7", "04b07795"):
            assert secret not in line


async def test_two_megabytes_are_refused(world: Loaded) -> None:
    """An event beyond Event Grid's own limit is acknowledged and dropped."""
    event = json.loads(recorded("cluster_write"))
    event["data"]["padding"] = "x" * 2_000_000
    result = await world.worker.invoke_event_grid("on_cluster_created", json.dumps(event))
    assert result.succeeded
    assert await world.messages("naptime-clusters") == []
