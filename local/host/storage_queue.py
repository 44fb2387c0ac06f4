"""A queue of the storage account, with messages as they lie there."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from urllib.request import getproxies

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host.payloads import EPOCH, QueueMetadata

# The SDK logs each request at INFO; those of Azure's own host are not in the app's log.
_quiet = logging.getLogger("host.storage")
_quiet.setLevel(logging.WARNING)

# learn.microsoft.com, "Queue Storage error codes": deleted, or taken by somebody else since.
_GONE: Final = ("MessageNotFound", "PopReceiptMismatch", "QueueNotFound")

StorageError = AzureError
"""Whatever the storage service refuses, or that it does not answer."""


class QueueIsGone(Exception):
    """The queue was deleted."""


class MessageIsGone(Exception):
    """The message was deleted, or somebody else has taken it since."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was taken: its text as it lies in the queue, usually base64."""

    text: str
    metadata: QueueMetadata


class StorageQueue:
    """One queue; every operation is one request, tried once more after a second."""

    def __init__(self, connection: str, name: str) -> None:
        self.name = name
        self._client = QueueClient.from_connection_string(
            connection,
            name,
            retry_total=1,
            initial_backoff=1,
            increment_base=0,
            random_jitter_range=0,
            logger=_quiet,
            # Only for a proxy: with it aiohttp (3.14, ClientSession._request) has a thread open
            # ~/.netrc for each request, and what that says of the machine bars the account's key.
            use_env_settings=bool(getproxies()),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def make_sure(self) -> None:
        """Make the queue, unless it is there."""
        try:
            await self._client.create_queue()
        except ResourceExistsError:
            return

    async def exists(self) -> bool:
        """Tell whether there is such a queue; a StorageError where storage does not answer."""
        try:
            await self._client.get_queue_properties()
        except ResourceNotFoundError:
            return False
        return True

    async def take(self, most: int, lease: timedelta) -> Sequence[Message]:
        """Take up to so many messages (32 at most), invisible to others for the lease."""
        pages = self._client.receive_messages(
            messages_per_page=most, visibility_timeout=round(lease.total_seconds())
        ).by_page()
        try:
            async for page in pages:
                return [_message(one) async for one in page]
        except ResourceNotFoundError as error:
            raise QueueIsGone(self.name) from error
        return []

    async def hide(self, message: Message, delay: timedelta) -> Message:
        """Make a message visible after a delay; the message with its new receipt."""
        with _gone(message):
            held = await self._client.update_message(
                message.metadata.id,
                message.metadata.pop_receipt,
                visibility_timeout=round(delay.total_seconds()),
            )
        receipt = held.pop_receipt or message.metadata.pop_receipt
        return replace(message, metadata=replace(message.metadata, pop_receipt=receipt))

    async def delete(self, message: Message) -> None:
        """Delete a message."""
        with _gone(message):
            await self._client.delete_message(message.metadata.id, message.metadata.pop_receipt)

    async def put(self, text: str) -> None:
        """Add a message with exactly this text, making the queue if need be."""
        try:
            await self._client.send_message(text)
        except ResourceNotFoundError:
            await self.make_sure()
            await self._client.send_message(text)

    async def texts(self) -> Sequence[str]:
        """Look at the messages that are visible, without taking them."""
        return [str(message.content) for message in await self._client.peek_messages(32)]


@contextmanager
def _gone(message: Message) -> Iterator[None]:
    try:
        yield
    except HttpResponseError as error:
        if getattr(error, "error_code", None) in _GONE:
            raise MessageIsGone(message.metadata.id) from error
        raise


def _message(taken: QueueMessage) -> Message:
    metadata = QueueMetadata(
        id=taken.id,
        dequeue_count=taken.dequeue_count or 0,
        insertion_time=taken.inserted_on or EPOCH,
        expiration_time=taken.expires_on or EPOCH,
        next_visible_time=taken.next_visible_on or EPOCH,
        pop_receipt=taken.pop_receipt or "",
    )
    return Message(str(taken.content), metadata)
