"""An event comes in, a schedule stands in ARM: through the host, the queue, the SDKs and TLS."""

import asyncio
import json

import pytest

from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import FOREIGN_SUBSCRIPTION, SUBSCRIPTION, cluster, schedule
from tests.payloads import (
    cluster_failed,
    cluster_written,
    recorded,
    schedule_deleted,
    tags_written,
)
from tests.scenarios.conftest import Naptime

type Json = dict[str, object]

DEFAULT = {
    "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
    "durationHours": 4,
    "utcOffset": "+00:00",
    "startTime": "01:00",
}


def body_of(cluster_id: ClusterId, **how: object) -> Json:
    """Give the body of a cluster with that id."""
    return {**cluster(cluster_id.name, **how), "id": str(cluster_id)}  # type: ignore[arg-type]  # by name


async def test_cluster_created(naptime: Naptime, some_cluster: ClusterId) -> None:
    """A NAP cluster is created: its event brings the default window, with three calls."""
    await naptime.controls.put(body_of(some_cluster))
    body = await naptime.scheduled(some_cluster)
    window = body["properties"]["maintenanceWindow"]  # type: ignore[index]  # JSON
    assert {name: window[name] for name in DEFAULT} == DEFAULT
    (write,) = await naptime.writes(some_cluster)
    assert float(str(write["leadMinutes"])) >= 30
    assert len(await naptime.reads(some_cluster)) == 2
    assert (await naptime.concluded(some_cluster))["outcome"] == "Created"


async def test_created_without_nap_then_turned_on(
    naptime: Naptime, some_cluster: ClusterId
) -> None:
    """Without NAP: one read, nothing else. NAP turned on by an update: the schedule comes."""
    await naptime.controls.put(body_of(some_cluster, mode="Manual"))
    reads = await naptime.until(lambda: naptime.reads(some_cluster), holds="a read")
    await naptime.until(
        lambda: _remembered(naptime, some_cluster, "NotAutoProvisioned"), holds="skipped"
    )
    assert len(reads) == 1
    assert await naptime.controls.schedule(some_cluster) is None
    await naptime.controls.put(body_of(some_cluster))
    await naptime.scheduled(some_cluster)


async def _remembered(naptime: Naptime, cluster_id: ClusterId, reason: str) -> bool:
    path = f"clusters/{SUBSCRIPTION}/{cluster_id.resource_group}/{cluster_id.name}"
    _, shown = await naptime.api("GET", path)
    outcome = shown.get("lastOutcome")
    return isinstance(outcome, dict) and outcome["reason"] == reason


@pytest.mark.parametrize(
    "name", ["aksManagedNodeOSUpgradeSchedule", "AKSmanagednodeosUPGRADEschedule"]
)
async def test_somebodys_own_schedule(naptime: Naptime, some_cluster: ClusterId, name: str) -> None:
    """Somebody's own schedule stays as it is, whatever its casing."""
    await naptime.controls.put(body_of(some_cluster), events=False)
    await naptime.controls.put_schedule(some_cluster, schedule(), name)
    assert (await naptime.concluded(some_cluster))["reason"] == "UpToDate"
    body = await naptime.controls.schedule(some_cluster)
    assert body
    assert (body["name"], body["properties"]) == (name, schedule())
    assert await naptime.writes(some_cluster) == []


async def test_deleted_comes_back(naptime: Naptime, some_cluster: ClusterId) -> None:
    """Somebody deletes the schedule: its event brings it back."""
    await naptime.controls.put(body_of(some_cluster))
    await naptime.scheduled(some_cluster)
    await naptime.controls.delete_schedule(some_cluster)
    await naptime.scheduled(some_cluster)
    assert len(await naptime.writes(some_cluster)) == 2


async def test_excluded(naptime: Naptime, some_cluster: ClusterId) -> None:
    """A tag, or the setting, leaves a cluster alone."""
    other = ClusterId.of(SUBSCRIPTION, "excluded", some_cluster.name + "x")
    await naptime.controls.put(body_of(some_cluster, tags={"NAPTIME": "Off"}))
    await naptime.controls.put(body_of(other))
    assert (await naptime.concluded(some_cluster))["reason"] == "Excluded"
    assert (await naptime.concluded(other))["reason"] == "Excluded"
    assert await naptime.writes(some_cluster) == []
    assert await naptime.writes(other) == []


@pytest.mark.parametrize("child", ["", "/providers/Microsoft.Resources/tags/default"])
async def test_an_exemption_is_taken_off(
    naptime: Naptime, some_cluster: ClusterId, child: str
) -> None:
    """The tags API says that a cluster's tag is gone, by either id: the schedule comes at once."""
    await naptime.controls.put(body_of(some_cluster, tags={"naptime": "off"}))
    assert (await naptime.concluded(some_cluster))["reason"] == "Excluded"
    await naptime.controls.put(body_of(some_cluster), events=False)
    await naptime.post_event("on_cluster_created", tags_written(some_cluster, child))
    await naptime.scheduled(some_cluster)


async def test_a_creation_that_is_reported_as_failed(
    naptime: Naptime, some_cluster: ClusterId
) -> None:
    """AKS reports that a creation has failed and goes on: the cluster gets its schedule."""
    await naptime.controls.put(body_of(some_cluster, state="Failed"), events=False)
    await naptime.post_event("on_cluster_created", cluster_failed(some_cluster))
    await naptime.scheduled(some_cluster)


async def test_fifty_at_once(naptime: Naptime, some_cluster: ClusterId) -> None:
    """The same event fifty times at once is one write."""
    await naptime.controls.put(body_of(some_cluster), events=False)
    event = cluster_written(some_cluster)
    responses = await asyncio.gather(
        *(naptime.post_event("on_cluster_created", event) for _ in range(50))
    )
    assert {response.status for response in responses} == {202}
    await naptime.scheduled(some_cluster)
    await naptime.concluded(some_cluster)
    assert len(await naptime.writes(some_cluster)) == 1


