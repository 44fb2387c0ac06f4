"""Azure Table Storage: rows under their ETags, transactions, and the service's own time."""

from collections.abc import AsyncIterator, Container, Mapping, Sequence
from email.utils import parsedate_to_datetime
from itertools import batched
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from shared.clients.storage import transactions
from shared.clients.storage.account import create_table, refusals
from shared.clients.storage.entities import entity_of, row_of, written_row
from shared.clients.storage.queries import first_of, query, query_across
from shared.clients.storage.transactions import Done, Operation, TransactionRefused
from shared.domain.vocabulary.rows import Reading, Row, Values

if TYPE_CHECKING:
    from datetime import datetime

ROWS_A_TRANSACTION = 100
"""What the service takes in one entity group transaction."""

NOT_FOUND = 404
THERE = frozenset({409})
"""What is refused in a transaction that makes rows where one is there."""
CHANGED = frozenset({NOT_FOUND, 412})
"""... in one that replaces rows where one has been changed or removed."""


class StorageTable:
    """One table."""

    def __init__(self, table: TableClient) -> None:
        """Take a client of the table; it is created by the first write if it is not there."""
        self._table = table

    async def get(self, partition: str, key: str) -> Reading:
        """Read one row, and the storage service's own time."""
        dates: list[datetime] = []
        try:
            entity = await self._table.get_entity(
                partition,
                key,
                raw_response_hook=lambda response: dates.append(
                    parsedate_to_datetime(response.http_response.headers["Date"])
                ),
            )
        except ResourceNotFoundError:
            return Reading(None, dates[-1])
        return Reading(row_of(entity), dates[-1])

    async def insert(self, partition: str, key: str, values: Values) -> Row | None:
        """Make a row and give it; None if there is one already."""
        entity = entity_of(partition, key, values)
        try:
            with refusals():
                answer = await self._table.create_entity(entity)
            return written_row(partition, key, values, answer)
        except ResourceExistsError:
            return None
        except ResourceNotFoundError:
            await create_table(self._table)
            return await self.insert(partition, key, values)

    async def replace(self, row: Row, values: Values) -> Row | None:
        """Replace a row and give it; None if somebody has changed it since."""
        try:
            with refusals():
                written = await self._table.update_entity(
                    entity_of(row.partition, row.key, values),
                    mode=UpdateMode.REPLACE,
                    etag=row.etag,
                    match_condition=MatchConditions.IfNotModified,
                )
        except (ResourceModifiedError, ResourceNotFoundError):
            return None
        return written_row(row.partition, row.key, values, written)

    async def settle(self, row: Row, values: Values, others: Mapping[str, Values]) -> Row | None:
        """Replace a row, and merge up to 99 others of its partition, all or nothing."""
        if not others:
            return await self.replace(row, values)
        operations = [
            transactions.replace(row.partition, row.key, values, row.etag),
            *_merges(row.partition, others),
        ]
        done = await self._submit(operations, CHANGED)
        return Row(row.partition, row.key, values, done.etags[0], done.at) if done else None

    async def insert_all(
        self, partition: str, rows: Mapping[str, Values]
    ) -> Mapping[str, Row] | None:
        """Make up to 100 rows and give them by their keys; None, and no row, if one is there."""
        creates = [transactions.create(partition, key, values) for key, values in rows.items()]
        done = await self._submit(creates, THERE)
        if done is None:
            return None
        return {
            key: Row(partition, key, values, etag, done.at)
            for (key, values), etag in zip(rows.items(), done.etags, strict=True)
        }

    async def replace_all(self, rows: Sequence[tuple[Row, Values]]) -> bool:
        """Replace up to 100 rows of a partition; False, and no row, if one has been changed."""
        changes = [
            transactions.replace(row.partition, row.key, values, row.etag) for row, values in rows
        ]
        return await self._submit(changes, CHANGED) is not None

    async def insert_new(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make those rows that are not there; the others stay as they are."""
        for some in batched(rows.items(), ROWS_A_TRANSACTION, strict=False):
            creates = [transactions.create(partition, key, values) for key, values in some]
            if await self._submit(creates, THERE) is None:
                for key, values in some:
                    await self.insert(partition, key, values)

    async def merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make or change rows; values that are not named stay as they are."""
        if len(rows) == 1:
            ((key, values),) = rows.items()
            await self._merge_one(entity_of(partition, key, values))
            return
        for some in batched(_merges(partition, rows), ROWS_A_TRANSACTION, strict=False):
            await self._submit(some, frozenset())

    async def _merge_one(self, entity: dict[str, object]) -> None:
        try:
            with refusals():
                await self._table.upsert_entity(entity, mode=UpdateMode.MERGE)
        except ResourceNotFoundError:
            await create_table(self._table)
            await self._merge_one(entity)

    async def _submit(self, operations: Sequence[Operation], lost: Container[int]) -> Done | None:
        """Do all of it or nothing; None where one operation is refused by such a status."""
        try:
            with refusals():
                return await transactions.submit(self._table, operations)
        except TransactionRefused as error:
            if error.status_code in lost:
                return None
            if error.status_code != NOT_FOUND:
                raise
            await create_table(self._table)
            return await self._submit(operations, lost)

    async def delete(self, partition: str, key: str) -> None:
        """Remove a row, if it is there: the SDK takes a 404 as done (azure-data-tables 12.7.0)."""
        await self._table.delete_entity(partition, key)

    async def remove(self, row: Row) -> bool:
        """Remove a row as it was read; False if somebody has changed it since."""
        try:
            await self._table.delete_entity(
                row.partition,
                row.key,
                etag=row.etag,
                match_condition=MatchConditions.IfNotModified,
            )
        except ResourceModifiedError:
            return False
        return True

    async def rows(
        self,
        partition: str,
        *,
        after: str = "",
        before: str = "",
        where: Values | None = None,
        only: Sequence[str] = (),
    ) -> AsyncIterator[Row]:
        """Yield rows in the order of their keys."""
        found = query(self._table, partition, (after, before), where or {}, only=only)
        try:
            async for entity in found:
                yield row_of(entity)
        except ResourceNotFoundError:
            return

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
        found = query(self._table, partition, (after, before), where or {}, page=min(limit, 1000))
        return await first_of(found, limit)

    async def across(self, limit: int, *, after: tuple[str, str] = ("", "")) -> Sequence[Row]:
        """Give the first rows of all partitions behind a place."""
        return await first_of(query_across(self._table, after, min(limit, 1000)), limit)

    async def close(self) -> None:
        await self._table.close()


def _merges(partition: str, rows: Mapping[str, Values]) -> list[Operation]:
    return [transactions.merge(partition, key, values) for key, values in rows.items()]
