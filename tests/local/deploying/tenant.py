"""A tenant to deploy to: the simulated Azure behind a played az, and deploy.py."""

import asyncio
import contextlib
import io
import json
import os
import stat
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from infra.deploying.azure import Said
from infra.deploying.command import main
from infra.deploying.package import declared

from local.azure.clock import Clock, machine_now
from local.azure.deploying.cloud import Cloud
from local.azure.deploying.played_az import play
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
    refusals: dict[str, str] = field(default_factory=dict)
    """What az writes instead of doing what one of its arguments contains."""

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

    async def deploy(self, *arguments: str, **more: str) -> Ended:
        """Run deploy.py to its end, in this process; az is played in it too."""
        out, err = io.StringIO(), io.StringIO()
        environment, refusals = {**self.environment, **more}, self.refusals

        def az(asked: Sequence[str]) -> Said:
            refused = next((says for part, says in refusals.items() if part in str(asked)), "")
            return Said(1, "", refused) if refused else Said(*play(asked, environment))

        def run() -> int:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                return main([*self._always, *arguments], environment, az)

        code = await asyncio.to_thread(run)
        return Ended(code, out.getvalue(), err.getvalue())

    @property
    def _always(self) -> tuple[str, ...]:
        return ("--release", str(self.package), "--every", "0.02", "--patience", "60")

    async def begin(self, *arguments: str, **more: str) -> asyncio.subprocess.Process:
        """Start deploy.py."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, str(ROOT / "infra" / "deploy.py"), *arguments),
            *self._always,
            env={**self.environment, **more},
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def deploy_as_program(self, *arguments: str, **more: str) -> Ended:
        """Run deploy.py to its end as people run it."""
        process = await self.begin(*arguments, **more)
        async with asyncio.timeout(300):
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
    az.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -S -m local.azure.deploying.played_az "$@"\n'
    )
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
    """Runs what is pushed: the app itself on the local host, with its deployed settings."""

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
        """Give the app settings that were deployed, but for those of the platform."""
        of = f"/sites/{name}/config/appsettings".lower()
        (found,) = [
            one for key, one in self.tenant.cloud.store.resources.items() if key.endswith(of)
        ]
        left_out = ("AzureWebJobsStorage__", "APPLICATIONINSIGHTS_", "PYTHON_APPLICATION")
        properties = found.body["properties"]
        assert isinstance(properties, dict)
        return {
            key: str(value) for key, value in properties.items() if not key.startswith(left_out)
        }

    async def stop(self) -> None:
        """Stop every app."""
        for child in self.children:
            await child.stop()


@dataclass(slots=True)
class Hearing:
    """Stands for an app that only listens: it takes events as the Functions host does."""

    heard: dict[str, list[str]] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    run_id: str = "1"
    """Of the run that every call gives."""
    _runners: list[web.ServerRunner] = field(default_factory=list)

    async def run(self, name: str, package: bytes) -> Backend:
        """Listen for an app of a name; what is pushed is counted, not run."""
        with zipfile.ZipFile(io.BytesIO(package)) as read:
            sources = [
                read.read(each).decode() for each in read.namelist() if each[:9] == "functions"
            ]
        names = tuple(sorted(each for source in sources for each in declared(source)))
        self.heard.setdefault(name, [])

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            if request.method == "OPTIONS":
                return web.Response(headers={"WebHook-Allowed-Origin": "*"})
            if request.path == "/runtime/webhooks/eventgrid":
                self.heard[name].append(request.query["functionName"])
                return web.Response()
            body: Mapping[str, object] = {"runId": self.run_id, "finishedAt": "now", "outcomes": {}}
            return web.json_response(body)

        runner = web.ServerRunner(web.Server(answer, access_log=None))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._runners.append(runner)
        return Backend(f"http://127.0.0.1:{runner.addresses[0][1]}", names, KEY)

    async def stop(self) -> None:
        """Stop listening."""
        for each in self._runners:
            await each.cleanup()
