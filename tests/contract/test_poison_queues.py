"""What the Functions host has put aside, read from Azurite with the host's own names for it."""

from base64 import b64encode
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from shared.clients.storage.account import StorageAccount
from shared.clients.storage.queues import StoragePoisonQueues
from tests.contract.test_storage import account

__all__ = ["account"]


@pytest.fixture
async def poison(account: StorageAccount) -> AsyncIterator[StoragePoisonQueues]:
    """Give what reads them."""
    queues = StoragePoisonQueues(account)
    yield queues
    await queues.close()


@pytest.fixture
async def host(azurite_connection: str) -> AsyncIterator[tuple[str, QueueClient]]:
    """Give the name of a queue, and a client of where the host puts its messages aside."""
    name = f"q{uuid4().hex}"
    async with QueueClient.from_connection_string(azurite_connection, f"{name}-poison") as client:
        await client.create_queue()
        yield name, client


async def left(client: QueueClient) -> int:
    """Count what is there."""
    return int((await client.get_queue_properties()).approximate_message_count or 0)


async def test_nothing_was_put_aside_yet(poison: StoragePoisonQueues) -> None:
    """The host makes such a queue with the first message that goes into it."""
    assert await poison.take(f"q{uuid4().hex}") == []


async def test_what_was_put_aside_is_taken_and_removed(
    poison: StoragePoisonQueues, host: tuple[str, QueueClient]
) -> None:
    """As the text that it was; what is no base64 of UTF-8 comes as it is, and is said to."""
    name, client = host
    for content in (b64encode("é".encode()).decode(), "no base64", b64encode(b"\xff").decode()):
        await client.send_message(content)
    taken = await poison.take(name)
    assert [(each.queue, each.text, each.decoded) for each in taken] == [
        (name, "é", True),
        (name, "no base64", False),
        (name, b64encode(b"\xff").decode(), False),
    ]
    assert await poison.take(name) == [], "they are taken for a minute"
    for message in taken:
        await poison.remove(message)
    assert await left(client) == 0


async def test_what_somebody_else_has_taken_since_is_left_to_them(
    poison: StoragePoisonQueues, host: tuple[str, QueueClient]
) -> None:
    """Another worker records it as well, and removes it; to remove it once more is no error."""
    name, client = host
    await client.send_message(b64encode(b"x").decode())
    (message,) = await poison.take(name)
    theirs = await client.update_message(message.id, message.receipt, visibility_timeout=60)
    await poison.remove(message)
    assert await left(client) == 1
    assert isinstance(theirs, QueueMessage)
    await client.delete_message(theirs)
    await poison.remove(message)
    assert await left(client) == 0
