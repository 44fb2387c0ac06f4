"""naptime with its real exporter, which sends to an end point that keeps all."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from local.demo.surroundings import app_settings, clean_environment, urls_of
from local.processes import Child
from local.storage_emulator import Azurite
from tests.clusters import OWN_CLIENT_ID, SUBSCRIPTION
from tests.policies import weekday
from tests.simulated_azure import Controls
from tests.telemetry.ingestion import Ingestion, listening

KEY = "key-of-the-telemetry-tests"
ABSENT_SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"
PATIENCE_SECONDS = 60.0
REMOVER = "1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"
REFUSED = [f"refused-{number:02}" for number in range(10)]

TELEMETRY = {
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
    "OTEL_TRACES_SAMPLER": "microsoft.fixed_percentage",
    "OTEL_TRACES_SAMPLER_ARG": "0.1",
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
}


@dataclass(frozen=True, slots=True)
class Running:
    """How to reach the parts; what was sent is complete once the context is left."""

    ingestion: Ingestion
    azure: Controls
    session: aiohttp.ClientSession
    host: Child
    storage: str

    async def post(self, path: str, body: object) -> object:
        """Call the HTTP API."""
        headers = {"x-functions-key": KEY}
        url = f"{self.host.url}/api/{path}"
        async with self.session.post(url, json=body, headers=headers) as response:
            text = await response.text()
            assert response.status < 500, f"{text}\n{self.host.stderr_text()[-3000:]}"
            return json.loads(text)

    async def get(self, path: str) -> dict[str, object]:
        """Ask the HTTP API."""
        headers = {"x-functions-key": KEY}
        async with self.session.get(f"{self.host.url}/api/{path}", headers=headers) as response:
            assert response.ok, await response.text()
            return dict(await response.json())

    async def receive(self, function: str, event: object) -> None:
        """Deliver an event as Event Grid does."""
        url = f"{self.host.url}/runtime/webhooks/eventgrid?functionName={function}&code={KEY}"
        headers = {"aeg-event-type": "Notification"}
        async with self.session.post(url, data=json.dumps(event), headers=headers) as response:
            assert response.ok, await response.text()

    async def put_policy(self, text: str) -> None:
        """Put a policy in force."""
        headers = {"x-functions-key": KEY, "content-type": "application/toml"}
        url = f"{self.host.url}/api/policy"
        async with self.session.put(url, data=text, headers=headers) as response:
            assert response.ok, await response.text()

    async def run_everything(self) -> None:
        """Start a run over everything, and wait for its end."""
        await self.ended(await self.run_over(fleet=True))

    async def run_over(self, **scope: object) -> str:
        """Start a run, and give its id."""
        answer = await self.post("reconcile", scope)
        assert isinstance(answer, dict)
        return str(answer["runId"])

    async def ended(self, run_id: str) -> dict[str, object]:
        """Wait for the end of a run, and give it."""

        async def is_over() -> bool:
            return (await self.get(f"runs/{run_id}"))["state"] != "Active"

        await until(is_over)
        return await self.get(f"runs/{run_id}")


@asynccontextmanager
async def running(folder: Path, **settings: str) -> AsyncIterator[Running]:
    """Run naptime with some settings; it is stopped, and has sent everything, at the end."""
    authorities = folder / "ca.pem"
    async with AsyncExitStack() as stack:
        ingestion = await stack.enter_async_context(listening())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        # Of its own: what another suite left in queues and tables would be worked on here.
        azurite = Azurite()
        stack.push_async_callback(azurite.stop)
        await azurite.start()
        azure = await Child.start(
            [sys.executable, "-m", "local.azure", "--port=0", f"--ca-out={authorities}"]
        )
        stack.push_async_callback(azure.stop)
        urls = urls_of(azure)
        instrumentation = "InstrumentationKey=00000000-0000-4000-8000-000000000001"
        ends = f"IngestionEndpoint={ingestion.url};LiveEndpoint={ingestion.url}"
        environment = {
            **clean_environment(),
            **app_settings(urls, authorities, (SUBSCRIPTION, ABSENT_SUBSCRIPTION), OWN_CLIENT_ID),
            **TELEMETRY,
            "AzureWebJobsStorage": azurite.connection_string,
            # The exporter keeps here for two days what it could not send, and whoever runs next
            # sends it (azure-monitor-opentelemetry-exporter 1.0.0b58, _storage.py). In the folder
            # of the machine that is what an interrupted suite left: the end of another run.
            "TMPDIR": str(folder),
            "IDENTITY_HEADER": "made-up",
            "NAPTIME_WINDOW_DAY": weekday(3),
            "APPLICATIONINSIGHTS_CONNECTION_STRING": f"{instrumentation};{ends}",
            **settings,
        }
        host = await Child.start(
            [sys.executable, "-m", "local.host", "--port=0", f"--key={KEY}"], env=environment
        )
        stack.push_async_callback(host.stop)
        controls = Controls(urls["controlsHttp"])
        yield Running(ingestion, controls, session, host, azurite.connection_string)
        # What was not sent yet is sent when the process ends, as it is when Azure scales in.
        assert await host.stop() == 0, host.stderr_text()[-3000:]


async def until(look: Callable[[], Awaitable[object]]) -> None:
    """Look again and again."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        # Another process is what changes, so there is no event to wait for.
        while not await look():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.1)
