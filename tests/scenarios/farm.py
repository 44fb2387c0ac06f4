"""A fleet of its own for a test that kills, throttles or refuses: all processes, small limits."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

import aiohttp

from local.demo.surroundings import app_settings, clean_environment, urls_of
from local.held_ports import held_port
from local.processes import Child
from local.storage_emulator import Azurite, held_ports
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import OWN_CLIENT_ID, Json, cluster, schedule
from tests.scenarios.tripwire import Tripwire, through
from tests.simulated_azure import Controls

ROOT = Path(__file__).parents[2]
KEY = "key-of-the-farm"
TOPIC = "/topics/naptime/api/events"
PATIENCE_SECONDS = 400.0


class Document(Protocol):
    """A fleet that can be written down."""

    @property
    def subscriptions(self) -> Sequence[str]:
        """The subscriptions that naptime may act on."""
        ...

    def document(self) -> Json:
        """Give the fleet file."""
        ...


@dataclass(frozen=True, slots=True)
class Fleet:
    """Clusters in shards, of which every so-many-th has no schedule."""

    subscriptions: Sequence[str]
    locations: Sequence[str]
    clusters_each: int
    every_missing: int = 4

    def document(self) -> Json:
        """Give the fleet file."""
        return {"clusters": [self._cluster(*place) for place in self._places()]}

    def _places(self) -> list[tuple[str, str, int]]:
        return [
            (subscription, location, number)
            for subscription in self.subscriptions
            for location in self.locations
            for number in range(self.clusters_each)
        ]

    def _cluster(self, subscription: str, location: str, number: int) -> Json:
        name = f"aks-{location}-{number:03}"
        own = {"name": "aksManagedNodeOSUpgradeSchedule", "properties": schedule()}
        body = {
            **cluster(name),
            "id": str(ClusterId.of(subscription, "rg", name)),
            "location": location,
        }
        has_own = number % self.every_missing != 0
        return {**body, "maintenanceConfigurations": [own] if has_own else []}


@dataclass
class Farm:
    """Everything runs; the host can be killed and started again."""

    azurite: Azurite
    controls: Controls
    session: aiohttp.ClientSession
    settings: dict[str, str]
    lease_seconds: int
    port: int
    host_options: Sequence[str] = ()
    host_module: str = "local.host"
    hosts: list[Child] = field(default_factory=list)

    @property
    def host(self) -> Child:
        """The host that runs now."""
        return self.hosts[-1]

    async def start_host(self) -> None:
        """Start the host."""
        arguments = [f"--port={self.port}", f"--key={KEY}", f"--message-lease={self.lease_seconds}"]
        arguments += self.host_options
        host = await Child.start(
            [sys.executable, "-m", self.host_module, *arguments], env=self.settings, cwd=ROOT
        )
        self.hosts.append(host)

    async def stop_host(self) -> None:
        """Stop the host, if one was started."""
        for host in self.hosts[-1:]:
            await host.stop()

    async def kill_host(self) -> None:
        """Kill the host where it stands, and start another."""
        await self.host.kill()
        await self.start_host()

    async def api(self, method: str, path: str, body: object = None) -> tuple[int, Json]:
        """Call the HTTP API with the key."""
        async with self.session.request(
            method,
            f"{self.host.url}/api/{path}",
            headers={"x-functions-key": KEY},
            json=body,
        ) as response:
            return response.status, await response.json(content_type=None)

    async def post_event(self, function: str, event: str) -> None:
        """Deliver an event as Event Grid does."""
        async with self.session.post(
            f"{self.host.url}/runtime/webhooks/eventgrid",
            params={"functionName": function, "code": KEY},
            headers={"aeg-event-type": "Notification"},
            data=event,
        ) as response:
            assert response.status == 202

    async def start_run(self, **scope: object) -> str:
        """Start a run and give its id."""
        status, body = await self.api("POST", "reconcile", scope or {"fleet": True})
        assert status == 202, body
        return str(body["runId"])

    async def finished(self, run_id: str) -> Json:
        """Wait until a run is finished, and give it."""

        async def look() -> Json | None:
            status, run = await self.api("GET", f"runs/{run_id}")
            assert status == 200, run
            return run if run["state"] == "Finished" else None

        return await self.until(look, holds=f"run {run_id} finished")

    async def until[T](self, look: Callable[[], Awaitable[T | None]], *, holds: str) -> T:
        """Wait until something is found; the failure says what was waited for."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                # Another process is what changes, so there is no event to wait for.
                while (found := await look()) is None:  # noqa: ASYNC110 - see above
                    await asyncio.sleep(0.1)
                return found
        except TimeoutError:
            log = self.host.stderr_text()[-3000:]
            raise AssertionError(f"never: {holds}\n{log}") from None

    async def state(self) -> list[Json]:
        """Give every cluster as it is, with its configurations."""
        return cast("list[Json]", (await self.controls.everything())["clusters"])

    async def writes(self) -> dict[str, list[object]]:
        """Give the bodies of the writes that ARM accepted, by path in lower case."""
        found: dict[str, list[object]] = {}
        for entry in await self.controls.journal(method="PUT"):
            if "nextStart" in entry:
                found.setdefault(str(entry["path"]).lower(), []).append(entry["requestBody"])
        return found

    async def now(self) -> datetime:
        """Give the simulated time."""
        return datetime.fromisoformat(str((await self.controls.time())["now"]))

    async def seconds_until_last_call(self, subscription: str, since: datetime) -> float:
        """Give how long after an instant the last call for a subscription was."""
        last = (await self.controls.journal(path=f"*{subscription}*"))[-1]
        return (datetime.fromisoformat(str(last["time"])) - since).total_seconds()

    async def statuses(self, path: str = "*managedClusters*") -> dict[int, int]:
        """Count the answers of ARM by status."""
        counts: dict[int, int] = {}
        for entry in await self.controls.journal(path=path):
            status = int(str(entry["status"]))
            counts[status] = counts.get(status, 0) + 1
        return counts


