"""One day of naptime, with troubles, for every test of what it sends."""

import json

import pytest

from shared.domain.vocabulary.reasons import Reason
from tests.clusters import cluster, cluster_id
from tests.payloads import cluster_written, schedule_deleted
from tests.policies import owning, weekday
from tests.telemetry.ingestion import Ingestion
from tests.telemetry.running import (
    REFUSED,
    REMOVER,
    Running,
    running,
    until,
)


@pytest.fixture(scope="session")
async def sent(tmp_path_factory: pytest.TempPathFactory) -> Ingestion:
    """Let naptime have a day, and give everything that it sent."""
    async with running(tmp_path_factory.mktemp("telemetry")) as naptime:
        await a_day(naptime)
    return naptime.ingestion


async def a_day(naptime: Running) -> None:
    """One cluster after an event, a tug of war over it, then a run with its troubles.

    429 once, ten refusals, one unknown subscription. In the end a person wants another window.
    """
    azure = naptime.azure
    await azure.put(cluster("fresh"), events=False)
    happened_at = (await azure.time())["now"]
    event = json.loads(cluster_written(cluster_id("fresh"))) | {"eventTime": happened_at}
    await naptime.receive("on_cluster_created", event)
    await until(lambda: azure.schedule(cluster_id("fresh")))
    await a_tug_of_war(naptime)
    for name in REFUSED:
        await azure.put(cluster(name, location="northeurope"), events=False)
    await azure.order("bad-request", method="PUT", path="*refused-*", times=None)
    await azure.order("throttled-by-aks", cluster="fresh", retryAfter=1)
    await naptime.run_everything()
    await naptime.put_policy(owning(weekday(4)))
    answer = await naptime.post("reconcile", {"clusterId": str(cluster_id("fresh"))})
    assert isinstance(answer, dict)
    assert answer["outcome"] == "Updated", answer


async def a_tug_of_war(naptime: Running) -> None:
    """Let an application remove a schedule three times, and naptime put it back each time."""
    azure, fresh = naptime.azure, cluster_id("fresh")
    for number in range(3):
        await azure.delete_schedule(fresh)
        at = (await azure.time())["now"]
        event = json.loads(schedule_deleted(fresh, REMOVER)) | {"id": f"{number}", "eventTime": at}
        await naptime.receive("on_schedule_changed", event)
        await until(lambda: azure.schedule(fresh))

    async def is_found() -> bool:
        return bool((await naptime.get(f"clusters?reason={Reason.KEEPS_BEING_REMOVED}"))["value"])

    await until(is_found)
