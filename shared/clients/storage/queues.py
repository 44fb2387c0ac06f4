"""The queues of work, and of what was set aside of it, on Azure Storage."""

import base64
import binascii
from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.storage.queue import QueueMessage, StorageErrorCode
from azure.storage.queue.aio import QueueClient

from shared.clients.storage.account import (
    StorageAccount,
    answers_of_the_sdk,
    create_queue,
    refusals,
)
from shared.clients.storage.asking import ServiceRefused, answered
from shared.ports.storage import SetAside, Work

SENT = frozenset({201})
NO_QUEUE = "QueueNotFound"

KEPT = timedelta(days=7)
"""How long a message lives; seven times as long as the work in it is tried."""


class StorageQueue[W: Work]:
    """Sends one kind of work; the Functions host receives it."""

    def __init__(self, queue: QueueClient) -> None:
        """Take a client of the queue; it is created by the first message if it is not there."""
        self._queue = queue

    async def send(self, work: W, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay (in whole seconds, rounded up)."""
        try:
            await self._send(work, delay)
        except ServiceRefused as error:
            if error.error_code != NO_QUEUE:
                raise
            await create_queue(self._queue)
            await self._send(work, delay)

    async def _send(self, work: W, delay: timedelta) -> None:
        kept = {
            "visibilitytimeout": str(ceil(delay.total_seconds())),
            "messagettl": str(int((KEPT + delay).total_seconds())),
        }
        # The Functions host decodes base64, which in XML stands for itself.
        text = base64.b64encode(work.to_message().encode()).decode()
        request = HttpRequest(
            "POST",
            self._messages(),
            params=kept,
            headers={
                "x-ms-version": self._queue.api_version,
                "Content-Type": "application/xml",
                "Accept": "application/xml",
            },
            content=f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>",
        )
        with refusals():
            # There is no public way to the pipeline that the client has made of its credential.
            await answered(self._queue._client, request, SENT, "client_request_id")  # noqa: SLF001

    def _messages(self) -> str:
        """Give where messages go; a shared access signature is in the client's address already."""
        where, mark, signature = self._queue.url.partition("?")
        return f"{where}/messages{mark}{signature}"

    async def close(self) -> None:
        await self._queue.close()


POISON = "{}-poison"
"""The Functions host's name for where it puts the messages of a queue aside."""

A_BATCH = 32
"""What one receive can take."""

TAKEN_FOR = timedelta(minutes=1)

NO_LONGER_OURS = frozenset(
    {StorageErrorCode.MESSAGE_NOT_FOUND, StorageErrorCode.POP_RECEIPT_MISMATCH}
)
"""404 where somebody else has removed a message, 400 where somebody has taken it since
(learn.microsoft.com, queue-service-error-codes)."""


class StoragePoisonQueues:
    """Reads what the host has set aside, whatever it is; only the host makes such queues."""

    def __init__(self, account: StorageAccount) -> None:
        self._account = account
        self._queues: dict[str, QueueClient] = {}

    async def take(self, queue: str) -> Sequence[SetAside]:
        """Take up to 32 messages for a minute."""
        seconds = int(TAKEN_FOR.total_seconds())
        taken = self._of(queue).receive_messages(
            messages_per_page=A_BATCH, max_messages=A_BATCH, visibility_timeout=seconds
        )
        try:
            with answers_of_the_sdk():
                return [_set_aside(queue, message) async for message in taken]
        except ResourceNotFoundError:
            return []

    async def remove(self, message: SetAside) -> None:
        """Remove it, unless it was taken by somebody else meanwhile."""
        try:
            with answers_of_the_sdk():
                await self._of(message.queue).delete_message(message.id, message.receipt)
        except HttpResponseError as error:
            if getattr(error, "error_code", None) not in NO_LONGER_OURS:
                raise

    def _of(self, queue: str) -> QueueClient:
        if queue not in self._queues:
            self._queues[queue] = self._account.queue(POISON.format(queue))
        return self._queues[queue]

    async def close(self) -> None:
        for client in self._queues.values():
            await client.close()


def _set_aside(queue: str, message: QueueMessage) -> SetAside:
    content = str(message.content)
    try:
        text, decoded = base64.b64decode(content, validate=True).decode(), True
    except (binascii.Error, ValueError):
        text, decoded = content, False
    return SetAside(queue, text, decoded, str(message.id), str(message.pop_receipt))
