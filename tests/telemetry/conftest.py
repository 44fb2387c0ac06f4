"""One day of naptime, with troubles, for every test of what it sends."""

import json

import pytest

from tests.clusters import cluster, cluster_id
from tests.payloads import cluster_written
from tests.telemetry.ingestion import Ingestion
from tests.telemetry.running import KEY, REFUSED, Running, running, until


@pytest.fixture(scope="session")
async def sent(tmp_path_factory: pytest.TempPathFactory) -> Ingestion:
    """Let naptime have a day, and give everything that it sent."""
    async with running(tmp_path_factory.mktemp("telemetry")) as naptime:
        await a_day(naptime)
    return naptime.ingestion


async def a_day(naptime: Running) -> None:
    """One cluster after an event, then a run: 429 once, ten refusals, one unknown subscription."""
    azure = naptime.azure
    await azure.put(cluster("fresh"), events=False)
    happened_at = (await azure.time())["now"]
    event = json.dumps(
        json.loads(cluster_written(cluster_id("fresh"))) | {"eventTime": happened_at}
    )
    query = f"functionName=on_cluster_created&code={KEY}"
    webhook = f"{naptime.host.url}/runtime/webhooks/eventgrid?{query}"
    headers = {"aeg-event-type": "Notification"}
    async with naptime.session.post(webhook, data=event, headers=headers):
        pass
    await until(lambda: azure.schedule(cluster_id("fresh")))
    for name in REFUSED:
        await azure.put(cluster(name, location="northeurope"), events=False)
    await azure.order("bad-request", method="PUT", path="*refused-*", times=None)
    await azure.order("throttled-by-aks", cluster="fresh", retryAfter=1)
    await naptime.run_everything()
