"""A tenant to deploy to: the simulated Azure behind a played az, and deploy.py run as people run it."""

import asyncio
import json
import os
import stat
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from local.azure.clock import Clock, machine_now
from local.azure.deploying.cloud import Cloud
from local.azure.deploying.sites import Backend, Sites
from local.azure.fleet import fleet_of
from local.azure.server import SimulatorServer
from local.azure.simulator import Setup, Simulator
from local.package.app_files import app_files
from local.processes import Child
from tests.clusters import cluster

ROOT = Path(__file__).parents[3]
HOME = "11111111-1111-1111-1111-111111111111"
WATCHED = "22222222-2222-2222-2222-222222222222"
SECOND = "33333333-3333-3333-3333-333333333333"
KEY = "the-key"
PROVIDERS = (
    *("microsoft.app", "microsoft.eventgrid", "microsoft.insights", "microsoft.managedidentity"),
    *("microsoft.operationalinsights", "microsoft.storage", "microsoft.web"),
)


def a_fleet() -> Mapping[str, object]:
    """Give two clusters in each watched subscription, none of which has a schedule."""
    names = ("aks-1", "aks-2")
    clusters = [cluster(name, subscription=each) for each in (WATCHED, SECOND) for name in names]
    return {"clusters": clusters, "subscriptions": [HOME]}


def packed(folder: Path) -> Path:
    """Write a package as the repository would make it, without dependencies."""
    archive = folder / "naptime.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for name in app_files(ROOT):
            written.write(ROOT / name, name)
    return archive


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Tenant:
    """A running simulator, a folder with the played az, and the environment of a person's shell."""

    server: SimulatorServer
    folder: Path
    package: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def cloud(self) -> Cloud:
        """What deployments see."""
        return self.server.simulator.cloud

    @property
    def sites(self) -> Sites:
        """The function apps."""
        assert self.cloud.sites is not None
        return self.cloud.sites

    def told(self) -> list[list[str]]:
        """Give the commands that az was given, each as its arguments."""
        file = self.folder / "told"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    async def begin(self, *arguments: str, **more: str) -> asyncio.subprocess.Process:
        """Start deploy.py."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, str(ROOT / "infra" / "deploy.py"), *arguments),
            *("--release", str(self.package), "--every", "0.02", "--patience", "5"),
            env={**self.environment, **more},
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def deploy(self, *arguments: str, **more: str) -> Ended:
        """Run deploy.py to its end."""
        process = await self.begin(*arguments, **more)
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        return Ended(process.returncode or 0, out.decode(), err.decode())


async def started(folder: Path, package: Path) -> Tenant:
    """Start an empty tenant: the subscriptions and their clusters, nothing of naptime."""
    simulator = Simulator(Setup(fleet=fleet_of(a_fleet()), clock=Clock(machine_now())))
    server = SimulatorServer(simulator)
    await server.start()
    authorities = folder / "ca.pem"
    authorities.write_bytes(server.certificates.bundle())
    az = folder / "az"
    az.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -m local.azure.deploying.played_az "$@"\n')
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    environment = {
        "PATH": f"{folder}:{os.defpath}",
        "PYTHONPATH": str(ROOT),
        "SSL_CERT_FILE": str(authorities),
        "PLAYED_AZ_ARM": server.url,
        "PLAYED_AZ_IDENTITY": server.urls["identityEndpoint"],
        "PLAYED_AZ_SUBSCRIPTION": HOME,
        "PLAYED_AZ_TOLD": str(folder / "told"),
        "AZURE_ENV_NAME": "prod",
        "AZURE_LOCATION": "westeurope",
        "NAPTIME_SUBSCRIPTIONS": f"{WATCHED}, {SECOND}",
    }
    return Tenant(server, folder, package, environment)


@dataclass(slots=True)
class RealApp:
    """Runs what is pushed: the app itself on the local host, with the settings that were deployed."""

    tenant: Tenant
    storage: str
    children: list[Child] = field(default_factory=list)

    async def run(self, name: str, _: bytes) -> Backend:
        """Start the app of a name, and ask the host for its functions."""
        settings = self._settings(name)
        environment = {
            "PATH": os.environ["PATH"],
            "SSL_CERT_FILE": str(self.tenant.folder / "ca.pem"),
            "REQUESTS_CA_BUNDLE": str(self.tenant.folder / "ca.pem"),
            "IDENTITY_ENDPOINT": self.tenant.server.urls["identityEndpoint"],
            "IDENTITY_HEADER": "app",
            **settings,
            "AzureWebJobsStorage": self.storage,
        }
        child = await Child.start(
            [sys.executable, "-m", "local.host", "--port=0", f"--key={KEY}"],
            env=environment,
            cwd=ROOT,
        )
        self.children.append(child)
        async with (
            aiohttp.ClientSession(headers={"x-functions-key": KEY}) as session,
            session.get(f"{child.url}/admin/functions") as answer,
        ):
            listed = await answer.json()
        return Backend(child.url, tuple(each["name"] for each in listed), KEY)

    def _settings(self, name: str) -> dict[str, str]:
        """Give the app settings that were deployed, but for those of the platform's own telemetry."""
        of = f"/sites/{name}/config/appsettings".lower()
        (found,) = [
            one for key, one in self.tenant.cloud.store.resources.items() if key.endswith(of)
        ]
        left_out = ("AzureWebJobsStorage__", "APPLICATIONINSIGHTS_", "PYTHON_APPLICATION")
        properties = found.body["properties"]
        assert isinstance(properties, dict)
        return {
            key: str(value)
            for key, value in properties.items()
            if not key.startswith(left_out)
        }

    async def stop(self) -> None:
        """Stop every app."""
        for child in self.children:
            await child.stop()
