"""What a world opens is closed, the last first."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import aiohttp
import pytest

from shared.azure import Azure, Closable
from shared.domain.errors import InvalidSetting
from shared.settings import read_settings
from shared.world import deployed
from tests.clusters import SUBSCRIPTION

ENVIRONMENT = {
    "NAPTIME_SUBSCRIPTIONS": SUBSCRIPTION,
    "NAPTIME_TOPIC_ENDPOINT": "https://naptime.example/api/events",
    "AzureWebJobsStorage__accountName": "madeup",
}


class Watched(Azure):
    """Azure's ports, which remember what is to be closed."""

    def __init__(self) -> None:
        super().__init__(read_settings(ENVIRONMENT))
        self.to_be_closed: list[object] = []

    def opened[C: Closable](self, client: C) -> C:
        """Remember it, and register it."""
        self.to_be_closed.append(client)
        return super().opened(client)


def ports_of(azure: Azure) -> Iterator[tuple[str, object]]:
    """Open every port that there is."""
    for name, port in vars(Azure).items():
        if isinstance(port, cached_property):
            yield name, getattr(azure, name)


@dataclass
class Connection:
    """A client whose closing is remembered, and may fail."""

    name: str
    closed: list[str] = field(default_factory=list)
    fails: bool = False

    async def close(self) -> None:
        """Remember it."""
        self.closed.append(self.name)
        if self.fails:
            raise OSError(self.name)


async def test_every_client_that_can_be_closed_is() -> None:
    """No port with a `close` is opened without being registered for it."""
    azure = Watched()
    opened = dict(ports_of(azure))
    can_be_closed = {name for name, port in opened.items() if hasattr(port, "close")}
    registered = {id(client) for client in azure.to_be_closed}
    assert {name for name in can_be_closed if id(opened[name]) not in registered} == set()
    assert {"arm", "credential", "storage", "tables", "clusters_queue", "topic"} <= can_be_closed
    await azure.close()


async def test_no_connection_outlives_its_world() -> None:
    """After `close`, every session that was opened is closed."""
    gc.collect()
    before = {id(session) for session in sessions()}
    world = deployed(ENVIRONMENT)
    azure = world.ports
    assert isinstance(azure, Azure)
    dict(ports_of(azure))
    azure.arm.of(SUBSCRIPTION)
    opened = [session for session in sessions() if id(session) not in before]
    assert opened
    await world.close()
    assert all(session.closed for session in opened)


def sessions() -> list[aiohttp.ClientSession]:
    return [each for each in gc.get_objects() if type(each) is aiohttp.ClientSession]


async def test_what_was_opened_last_is_closed_first() -> None:
    """Clients are closed before what they are built upon."""
    azure, closed = Watched(), list[str]()
    for name in ("credential", "storage", "queue"):
        azure.opened(Connection(name, closed))
    await azure.close()
    assert closed == ["queue", "storage", "credential"]


async def test_one_that_fails_to_close_does_not_keep_the_others_open() -> None:
    """Everything is closed, and the error comes out."""
    azure, closed = Watched(), list[str]()
    for name in ("credential", "storage", "queue"):
        azure.opened(Connection(name, closed, fails=name == "queue"))
    with pytest.raises(OSError, match="queue"):
        await azure.close()
    assert closed == ["queue", "storage", "credential"]


async def test_nothing_is_opened_before_it_is_needed() -> None:
    """A world that nobody has asked for anything holds no client."""
    azure = Watched()
    assert azure.to_be_closed == []
    await azure.close()


def test_settings_are_read_before_anything_else() -> None:
    """What is wrong with the environment is said by name, when the world is built."""
    with pytest.raises(InvalidSetting, match="NAPTIME_SUBSCRIPTIONS"):
        deployed({})


def test_what_an_sdk_brings_is_settled_when_it_is_there() -> None:
    """Each client that is opened is told of once its SDK is loaded, and none before it."""
    settled: list[int] = []
    azure = Azure(read_settings(ENVIRONMENT), lambda: settled.append(1))
    assert not settled
    once = azure.storage
    assert len(settled) == 1
    assert azure.storage is once
    assert len(settled) == 1
