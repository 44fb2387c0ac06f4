"""The whole app in the real worker library, against the simulator and the storage emulator."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.azure.clock import Clock, machine_now
from local.azure.fleet import Fleet
from local.azure.server import SimulatorServer
from local.azure.simulator import Setup, Simulator
from shared.clients.storage.account import StorageAccount, create_queue
from shared.reconcile.ground.pacer import SHARDS_TABLE
from shared.reconcile.ground.policies import POLICY_TABLE
from shared.storage_settings import StorageSettings
from shared.world import app
from tests.clusters import OWN_CLIENT_ID, SUBSCRIPTION
from tests.functions.described import DescribedWorker
from tests.simulated_azure import Controls, trust

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The loaded app, and the world around it."""

    worker: DescribedWorker
    controls: Controls
    account: StorageAccount

    async def messages(self, queue: str) -> list[str]:
        """Take every message of a queue that can be seen."""
        async with self.account.queue(queue) as client:
            taken = [message async for message in client.receive_messages()]
            for message in taken:
                await client.delete_message(message)
        return [str(message.content) for message in taken]


@pytest.fixture(scope="session")
async def loaded(azurite_connection: str) -> AsyncIterator[Loaded]:
    """Load the app once; a FunctionApp gives its functions only once per import."""
    server = SimulatorServer(
        Simulator(Setup(fleet=Fleet(), clock=Clock(machine_now()))), report=lambda _: None
    )
    await server.start()
    trust(server.certificates.bundle())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AzureWebJobsStorage": azurite_connection,
            "NAPTIME_SUBSCRIPTIONS": SUBSCRIPTION,
            "NAPTIME_ARM_ENDPOINT": server.url,
            "IDENTITY_ENDPOINT": server.urls["identityEndpoint"],
            "IDENTITY_HEADER": "made-up",
            "AZURE_CLIENT_ID": OWN_CLIENT_ID,
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "NAPTIME_IMAGE_AGES": "true",
        }.items():
            patch.setenv(name, value)
        app.cache_clear()
        account = StorageAccount(StorageSettings(azurite_connection), lambda: None)  # type: ignore[arg-type,return-value]  # never called
        yield Loaded(DescribedWorker.load(ROOT), Controls(server.urls["controlsHttp"]), account)
        await app().close()
        await account.close()
        app.cache_clear()
    await server.stop()


@pytest.fixture
async def world(loaded: Loaded) -> Loaded:
    """Give the loaded app with an empty Azure, empty queues, and no refusal in this minute.

    Sixty refusals a minute leave a record; a quick machine puts more into one minute of tests.
    """
    await loaded.controls.reset()
    app().refusals.since = None
    for name in ("naptime-clusters", "naptime-runs", "naptime-shards", "naptime-events"):
        async with loaded.account.queue(name) as client:
            await create_queue(client)
            await client.clear_messages()
    return loaded


@pytest.fixture
async def without_policy(world: Loaded) -> AsyncIterator[None]:
    """Begin without a policy, as on the day of the deployment, and leave none to other tests."""
    del world
    await _drop_policy()
    yield
    await _drop_policy()


@pytest.fixture
async def pace_of_its_own(world: Loaded) -> AsyncIterator[None]:
    """Leave all calls to other tests: those that this one makes are not missed by them."""
    del world
    yield
    await app().ports.tables.drop(SHARDS_TABLE)


async def _drop_policy() -> None:
    await app().ports.tables.drop(POLICY_TABLE)
    await app().policies.newest()
