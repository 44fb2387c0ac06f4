"""What is imported before the first event is acknowledged: each SDK more makes it wait longer."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOADED = """
import asyncio, sys
from pathlib import Path
from local.host.worker import Worker

Worker.load(Path.cwd())
"""
FIRST_EVENT = """
from shared.world import deployed

async def first():
    world = deployed({
        "NAPTIME_SUBSCRIPTIONS": "11111111-1111-1111-1111-111111111111",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    })
    world.events
    await world.close()

asyncio.run(first())
"""
TOLD = "print('|'.join(sys.modules))"


def imported(program: str) -> frozenset[str]:
    """Give the modules of a process that runs a program, each with those that it is within."""
    done = subprocess.run(  # noqa: S603 - made of constants
        [sys.executable, "-c", program + TOLD], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return frozenset(done.stdout.splitlines()[-1].split("|"))


@pytest.fixture(scope="module")
def loaded() -> frozenset[str]:
    return imported(LOADED)


@pytest.fixture(scope="module")
def with_the_first_event() -> frozenset[str]:
    return imported(LOADED + FIRST_EVENT)


@pytest.mark.parametrize(
    "package",
    [
        *("azure.core", "azure.identity", "azure.mgmt", "azure.data", "azure.storage"),
        *("azure.eventgrid", "azure.monitor", "aiohttp", "msal", "opentelemetry", "requests"),
        *("cryptography", "tenacity", "xml.etree"),
    ],
)
def test_loading_imports_no_sdk(loaded: frozenset[str], package: str) -> None:
    """The worker tells the host of the functions before any SDK is imported."""
    assert package not in loaded


@pytest.mark.parametrize(
    "package", ["azure.identity", "azure.mgmt", "azure.eventgrid", "azure.monitor", "tenacity"]
)
def test_an_event_needs_storage_alone(with_the_first_event: frozenset[str], package: str) -> None:
    """The first event goes into a queue and its mark into a table; no other SDK is waited for.

    That of identities neither, where storage is reached with a connection string, as here.
    """
    assert {"azure.storage.queue", "azure.data.tables"} <= with_the_first_event
    assert package not in with_the_first_event
