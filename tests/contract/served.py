"""What is served over TLS to the real clients: the simulated Azure, or a made-up answer to all."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web
from azure.identity.aio import DefaultAzureCredential

from local.azure.certificates import Certificates
from local.azure.server import SimulatorServer
from local.azure.simulator import Setup, Simulator
from tests.clusters import OWN_CLIENT_ID
from tests.simulated_azure import trust


@dataclass(frozen=True, slots=True)
class Served:
    """Where it is, its controls over plain http, and the identity that it knows."""

    simulator: Simulator
    url: str
    controls: str
    credential: DefaultAzureCredential


@asynccontextmanager
async def served(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """Start it; whatever happens inside, nothing is left running."""
    simulator = Simulator(setup)
    server = SimulatorServer(simulator, report=lambda _: None)
    await server.start()
    trust(server.certificates.bundle())
    for name, value in {
        "IDENTITY_ENDPOINT": server.urls["identityEndpoint"],
        "IDENTITY_HEADER": "made-up",
        "AZURE_CLIENT_ID": OWN_CLIENT_ID,
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
    }.items():
        monkeypatch.setenv(name, value)
    credential = DefaultAzureCredential()
    try:
        yield Served(simulator, server.url, server.urls["controlsHttp"], credential)
    finally:
        await credential.close()
        await server.stop()


@asynccontextmanager
async def served_at_every_path(
    handler: Callable[[web.Request], Awaitable[web.Response]],
) -> AsyncIterator[str]:
    """Have one handler answer every request, and give the address that it is reached by."""
    certificates = Certificates()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0, ssl_context=certificates.server_context()).start()
    trust(certificates.authority_pem)
    try:
        yield f"https://localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