async def test_out_of_order(naptime: Naptime, some_cluster: ClusterId) -> None:
    """A deletion that is told before the creation ends in the same state."""
    await naptime.controls.put(body_of(some_cluster), events=False)
    await naptime.post_event("on_schedule_changed", schedule_deleted(some_cluster))
    await naptime.post_event("on_cluster_created", cluster_written(some_cluster))
    await naptime.scheduled(some_cluster)
    await naptime.concluded(some_cluster)
    assert len(await naptime.writes(some_cluster)) == 1


@pytest.mark.parametrize(
    ("fault", "order"),
    [
        ("operation-in-progress", {}),
        ("operation-in-progress", {"retryAfter": 1}),
        ("throttled-by-aks", {"retryAfter": 1}),
        ("throttled-by-arm", {"retryAfter": 1}),
        ("internal-error", {}),
        ("unavailable", {}),
        ("drop-before", {}),
        ("drop-after", {}),
        ("hang-after", {"seconds": 0.2}),
    ],
)
async def test_a_write_that_fails_for_a_while_ends_in_a_schedule(
    naptime: Naptime, some_cluster: ClusterId, fault: str, order: dict[str, object]
) -> None:
    """Whatever happens to the first write: it ends in a schedule, by one accepted write."""
    await naptime.controls.put(body_of(some_cluster), events=False)
    await naptime.controls.order(fault, method="PUT", cluster=some_cluster.name, **order)
    await naptime.post_event("on_cluster_created", cluster_written(some_cluster))
    await naptime.scheduled(some_cluster)
    assert (await naptime.concluded(some_cluster))["outcome"] == "Created"
    journal = await naptime.controls.journal(method="PUT", path=f"*{some_cluster.name}*")
    assert len([entry for entry in journal if "nextStart" in entry]) == 1


async def test_given_up(naptime: Naptime, some_cluster: ClusterId) -> None:
    """A 400 is given up at once: in the log, and in the cluster's page with what to do."""
    await naptime.controls.put(body_of(some_cluster), events=False)
    await naptime.controls.order("bad-request", method="PUT", cluster=some_cluster.name)
    await naptime.post_event("on_cluster_created", cluster_written(some_cluster))
    outcome = await naptime.concluded(some_cluster)
    assert (outcome["outcome"], outcome["reason"]) == ("Failed", "RejectedByAzure")
    path = f"clusters/{SUBSCRIPTION}/rg-1/{some_cluster.name}"
    status, shown = await naptime.api("GET", path)
    assert status == 200
    assert shown["givenUp"]["reason"] == "RejectedByAzure"  # type: ignore[index]  # JSON
    assert shown["givenUp"]["advice"]  # type: ignore[index]  # JSON
    assert some_cluster.name in naptime.host.stderr_text()


async def test_asked_over_http(naptime: Naptime, some_cluster: ClusterId) -> None:
    """POST /reconcile answers with the outcome; a dry run says it first and writes nothing."""
    await naptime.controls.put(body_of(some_cluster), events=False)
    wanted: Json = {"clusterId": str(some_cluster)}
    status, planned = await naptime.api("POST", "reconcile", {**wanted, "dryRun": True})
    assert (status, planned["outcome"], planned["dryRun"]) == (200, "WouldCreate", True)
    assert await naptime.writes(some_cluster) == []
    status, done = await naptime.api("POST", "reconcile", wanted)
    assert (status, done["outcome"]) == (200, "Created")
    assert done["nextStart"] == planned["nextStart"]


async def test_unusable_deliveries_are_acknowledged(
    naptime: Naptime, some_cluster: ClusterId
) -> None:
    """Foreign, malformed and unknown events are acknowledged, and cost no call to ARM."""
    before = len(await naptime.controls.journal(path="*/providers/Microsoft.ContainerService/*"))
    foreign = recorded("cluster_write").replace(SUBSCRIPTION, FOREIGN_SUBSCRIPTION)
    events = [
        foreign,
        recorded("cluster_write").replace("aks-1", "../aks-1"),
        recorded("cluster_write").replace("aks-1", "aks%2f1"),
        recorded("cluster_write").replace("aks-1", "aks-1\\nFORGED=1"),
        recorded("kubernetes_version"),
        recorded("agent_pool_write"),
        json.dumps([json.loads(foreign), json.loads(recorded("kubernetes_version"))]),
        "{}",
    ]
    for event in events:
        assert (await naptime.post_event("on_cluster_created", event)).status == 202
    after = len(await naptime.controls.journal(path="*/providers/Microsoft.ContainerService/*"))
    assert after == before
    log = naptime.host.stderr_text()
    assert "Ada Operator" not in log
    assert "203.0.113.7" not in log
    assert "\nFORGED" not in log
    assert some_cluster.name not in log


async def test_handshake(naptime: Naptime) -> None:
    """The validation handshake of an event subscription is answered with its code."""
    event = [{"id": "1", "data": {"validationCode": "code-1"}, "eventType": "x", "subject": ""}]
    response = await naptime.post_event(
        "on_cluster_created", json.dumps(event), "SubscriptionValidation"
    )
    assert response.status == 200
    assert await response.json(content_type=None) == {"validationResponse": "code-1"}


async def test_two_megabytes_over_http(naptime: Naptime) -> None:
    """A body of two megabytes is refused with a problem."""
    status, problem = await naptime.api("POST", "reconcile", {"clusterId": "x" * 2_000_000})
    assert (status, problem["reason"]) == (413, "BodyTooLarge")
