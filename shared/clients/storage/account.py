"""The storage account that the Functions host has anyway: how its queues and tables are reached.

What the storage clients raise where the storage service cannot answer just now.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypedDict

from azure.core.exceptions import (
    AzureError,
    DecodeError,
    HttpResponseError,
    ResourceExistsError,
)
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient, TableServiceClient
from azure.storage.queue import StorageErrorCode
from azure.storage.queue.aio import QueueClient

from shared.clients.transport import new_session, transport_over
from shared.domain.errors import StorageRefused
from shared.storage_settings import StorageSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp

    from shared.clients.identity import Credential


CONNECT_SECONDS = 10
READ_SECONDS = 40
"""Both services answer within 30 seconds, or not at all (learn.microsoft.com,
setting-timeouts-for-table-service-operations). A transport of one's own waits for 300."""


class QueueRetries(TypedDict):
    """How often a queue is asked again, and after how many seconds."""

    retry_total: int
    initial_backoff: int
    increment_base: int
    random_jitter_range: int


QUEUE_RETRIES: Final = QueueRetries(
    retry_total=2, initial_backoff=1, increment_base=2, random_jitter_range=1
)
"""After about 3 and 5 seconds. Of itself the SDK waits for 18, 24 and 42 (azure-storage-queue
12.18.1), and Event Grid takes a webhook for one that does not answer after 30."""


class StorageAccount:
    """Clients of one account, by connection string or by identity."""

    def __init__(self, settings: StorageSettings, credential: "Callable[[], Credential]") -> None:
        """Take the settings, and what gives the identity where there is no connection string."""
        self._settings = settings
        self._credential = credential
        self._session: aiohttp.ClientSession | None = None

    def _transport(self) -> AioHttpTransport:
        """Give the one pool of connections that all clients of the account share."""
        if self._session is None:
            self._session = new_session()
        return transport_over(self._session, CONNECT_SECONDS, READ_SECONDS)

    def queue(self, name: str) -> QueueClient:
        """Give a client of a queue."""
        if self._settings.connection_string:
            return QueueClient.from_connection_string(
                self._settings.connection_string,
                name,
                transport=self._transport(),
                **QUEUE_RETRIES,
            )
        return QueueClient(
            self._settings.queue_uri or "",
            name,
            credential=self._credential(),
            transport=self._transport(),
            **QUEUE_RETRIES,
        )

    def table(self, name: str) -> TableClient:
        """Give a client of a table."""
        if self._settings.connection_string:
            return TableClient.from_connection_string(
                self._settings.connection_string, name, transport=self._transport()
            )
        return TableClient(
            self._settings.table_uri or "",
            name,
            credential=self._credential(),
            transport=self._transport(),
        )

    def tables(self) -> TableServiceClient:
        """Give a client of the table service."""
        if self._settings.connection_string:
            return TableServiceClient.from_connection_string(
                self._settings.connection_string, transport=self._transport()
            )
        return TableServiceClient(
            self._settings.table_uri or "",
            credential=self._credential(),
            transport=self._transport(),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


NO_ANSWER = (ValueError, TypeError, SyntaxError, zlib.error)
"""What the SDK's operations raise over text, dates, XML or compression that cannot be read
(azure-data-tables 12.7.0, azure-storage-queue 12.18.1)."""


@contextmanager
def answers_of_the_sdk() -> Iterator[None]:
    """Turn what the SDK's operations raise over an answer that is none into trouble of storage."""
    try:
        yield
    except NO_ANSWER as error:
        raise DecodeError(f"the answer cannot be read ({type(error).__name__})") from error


async def create_queue(queue: QueueClient) -> None:
    """Create a queue, if nobody else just has; raises where one of the name is being deleted."""
    try:
        with answers_of_the_sdk():
            await queue.create_queue()
    except ResourceExistsError as error:
        # The SDK takes QueueBeingDeleted for a queue that is there (azure-storage-queue 12.18.1).
        if code_of(error) != StorageErrorCode.QUEUE_ALREADY_EXISTS:
            raise


async def create_table(table: TableClient) -> None:
    """Create a table, if nobody else just has."""
    try:
        with answers_of_the_sdk():
            await table.create_table()
    except ResourceExistsError:
        return


NEVER_TAKEN, TOO_LARGE = 400, 413


def code_of(error: HttpResponseError) -> str:
    """Give the service's code; empty where somebody else has answered, or no token was given."""
    return getattr(error, "error_code", None) or ""


def _is_never_taken(error: HttpResponseError) -> bool:
    """Say whether something is refused for what it is: too large, or too many at once.

    A 400 without a code is a proxy's, or of whoever gives out tokens.
    """
    return error.status_code == TOO_LARGE or (
        error.status_code == NEVER_TAKEN and code_of(error) != ""
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what storage will never take into `StorageRefused`; it says why, and of nothing else."""
    try:
        yield
    except HttpResponseError as error:
        if not _is_never_taken(error):
            raise
        code = code_of(error) or type(error).__name__
        raise StorageRefused(f"storage takes no such thing ({code})") from error


WORTH_COMING_BACK = frozenset({401, 403, 404, 408, 409, 429, 500, 502, 503, 504})
"""Statuses that pass: outages, throttling, what is being dropped (409), or has been since it was
made (404), and a role assignment that has not arrived yet (403)."""


def is_storage_trouble(error: BaseException) -> bool:
    """Say whether an exception means that storage has to be asked again later."""
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        # Without a code of the service it was somebody else, who says nothing of what was asked.
        return error.status_code in WORTH_COMING_BACK or not code_of(error)
    return isinstance(error, AzureError)
