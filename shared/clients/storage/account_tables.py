"""Every table of one storage account, opened when it is first asked for."""

from collections.abc import Sequence

from azure.data.tables.aio import TableServiceClient

from shared.clients.storage.account import StorageAccount, answers_of_the_sdk
from shared.clients.storage.tables import StorageTable

KEPT_TABLES = 32
"""So many clients are kept, of 57 KB each: the tables without a month, and some with one."""


class StorageTables:
    """Tables of one account, by name."""

    def __init__(self, account: StorageAccount) -> None:
        self._account = account
        self._tables: dict[str, StorageTable] = {}
        self._service: TableServiceClient | None = None

    def of(self, name: str) -> StorageTable:
        """Give a table; the client of it is kept, unless many others are asked for after it.

        One that is not kept has no connection of its own, and who holds it can go on using it.
        """
        table = self._tables.pop(name, None) or StorageTable(self._account.table(name))
        self._tables[name] = table
        if len(self._tables) > KEPT_TABLES:
            del self._tables[next(iter(self._tables))]
        return table

    async def names(self, prefix: str) -> Sequence[str]:
        """Name the tables that are there and begin so, in order."""
        found = self._open().query_tables(
            "TableName ge @first and TableName lt @end",
            parameters={"first": prefix, "end": f"{prefix}~"},
        )
        with answers_of_the_sdk():
            return sorted([table.name async for table in found])

    async def drop(self, name: str) -> None:
        """Remove a table with all that is in it, if it is there."""
        with answers_of_the_sdk():
            await self._open().delete_table(name)

    def _open(self) -> TableServiceClient:
        if self._service is None:
            self._service = self._account.tables()
        return self._service

    async def close(self) -> None:
        for table in self._tables.values():
            await table.close()
        if self._service is not None:
            await self._service.close()
