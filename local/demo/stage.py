"""The stage: storage emulator, simulated Azure and Functions host, started and stopped together."""

import asyncio
import json
import os
import re
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import aiohttp

from local.demo.azure_controls import AzureControls
from local.demo.bodies import Json
from local.demo.evidence import NAPTIME
from local.demo.naptime_api import NaptimeApi
from local.processes import Child
from local.storage_emulator import REPOSITORY, Azurite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

READY_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.05

# What a child gets of this machine's environment: no proxy and no credential among it.
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")

type Say = Callable[[str], None]


class StageFailed(Exception):
    """A program of the stage did not start, or has ended on its own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be put on the stage; port 0 is any free one."""

    fleet: Json
    subscriptions: tuple[str, ...]
    excluded: tuple[str, ...]
    folder: Path
    port: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything runs: how to reach it, and the environment that the app has."""

    azure: AzureControls
    api: NaptimeApi
    host_url: str
    azure_urls: Mapping[str, str]
    key: str
    settings: Mapping[str, str]
    azurite: Azurite
    children: Mapping[str, Child]

    def check(self) -> None:
        """Raise StageFailed if one of the programs has ended."""
        for name, child in self.children.items():
            if child.returncode is not None:
                raise StageFailed(f"the {name} has ended with {child.returncode}")


@dataclass(slots=True)
class _Builder:
    plan: Plan
    say: Say
    stack: AsyncExitStack
    session: aiohttp.ClientSession
    key: str
    identity_header: str
    port: int

    @classmethod
    def make(cls, plan: Plan, say: Say, stack: AsyncExitStack, http: aiohttp.ClientSession) -> Self:
        port = plan.port or free_port()
        return cls(plan, say, stack, http, secrets.token_urlsafe(24), secrets.token_hex(16), port)

    async def build(self) -> Stage:
        self.say("starting the storage emulator and the simulated Azure")
        azurite, azure = await asyncio.gather(self._storage(), self._azure())
        urls = _urls(azure)
        settings = self._settings(azurite, urls)
        self.say("starting the Functions host with the app")
        host = await self._child(
            "host", "local.host", "--port", str(self.port), "--key", self.key, settings=settings
        )
        controls = AzureControls(self.session, urls["controlsHttp"])
        stage = Stage(
            azure=controls,
            api=NaptimeApi(self.session, host.url, self.key),
            host_url=host.url,
            azure_urls=urls,
            key=self.key,
            settings=settings,
            azurite=azurite,
            children={"simulated Azure": azure, "Functions host": host},
        )
        self.say("waiting for Event Grid's handshake")
        await _wait_for_subscriptions(stage)
        return stage

    async def _storage(self) -> Azurite:
        azurite = Azurite()
        self.stack.push_async_callback(azurite.stop)
        await azurite.start()
        return azurite

    async def _azure(self) -> Child:
        fleet = self.plan.folder / "fleet.json"
        fleet.write_text(json.dumps(self.plan.fleet, indent=1), "utf-8")
        return await self._child(
            "azure",
            "local.azure",
            *("--port", "0", "--fleet", str(fleet), "--ca-out", str(self._authorities)),
            *("--identity-header", self.identity_header),
            *("--events-to", f"http://127.0.0.1:{self.port}/?code={self.key}"),
        )

    @property
    def _authorities(self) -> Path:
        return self.plan.folder / "authorities.pem"

    async def _child(
        self, name: str, module: str, *args: str, settings: Mapping[str, str] | None = None
    ) -> Child:
        child = await Child.start(
            [sys.executable, "-m", module, *args],
            env=_clean_environment() | dict(settings or {}),
            cwd=REPOSITORY,
            stderr=self.plan.folder / f"{name}.log",
            ready_within=READY_SECONDS,
        )
        self.stack.push_async_callback(child.stop)
        return child

    def _settings(self, azurite: Azurite, urls: Mapping[str, str]) -> Mapping[str, str]:
        authorities = str(self._authorities)
        return {
            "AzureWebJobsStorage": azurite.connection_string,
            "NAPTIME_SUBSCRIPTIONS": ",".join(self.plan.subscriptions),
            "NAPTIME_EXCLUDE": ",".join(self.plan.excluded),
            "NAPTIME_ARM_ENDPOINT": urls["arm"],
            "IDENTITY_ENDPOINT": urls["identityEndpoint"],
            "IDENTITY_HEADER": self.identity_header,
            "AZURE_CLIENT_ID": NAPTIME,
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "SSL_CERT_FILE": authorities,
            "REQUESTS_CA_BUNDLE": authorities,
        }


@asynccontextmanager
async def staged(plan: Plan, say: Say) -> "AsyncIterator[Stage]":
    """Start everything, and stop it in the opposite order whatever happens.

    Raises StageFailed, ChildDidNotStart, StorageEmulatorMissing or StorageEmulatorDidNotStart.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield await _Builder.make(plan, say, stack, session).build()


async def until[T](stage: Stage, look: Callable[[], Awaitable[T | None]], seconds: float) -> T:
    """Look again and again until something is found; a TimeoutError if that takes too long."""
    async with asyncio.timeout(seconds):
        while (found := await look()) is None:
            stage.check()
            await asyncio.sleep(POLL_SECONDS)
        return found


async def _wait_for_subscriptions(stage: Stage) -> None:
    async def ready() -> bool | None:
        return await stage.azure.subscriptions_are_ready() or None

    try:
        await until(stage, ready, READY_SECONDS)
    except TimeoutError as error:
        raise StageFailed("the host did not answer Event Grid's handshake") from error


def free_port() -> int:
    """Find a port that is free now: the simulator is told of the host before the host listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _clean_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def _urls(azure: Child) -> Mapping[str, str]:
    """Read the URLs, which the simulator writes to its log before it says that it is ready."""
    return dict(re.findall(r"^(\w+): (https?://\S+)$", azure.stderr_text(), re.MULTILINE))
