"""The fleet page in a browser: the real host with the app, over an emulator that has a fleet."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser

from local.azure.clock import machine_now
from local.demo.surroundings import clean_environment
from local.page.browser import Look, started
from local.processes import Child
from local.storage_emulator import Azurite
from shared.domain.fleet.run import Run, RunScope, RunState, new_run_id
from shared.domain.fleet.run_records import RunRecord
from shared.domain.vocabulary.reasons import Cause
from shared.world import deployed
from tests.page.a_fleet import SUBSCRIPTIONS, remembered
from tests.page.beside_the_fleet import remembered_beside

ROOT = Path(__file__).parents[2]
KEY = "a-key-of-the-tests"
CLUSTERS = 40
NEVER = "0 0 0 1 1 *"
"""A timer that does not come while tests run."""


@dataclass(frozen=True, slots=True)
class Served:
    """The running app, and the storage beneath it."""

    url: str
    azurite: Azurite

    @property
    def page(self) -> str:
        return f"{self.url}/api/fleet"

    async def get(self, path: str, key: str = KEY) -> tuple[int, object]:
        """Ask the API: the status, and the JSON of the answer."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.url}/api/{path}", headers={"x-functions-key": key}) as answer,
        ):
            return answer.status, await answer.json()


def settings(connection: str) -> dict[str, str]:
    return {
        "AzureWebJobsStorage": connection,
        "NAPTIME_SUBSCRIPTIONS": ",".join(SUBSCRIPTIONS),
        "NAPTIME_SWEEP_SCHEDULE": NEVER,
        "NAPTIME_MIND_SCHEDULE": NEVER,
        "NAPTIME_IMAGE_WATCH_SCHEDULE": NEVER,
        "AZURE_CLIENT_ID": "aaaaaaaa-0000-0000-0000-00000000000a",
    }


async def fill(connection: str) -> None:
    """Have the tables remember a fleet, a run over all of it, and one that waits since."""
    world, now = deployed(settings(connection)), machine_now()
    await remembered(world, now, CLUSTERS)
    before = now - timedelta(hours=9)
    run = Run(new_run_id(before, "0" * 16), Cause.SWEPT, RunScope(), before)
    await world.store.insert_run(RunRecord(run, RunState.FINISHED, finished_at=before))
    await remembered_beside(world, now, CLUSTERS)
    await world.close()


@pytest.fixture(scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Run the app over storage that keeps what it has when it is stopped."""
    folder = tmp_path_factory.mktemp("page")
    azurite = Azurite(folder)
    connection = await azurite.start()
    await fill(connection)
    host = await Child.start(
        [sys.executable, "-m", "local.host", "--port", "0", f"--key={KEY}"],
        env=clean_environment() | settings(connection),
        cwd=ROOT,
        stderr=folder / "host.log",
    )
    try:
        yield Served(host.url, azurite)
    finally:
        await asyncio.gather(host.stop(), azurite.stop())


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Start the system's browser; raises BrowserMissing, with the reason, where there is none."""
    async with started() as found:
        yield found


@pytest.fixture(autouse=True)
async def closed_in_the_end(browser: Browser) -> AsyncIterator[None]:
    """Leave no page open: it would go on asking."""
    yield
    for context in browser.contexts:
        await context.close()


@pytest.fixture
def look() -> Look:
    """Give the usual way to look: a desk's screen, in the light, with the key."""
    return Look(key=KEY)
