"""The storage account that the Functions host has anyway: how its queues and tables are reached.

What the storage clients raise where the storage service cannot answer just now.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient, TableServiceClient
from azure.storage.queue.aio import QueueClient

from shared.clients.transport import new_session, transport_over
from shared.domain.errors import StorageRefused
from shared.storage_settings import StorageSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp

    from shared.clients.identity import Credential


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
        return transport_over(self._session)

    def queue(self, name: str) -> QueueClient:
        """Give a client of a queue."""
        if self._settings.connection_string:
            return QueueClient.from_connection_string(
                self._settings.connection_string, name, transport=self._transport()
            )
        return QueueClient(
            self._settings.queue_uri or "",
            name,
            credential=self._credential(),
            transport=self._transport(),
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


async def create_queue(queue: QueueClient) -> None:
    """Create a queue, if nobody else just has."""
    try:
        await queue.create_queue()
    except ResourceExistsError:
        return


async def create_table(table: TableClient) -> None:
    """Create a table, if nobody else just has."""
    try:
        await table.create_table()
    except ResourceExistsError:
        return


NEVER_TAKEN = frozenset({400, 413})
"""Statuses of what is refused for what it is: too large, or too many at once."""


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what storage will never take into `StorageRefused`; it says why, and of nothing else."""
    try:
        yield
    except HttpResponseError as error:
        if error.status_code not in NEVER_TAKEN:
            raise
        code = getattr(error, "error_code", None) or type(error).__name__
        raise StorageRefused(f"storage takes no such thing ({code})") from error


WORTH_COMING_BACK = frozenset({401, 403, 408, 409, 429, 500, 502, 503, 504})
"""Statuses that pass: outages, throttling, a table that is being dropped (409), and a role
assignment that has not arrived yet (403)."""


def is_storage_trouble(error: BaseException) -> bool:
    """Say whether an exception means that storage has to be asked again later."""
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return error.status_code in WORTH_COMING_BACK
    return isinstance(error, AzureError)
