import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import (
    ClientError,
    ClientHandlerType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ServerDisconnectedError,
    TCPConnector,
    web,
)

from local.azure.json_values import JsonObject, as_object
from local.azure.server import SimulatorServer
from local.azure.simulator import Simulator
from tests.local.azure.receiver import Receiver
from tests.local.azure.world import NAPTIME, World, a_setup


@pytest.fixture
def world() -> World:
    return World()


@dataclass(slots=True)
class Served:
    """A simulator that is listening, and a client that trusts it."""

    server: SimulatorServer
    session: ClientSession
    bundle: str = ""

    @property
    def simulator(self) -> Simulator:
        """What is being served."""
        return self.server.simulator

    async def control(self, method: str, path: str, body: object = None) -> JsonObject:
        """Use a control; it must not be refused."""
        url = f"{self.server.url}/_simulator/{path}"
        async with self.session.request(method, url, json=body) as response:
            answer: object = await response.json()
            assert response.status == 200, answer
            return as_object(answer)

    def bearer(self) -> dict[str, str]:
        """Make the header that naptime would call with."""
        token = self.simulator.tokens.issue("https://management.azure.com/", NAPTIME)
        return {"Authorization": f"Bearer {token.text}"}


class ConnectionLostError(ClientError):
    """The server hung up without an answer."""


async def one_attempt(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Keep aiohttp from repeating a call: it does so once where the connection is lost."""
    try:
        return await handler(request)
    except (ClientOSError, ServerDisconnectedError) as error:
        raise ConnectionLostError from error


def _silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    server = SimulatorServer(Simulator(a_setup()), report=_silent)
    await server.start()
    context = ssl.create_default_context(cadata=server.certificates.authority_pem.decode())
    connector = TCPConnector(ssl=context)
    async with ClientSession(connector=connector, middlewares=(one_attempt,)) as session:
        yield Served(server, session)
    await server.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()
