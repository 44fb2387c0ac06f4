"""A naptime of its own for a file's tests: the app on the local host, and a simulated tenant."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from local.demo.surroundings import app_settings, clean_environment, urls_of
from local.processes import Child
from local.storage_emulator import Azurite
from tests.clusters import OWN_CLIENT_ID
from tests.command_line.tenants import bodies, subscription
from tests.simulated_azure import Controls, trust

ROOT = Path(__file__).parents[2]
KEY = "key-of-the-command-line"


@dataclass(frozen=True, slots=True)
class Deployed:
    """An app on the local host, and the tenant that it looks after."""

    url: str
    urls: dict[str, str]
    controls: Controls


@asynccontextmanager
async def deploy(folder: Path, clusters: int, subscriptions: int) -> AsyncIterator[Deployed]:
    """Start both as processes, with the limits of Azure, and a storage that nobody else uses."""
    azurite = Azurite()
    fleet, bundle = folder / "fleet.json", folder / "ca.pem"
    fleet.write_text(json.dumps({"clusters": list(bodies(clusters, subscriptions))}))
    azure = await Child.start(
        [
            *(sys.executable, "-m", "local.azure", "--port=0", f"--fleet={fleet}"),
            *(f"--ca-out={bundle}", "--throttle"),
        ],
        cwd=ROOT,
    )
    urls = dict(urls_of(azure))
    names = [subscription(number) for number in range(subscriptions)]
    host = await Child.start(
        [sys.executable, "-m", "local.host", "--port=0", f"--key={KEY}"],
        env={
            **clean_environment(),
            **app_settings(urls, bundle, names, OWN_CLIENT_ID),
            "AzureWebJobsStorage": await azurite.start(),
            "IDENTITY_HEADER": "made-up",
        },
        cwd=ROOT,
    )
    trust(bundle.read_bytes())
    try:
        yield Deployed(host.url, urls, Controls(urls["controlsHttp"]))
    finally:
        await host.stop()
        await azure.stop()
        await azurite.stop()
