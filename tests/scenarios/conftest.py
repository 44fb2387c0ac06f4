"""naptime as its users run it: processes on loopback, the emulator, and a simulated Azure."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from local.demo.surroundings import app_settings, clean_environment, urls_of
from local.held_ports import held_port
from local.processes import Child
from local.storage_emulator import Azurite
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import OWN_CLIENT_ID, SUBSCRIPTION
from tests.simulated_azure import Controls

ROOT = Path(__file__).parents[2]
KEY = "key-of-the-scenarios"
WEBHOOK = "/runtime/webhooks/eventgrid"
PATIENCE_SECONDS = 60.0

type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Naptime:
    """A running host with the app, and the simulated Azure that it acts on."""

    host: Child
    azure: Child
    controls: Controls
    session: aiohttp.ClientSession = field(repr=False)

    async def post_event(
        self, function: str, event: str | bytes, kind: str = "Notification"
    ) -> aiohttp.ClientResponse:
        """Deliver an event as Event Grid does."""
        response = await self.session.post(
            f"{self.host.url}{WEBHOOK}",
            params={"functionName": function, "code": KEY},
            headers={"aeg-event-type": kind, "content-type": "application/json"},
            data=event,
        )
        await response.read()
        return response

    async def api(self, method: str, path: str, body: object = None) -> tuple[int, Json]:
        """Call the HTTP API with the key."""
        async with self.session.request(
            method,
            f"{self.host.url}/api/{path}",
            headers={"x-functions-key": KEY, "content-type": "application/json"},
            # A stream: aiohttp warns of large bodies that are not.
            data=None if body is None else BytesIO(json.dumps(body).encode()),
        ) as response:
            return response.status, await response.json(content_type=None)

    async def until[T](self, what: Callable[[], Awaitable[T]], *, holds: str) -> T:
        """Wait until something is true; the failure says what was waited for."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                # Another process is what changes, so there is no event to wait for.
                while not (found := await what()):  # noqa: ASYNC110 - see above
                    await asyncio.sleep(0.02)
                return found
        except TimeoutError:
            raise AssertionError(f"never: {holds}\n{self.host.stderr_text()[-4000:]}") from None

    async def scheduled(self, cluster_id: ClusterId) -> Json:
        """Wait until a cluster has its node OS schedule."""
        return await self.until(
            lambda: self.controls.schedule(cluster_id),  # type: ignore[arg-type,return-value]  # None is not yet
            holds=f"a schedule on {cluster_id.name}",
        )

    async def writes(self, cluster_id: ClusterId) -> list[Json]:
        """Give the writes on a cluster that ARM accepted."""
        journal = await self.controls.journal(method="PUT", path=f"*{cluster_id.name}*")
        return [entry for entry in journal if entry["status"] in {200, 201}]

    async def reads(self, cluster_id: ClusterId) -> list[Json]:
        """Give the reads of a cluster and its configurations."""
        return await self.controls.journal(method="GET", path=f"*{cluster_id.name}*")

    async def concluded(self, cluster_id: ClusterId) -> Json:
        """Wait until naptime has come to an end with a cluster, and give the outcome."""

        async def last() -> Json:
            path = f"clusters/{SUBSCRIPTION}/{cluster_id.resource_group}/{cluster_id.name}"
            _, shown = await self.api("GET", path)
            outcome = shown.get("lastOutcome")
            return outcome if isinstance(outcome, dict) else {}

        return await self.until(last, holds=f"an outcome of {cluster_id.name}")


@pytest.fixture(scope="module")
async def storage() -> AsyncIterator[str]:
    """Start an emulator of its own: of another suite's queues the host would take the messages."""
    azurite = Azurite()
    try:
        yield await azurite.start()
    finally:
        await azurite.stop()


@pytest.fixture(scope="module")
async def naptime(storage: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Naptime]:
    """Start both processes once; each test has clusters of its own."""
    bundle = tmp_path_factory.mktemp("simulator") / "ca.pem"
    with held_port() as port:  # the simulator is told of the host before the host listens
        events = f"--events-to=http://127.0.0.1:{port}{WEBHOOK}?code={KEY}"
        azure = await Child.start(
            [sys.executable, "-m", "local.azure", "--port=0", f"--ca-out={bundle}", events],
            cwd=ROOT,
        )
        urls = urls_of(azure)
        environment = {
            **clean_environment(),
            **app_settings(urls, bundle, (SUBSCRIPTION,), OWN_CLIENT_ID),
            "AzureWebJobsStorage": storage,
            # All tests share one shard, and the simulator enforces no limits here.
            "NAPTIME_SHARD_BURST": "10000",
            "NAPTIME_SHARD_RATE_PER_SECOND": "1000",
            "NAPTIME_EXCLUDE": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/excluded",
            "IDENTITY_HEADER": "made-up",
        }
        host = await Child.start(
            [sys.executable, "-m", "local.host", f"--port={port}", f"--key={KEY}"],
            env=environment,
            cwd=ROOT,
        )
        async with aiohttp.ClientSession() as session:
            yield Naptime(host, azure, Controls(urls["controlsHttp"]), session)
        assert await host.stop() == 0
        assert await azure.stop() == 0


@pytest.fixture
def some_cluster() -> ClusterId:
    """Give a cluster that no other test knows."""
    return ClusterId.of(SUBSCRIPTION, "rg-1", f"aks-{uuid4().hex[:8]}")
