"""The storage emulator as a child process."""

import re
import signal
from pathlib import Path

import aiohttp
import pytest

from local import storage_emulator
from local.storage_emulator import (
    Azurite,
    Ports,
    StorageEmulatorDidNotStart,
    StorageEmulatorMissing,
    held_ports,
)
from tests.local.host.conftest import opened_queue

CLIENTS_KEEP = 15
"""Seconds for which aiohttp keeps a connection (its documentation, TCPConnector)."""


async def test_it_comes_back_with_its_content_on_the_same_ports(tmp_path: Path) -> None:
    """With a folder, what was stored survives a restart, under the same connection string."""
    with held_ports() as ports:
        azurite = Azurite(tmp_path, ports)
        first = await azurite.start()
        try:
            assert azurite.ports == ports
            async with opened_queue(first, "kept") as queue:
                await queue.put("still here")
                await azurite.stop()
                assert await azurite.start() == first
                assert await queue.texts() == ["still here"]
        finally:
            await azurite.stop()
        await azurite.stop()


async def test_it_can_be_killed() -> None:
    """Its end can be waited for, and it starts again afterwards."""
    with held_ports() as ports:
        azurite = Azurite(ports=ports)
        await azurite.start()
        try:
            await azurite.kill()
            assert await azurite.ended() == -signal.SIGKILL
            await azurite.start()
        finally:
            await azurite.stop()


async def test_a_port_that_is_taken_is_an_error(azurite_connection: str) -> None:
    """What Azurite said about it is in the error."""
    taken = re.search(r"QueueEndpoint=http://127\.0\.0\.1:(\d+)", azurite_connection)
    assert taken is not None
    with pytest.raises(StorageEmulatorDidNotStart, match=taken[1]):
        await Azurite(ports=Ports(queue=int(taken[1]))).start()


async def test_it_keeps_connections_longer_than_clients_do(azurite_connection: str) -> None:
    """A client that sends on a connection that it has kept does not find it closed."""
    addresses = re.findall(r"Endpoint=(http://[^;]+)", azurite_connection)
    assert len(addresses) == len(storage_emulator.SERVICES)
    async with aiohttp.ClientSession() as client:
        for address in addresses:
            async with client.get(f"{address}?comp=list") as response:
                seconds = re.search(r"timeout=(\d+)", response.headers["Keep-Alive"])
            assert seconds is not None
            assert int(seconds[1]) > CLIENTS_KEEP


@pytest.mark.parametrize("missing", ["AZURITE", "node"])
async def test_what_is_missing_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    """The error says what to do."""
    if missing == "AZURITE":
        monkeypatch.setattr(storage_emulator, "AZURITE", tmp_path / "azurite.js")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(storage_emulator, "_node_of_the_wheel", lambda: None)
    with pytest.raises(
        StorageEmulatorMissing, match=r"^(Node|Azurite) is not installed: run make$"
    ):
        await Azurite().start()


async def test_stopping_what_never_started_is_harmless() -> None:
    """An emulator whose start was given up can be stopped all the same."""
    await Azurite().stop()
