"""The command as it is typed, in this process, against a simulated Azure."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import pytest

from local.azure.arm.throttle import Throttle
from local.azure.simulator import Setup
from naptime.entry import main
from tests.command_line.deployments import KEY, Deployed
from tests.command_line.tenants import tenant
from tests.contract.served import served
from tests.simulated_azure import Controls

type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        """Read standard output as JSON."""
        return cast("Json", json.loads(self.out))

    @property
    def last(self) -> str:
        """Give the last line."""
        return self.out.rstrip().rpartition("\n")[2]


type Type = Callable[..., Awaitable[Said]]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Give what types a command: words, and an answer to its question."""
    for name in ("NAPTIME_SUBSCRIPTIONS", "NAPTIME_APP", "NAPTIME_KEY", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    async def typing(*words: str, answer: str = "") -> Said:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(answer.encode())))
        capsys.readouterr()
        # A thread: the command has an event loop of its own, and the simulator is in this one.
        code = await asyncio.to_thread(main, list(words))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return typing


@pytest.fixture
def by_key(app: Deployed, monkeypatch: pytest.MonkeyPatch, typed: Type) -> Type:
    """Type commands where the address and key of the file's own app are in the environment."""
    monkeypatch.setenv("NAPTIME_APP", app.url)
    monkeypatch.setenv("NAPTIME_KEY", KEY)
    return typed


@asynccontextmanager
async def azure(
    monkeypatch: pytest.MonkeyPatch, clusters: int, subscriptions: int, *, limits: bool = False
) -> AsyncIterator[Controls]:
    """Serve a tenant, which the command finds by its own settings; at first without limits."""
    setup = Setup(fleet=tenant(clusters, subscriptions), throttle=Throttle(enforced=limits))
    async with served(setup, monkeypatch) as found:
        monkeypatch.setenv("NAPTIME_ARM_ENDPOINT", found.url)
        yield Controls(found.controls)


async def writes(controls: Controls) -> list[Json]:
    """Give the writes that were accepted."""
    return [each for each in await controls.journal(method="PUT") if each["status"] in {200, 201}]
