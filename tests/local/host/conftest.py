"""A host with the sample app, in this process, with a real storage emulator behind it."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from local.host.assembly import HostOptions, load_host
from local.host.clock import SystemClock
from local.host.host import Host
from local.host.storage_queue import StorageQueue
from local.host.worker import Worker

SAMPLE = Path(__file__).parent / "apps/every_trigger"
MASTER = "the-master-key"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the host answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: list[str]


@dataclass(frozen=True, slots=True)
class RunningHost:
    """A host that listens, a client for it, and its queues."""

    host: Host
    url: str
    client: aiohttp.ClientSession
    work_queue: StorageQueue
    text_queue: StorageQueue

    async def ask(  # noqa: PLR0913 - a request has these parts
        self,
        method: str,
        path: str,
        *,
        key: str | None = MASTER,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request with a key (None: without) and give the answer."""
        every = {**({"x-functions-key": key} if key else {}), **(headers or {})}
        url = f"{self.url}{path}"
        async with self.client.request(method, url, headers=every, json=json, data=body) as answer:
            cookies = answer.headers.getall("Set-Cookie", [])
            return Answer(answer.status, answer.headers, await answer.read(), cookies)


async def send(queue: StorageQueue, text: str) -> None:
    """Put a message on a queue as senders for Functions do, in base64."""
    await queue.put(base64.b64encode(text.encode()).decode())


@asynccontextmanager
async def opened_queue(connection: str, name: str) -> AsyncIterator[StorageQueue]:
    """Make a queue, and close its connections afterwards."""
    queue = StorageQueue(connection, name)
    try:
        await queue.make_sure()
        yield queue
    finally:
        await queue.close()


@pytest.fixture(scope="session")
def sample_settings(azurite_connection: str) -> Mapping[str, str]:
    """Give the settings of the sample app."""
    return {
        "AzureWebJobsStorage": azurite_connection,
        "Other": azurite_connection,
        "WORK_QUEUE": "work",
        "TEXT_QUEUE": "text",
        "SCHEDULE": "0 0 0 1 1 *",
        "AzureWebJobs.off.Disabled": "true",
    }


@pytest.fixture(scope="session")
async def host(sample_settings: Mapping[str, str]) -> AsyncIterator[RunningHost]:
    """Run the sample app for the whole session."""
    running = load_host(SAMPLE, sample_settings, SystemClock(), HostOptions(MASTER))
    url = await running.start(0)
    connection = sample_settings["Other"]
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
        opened_queue(connection, "work") as work,
        opened_queue(connection, "text") as text,
    ):
        yield RunningHost(running, url, client, work, text)
    assert await running.stop(5) == 0


@pytest.fixture(scope="session")
def worker() -> Worker:
    """Load the sample app into the real worker library."""
    return Worker.load(SAMPLE)