@asynccontextmanager
async def farm(  # noqa: PLR0913 - what a scenario may want otherwise
    folder: Path,
    fleet: Document,
    *options: str,
    lease_seconds: int = 600,
    with_topic: bool = False,
    with_events: bool = False,
    host_options: Sequence[str] = (),
    host_module: str = "local.host",
    settings: Mapping[str, str] | None = None,
    tripwire: Tripwire | None = None,
) -> AsyncIterator[Farm]:
    """Start emulator (on disk), simulator and host, which keep their ports; stop them in the end.

    With a topic, its events are delivered to naptime; with events, those of Azure are. With a
    tripwire, what the host sends to its storage passes it. `host_module` is what runs the host.
    """
    fleet_file, authorities = folder / "fleet.json", folder / "ca.pem"
    fleet_file.write_text(json.dumps(fleet.document()), encoding="utf-8")
    async with AsyncExitStack() as stack:
        azurite = Azurite(folder / "azurite", stack.enter_context(held_ports()))
        stack.push_async_callback(azurite.stop)
        connection = await azurite.start()
        port = stack.enter_context(held_port())
        topic = [f"--topic-events-to=http://127.0.0.1:{port}/?code={KEY}"] if with_topic else []
        if with_events:
            topic.append(f"--events-to=http://127.0.0.1:{port}/?code={KEY}")
        files = (f"--fleet={fleet_file}", f"--ca-out={authorities}")
        simulator = [sys.executable, "-m", "local.azure", "--port=0", *files, *options, *topic]
        azure = await Child.start(simulator, cwd=ROOT)
        stack.push_async_callback(azure.stop)
        if tripwire:
            ports = await stack.enter_async_context(through(tripwire, azurite.ports))
            connection = ports.connection_string
        urls = urls_of(azure)
        environment = {
            **clean_environment(),
            **app_settings(urls, authorities, fleet.subscriptions, OWN_CLIENT_ID),
            "AzureWebJobsStorage": connection,
            "IDENTITY_HEADER": "made-up",
            **({"NAPTIME_TOPIC_ENDPOINT": f"{azure.url}{TOPIC}"} if with_topic else {}),
            **(settings or {}),
        }
        session = await stack.enter_async_context(aiohttp.ClientSession())
        controls = Controls(urls["controlsHttp"])
        running = Farm(
            *(azurite, controls, session, environment),
            *(lease_seconds, port, host_options, host_module),
        )
        stack.push_async_callback(running.stop_host)
        await running.start_host()
        yield running
