"""Setting the stage up and taking it down: whatever happens, nothing is left running."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from local.demo.azure_controls import AzureControls
from local.demo.bodies import Json
from local.demo.fleet import OWN_SUBSCRIPTIONS, Kind, Member, fleet_document, of_kinds
from local.demo.journal import NAPTIME
from local.demo.naptime_api import NaptimeApi
from local.demo.node_image import TICK
from local.demo.role import write_role
from local.demo.stage import Stage, StageFailed, until
from local.demo.surroundings import app_settings, clean_environment, urls_of
from local.held_ports import held_port
from local.processes import Child, ChildDidNotStart
from local.storage_emulator import (
    REPOSITORY,
    Azurite,
    StorageEmulatorDidNotStart,
    StorageEmulatorMissing,
)

DID_NOT_START: Final = (ChildDidNotStart, StorageEmulatorDidNotStart, StorageEmulatorMissing)
READY_SECONDS: Final = 30.0

type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be set up; port 0 is any free one.

    `folder` takes logs and certificates. `settings` are further ones of the app, and
    `azure_options` further ones of the simulator's command line. `host` is the program that is the
    host, with options that come before the others.
    """

    fleet: Json
    subscriptions: tuple[str, ...]
    excluded: tuple[str, ...]
    folder: Path
    port: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    azure_options: tuple[str, ...] = ()
    host: tuple[str, ...] = ("local.host",)

    @property
    def authorities(self) -> Path:
        """The certificates that the app is to trust."""
        return self.folder / "authorities.pem"


def plan_of(members: Sequence[Member], folder: Path, port: int = 0) -> Plan:
    """Plan a stage with members of the demonstration fleet."""
    return Plan(
        fleet=fleet_document(members),
        subscriptions=OWN_SUBSCRIPTIONS,
        excluded=of_kinds(members, [Kind.EXCLUDED]),
        folder=folder,
        port=port,
        settings={"NAPTIME_IMAGE_WATCH_SCHEDULE": f"*/{TICK.seconds} * * * * *"},
    )


@asynccontextmanager
async def staged(plan: Plan, say: Say) -> AsyncIterator[Stage]:
    """Start everything, and stop it in the opposite order whatever happens.

    Raises StageFailed and what is in DID_NOT_START.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        # The simulator is told of the host before the host listens.
        port = plan.port or stack.enter_context(held_port())
        key = secrets.token_urlsafe(24)
        yield await _Crew(plan, say, stack, session).set_up(port, key)


@dataclass(frozen=True, slots=True)
class _Crew:
    plan: Plan
    say: Say
    stack: AsyncExitStack
    session: aiohttp.ClientSession

    async def set_up(self, port: int, key: str) -> Stage:
        self.say("starting the storage emulator and the simulated Azure")
        azurite, identity_header = Azurite(), secrets.token_hex(16)
        storage = self._start(azurite.start(), lambda _: azurite.stop())
        azure = await self._azure(f"http://127.0.0.1:{port}/?code={key}", identity_header)
        await asyncio.shield(storage)
        storage_ended = asyncio.create_task(azurite.ended())
        self.say("starting the Functions host with the app")
        urls = urls_of(azure)
        controls = AzureControls(self.session, urls["controlsHttp"])
        settings = {
            "AzureWebJobsStorage": azurite.connection_string,
            "IDENTITY_HEADER": identity_header,
            **self._settings(urls),
            **self.plan.settings,
        }
        host = await self._child(
            "host", settings, *self.plan.host, "--port", str(port), f"--key={key}"
        )
        stage = Stage(
            azure=controls,
            api=NaptimeApi(self.session, host.url, key),
            azure_urls=urls,
            settings=settings,
            has_ended={
                "storage emulator": storage_ended.done,
                "simulated Azure": lambda: azure.returncode is not None,
                "Functions host": lambda: host.returncode is not None,
            },
            host_pid=host.pid,
        )
        self.say("waiting for Event Grid's handshake")
        await _wait_for_handshake(stage)
        return stage

    async def _azure(self, events_to: str, identity_header: str) -> Child:
        fleet = self.plan.folder / "fleet.json"
        fleet.write_text(json.dumps(self.plan.fleet, indent=1), "utf-8")
        files = ("--fleet", str(fleet), "--ca-out", str(self.plan.authorities))
        events = ("--events-to", events_to, "--topic-events-to", events_to)
        secret = ("--identity-header", identity_header, *events)
        role = ("--role", f"{NAPTIME}={write_role(self.plan.folder / 'role.json')}")
        options = ("--port", "0", *files, *secret, *role, *self.plan.azure_options)
        return await self._child("azure", {}, "local.azure", *options)

    async def _child(self, name: str, settings: Mapping[str, str], *module: str) -> Child:
        child = Child.start(
            [sys.executable, "-m", *module],
            env=clean_environment() | dict(settings),
            cwd=REPOSITORY,
            stderr=self.plan.folder / f"{name}.log",
            ready_within=READY_SECONDS,
        )
        return await asyncio.shield(self._start(child, Child.stop))

    def _start[T](
        self, start: Coroutine[object, None, T], stop: Callable[[T], Awaitable[object]]
    ) -> asyncio.Task[T]:
        """Start something, to be stopped in the end.

        Never in the middle of its start, when nobody holds its process yet: so it runs by itself.
        """
        starting = asyncio.create_task(start)
        self.stack.push_async_callback(_stop, starting, stop)
        return starting

    def _settings(self, urls: Mapping[str, str]) -> Mapping[str, str]:
        return {
            **app_settings(urls, self.plan.authorities, self.plan.subscriptions, NAPTIME),
            "NAPTIME_EXCLUDE": ",".join(self.plan.excluded),
            "NAPTIME_TOPIC_ENDPOINT": f"{urls['arm']}/topics/naptime/api/events",
        }


async def _stop[T](starting: asyncio.Task[T], stop: Callable[[T], Awaitable[object]]) -> None:
    with suppress(*DID_NOT_START):
        await stop(await starting)


async def _wait_for_handshake(stage: Stage) -> None:
    async def ready() -> bool | None:
        return await stage.azure.subscriptions_are_ready() or None

    try:
        await until(stage, ready, READY_SECONDS)
    except TimeoutError as error:
        raise StageFailed("the host did not answer Event Grid's handshake") from error
