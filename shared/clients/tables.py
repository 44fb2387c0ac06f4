"""Azure Table Storage: rows under their ETags, transactions, and the service's own time."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING

from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from shared.clients.table_batch import Change
from shared.clients.table_entities import literal, to_row
from shared.clients.table_rows import INSERT, MERGE, REPLACE, TableRows
from shared.domain.rows import Reading, Row, Values

if TYPE_CHECKING:
    from shared.clients.storage import StorageAccount
    from shared.clients.table_service import TableService

ROWS_A_TRANSACTION = 100
ROWS_A_PAGE = 1000
"""What the service takes in one entity group transaction, and gives in one page."""


class StorageTable:
    """One table."""

    def __init__(self, rows: TableRows) -> None:
        """Take its rows; the table is created by the first write if it is not there."""
        self._rows = rows

    async def get(self, partition: str, key: str) -> Reading:
        """Read one row, and the storage service's own time."""
        entity, at = await self._rows.get(partition, key)
        return Reading(to_row(entity) if entity else None, at)

    async def insert(self, partition: str, key: str, values: Values) -> str | None:
        """Make a row and give its ETag; None if there is one already."""
        try:
            return (await self._rows.insert(partition, key, values)).etag
        except ResourceExistsError:
            return None

    async def replace(self, row: Row, values: Values) -> str | None:
        """Replace a row and give its new ETag; None if somebody has changed it since."""
        try:
            written = await self._rows.update(row.partition, row.key, values, REPLACE, row.etag)
        except (ResourceModifiedError, ResourceNotFoundError):
            return None
        return written.etag

    async def settle(self, row: Row, values: Values, others: Mapping[str, Values]) -> str | None:
        """Replace a row and up to 99 others of its partition, all or nothing."""
        if not others:
            return await self.replace(row, values)
        first = self._rows.change(REPLACE, row.partition, row.key, values, row.etag)
        try:
            etags = await self._rows.apply([first, *self._changes(REPLACE, row.partition, others)])
        except (ResourceModifiedError, ResourceNotFoundError):
            return None
        return etags[0]

    async def insert_new(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make those rows that are not there; the others stay as they are."""
        for some in batched(rows.items(), ROWS_A_TRANSACTION, strict=False):
            try:
                await self._rows.apply_making(self._changes(INSERT, partition, dict(some)))
            except ResourceExistsError:
                for key, values in some:
                    await self.insert(partition, key, values)

    async def merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make or change rows; values that are not named stay as they are."""
        for some in batched(rows.items(), ROWS_A_TRANSACTION, strict=False):
            if len(some) == 1:
                ((key, values),) = some
                await self._rows.upsert(partition, key, values, MERGE)
            else:
                await self._rows.apply_making(self._changes(MERGE, partition, dict(some)))

    def _changes(self, method: str, partition: str, rows: Mapping[str, Values]) -> list[Change]:
        change = self._rows.change
        return [change(method, partition, key, values) for key, values in rows.items()]

    async def delete(self, partition: str, key: str) -> None:
        """Remove a row, if it is there."""
        await self._rows.delete(partition, key)

    async def rows(
        self, partition: str, *, after: str = "", before: str = "", where: Values | None = None
    ) -> AsyncIterator[Row]:
        """Yield rows in the order of their keys."""
        async for page in self._rows.pages(_clauses(partition, after, before, where)):
            for entity in page:
                yield to_row(entity)

    async def first(
        self,
        partition: str,
        limit: int,
        *,
        after: str = "",
        before: str = "",
        where: Values | None = None,
    ) -> Sequence[Row]:
        """Give the first rows of these."""
        found: list[Row] = []
        clauses = _clauses(partition, after, before, where)
        async for page in self._rows.pages(clauses, min(limit, ROWS_A_PAGE)):
            found += [to_row(entity) for entity in page]
            if len(found) >= limit:
                break
        return found[:limit]


class StorageTables:
    """Tables of one account, by name."""

    def __init__(self, account: "StorageAccount") -> None:
        """Take the account."""
        self._account = account

    @property
    def _service(self) -> "TableService":
        return self._account.table_service()

    def of(self, name: str) -> StorageTable:
        """Give a table."""
        return StorageTable(self.rows_of(name))

    def rows_of(self, name: str) -> TableRows:
        """Give a table's rows, for whoever needs more of the service than the use cases do."""
        return TableRows(self._service, name)

    async def names(self, prefix: str) -> Sequence[str]:
        """Name the tables that are there and begin so, in order."""
        span = f"TableName ge {literal(prefix)} and TableName lt {literal(prefix + '~')}"
        found: list[str] = []
        query: Mapping[str, str] | None = {}
        while query is not None:
            response = await self._service.send("GET", "Tables", query={"$filter": span, **query})
            found += [table["TableName"] for table in json.loads(response.content)["value"]]
            following = response.headers.get("x-ms-continuation-NextTableName")
            query = {"NextTableName": following} if following else None
        return sorted(found)

    async def drop(self, name: str) -> None:
        """Remove a table with all that is in it, if it is there."""
        try:
            await self._service.send("DELETE", f"Tables('{name}')")
        except ResourceNotFoundError:
            return


def _clauses(partition: str, after: str, before: str, where: Values | None) -> list[str]:
    clauses = [f"PartitionKey eq {literal(partition)}"]
    clauses += [f"RowKey gt {literal(after)}"] if after else []
    clauses += [f"RowKey lt {literal(before)}"] if before else []
    return clauses + [f"{name} eq {literal(value)}" for name, value in (where or {}).items()]
