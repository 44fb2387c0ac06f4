"""Azure Table Storage: rows under their ETags, transactions, and the service's own time."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import batched
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient, TableServiceClient

from shared.clients.storage import create_table, refusals
from shared.domain.vocabulary.rows import Reading, Row, Value, Values

if TYPE_CHECKING:
    from azure.core.async_paging import AsyncItemPaged

    from shared.clients.storage import StorageAccount

    type Operation = tuple[str, dict[str, object], dict[str, object]]

ROWS_A_TRANSACTION = 100
"""What the service takes in one entity group transaction."""

NOT_FOUND, CONFLICT, PRECONDITION_FAILED = 404, 409, 412


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
        return Reading(_row(entity), dates[-1])

    async def insert(self, partition: str, key: str, values: Values) -> Row | None:
        """Make a row and give it; None if there is one already."""
        entity = _entity(partition, key, values)
        try:
            with refusals():
                answer = await self._table.create_entity(entity)
            return _written(partition, key, values, answer)
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
                    _entity(row.partition, row.key, values),
                    mode=UpdateMode.REPLACE,
                    etag=row.etag,
                    match_condition=MatchConditions.IfNotModified,
                )
        except (ResourceModifiedError, ResourceNotFoundError):
            return None
        return _written(row.partition, row.key, values, written)

    async def settle(self, row: Row, values: Values, others: Mapping[str, Values]) -> Row | None:
        """Replace a row, and merge up to 99 others of its partition, all or nothing."""
        if not others:
            return await self.replace(row, values)
        condition = {"etag": row.etag, "match_condition": MatchConditions.IfNotModified}
        entity = _entity(row.partition, row.key, values)
        operations: list[Operation] = [
            ("update", entity, {"mode": UpdateMode.REPLACE, **condition}),
            *_upserts(row.partition, others),
        ]
        try:
            with refusals():
                written = await self._table.submit_transaction(operations)
        except TableTransactionError as error:
            if error.status_code in {NOT_FOUND, PRECONDITION_FAILED}:
                return None
            raise
        return _written(row.partition, row.key, values, written[0])

    async def insert_new(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make those rows that are not there; the others stay as they are."""
        for some in batched(rows.items(), ROWS_A_TRANSACTION, strict=False):
            creates: list[Operation] = [
                ("create", _entity(partition, key, values), {}) for key, values in some
            ]
            try:
                await self._submit(creates)
            except TableTransactionError as error:
                if error.status_code != CONFLICT:
                    raise
                for key, values in some:
                    await self.insert(partition, key, values)

    async def merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make or change rows; values that are not named stay as they are."""
        if len(rows) == 1:
            ((key, values),) = rows.items()
            await self._merge_one(_entity(partition, key, values))
            return
        upserts = _upserts(partition, rows)
        for some in batched(upserts, ROWS_A_TRANSACTION, strict=False):
            await self._submit(list(some))

    async def _merge_one(self, entity: dict[str, object]) -> None:
        # A transaction costs the SDK several times what one request does: an e-mail each.
        try:
            with refusals():
                await self._table.upsert_entity(entity, mode=UpdateMode.MERGE)
        except ResourceNotFoundError:
            await create_table(self._table)
            await self._merge_one(entity)

    async def _submit(self, operations: "list[Operation]") -> None:
        try:
            with refusals():
                await self._table.submit_transaction(operations)
        except TableTransactionError as error:
            if error.status_code != NOT_FOUND:
                raise
            await create_table(self._table)
            await self._submit(operations)

    async def delete(self, partition: str, key: str) -> None:
        """Remove a row, if it is there."""
        try:
            await self._table.delete_entity(partition, key)
        except ResourceNotFoundError:
            return

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
        except ResourceNotFoundError:
            return True
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
        query = self._query(partition, after, before, where or {}, None, only)
        try:
            async for entity in query:
                yield _row(entity)
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
        query = self._query(partition, after, before, where or {}, min(limit, 1000))
        return await _first_of(query, limit)

    async def across(self, limit: int, *, after: tuple[str, str] = ("", "")) -> Sequence[Row]:
        """Give the first rows of all partitions behind a place."""
        partition, key = after
        query = self._table.query_entities(
            "PartitionKey gt @partition or ( PartitionKey eq @partition and RowKey gt @key )",
            parameters={"partition": partition, "key": key},
            results_per_page=min(limit, 1000),
        )
        return await _first_of(query, limit)

    def _query(  # noqa: PLR0913, PLR0917 - what a query is made of
        self,
        partition: str,
        after: str,
        before: str,
        where: Values,
        page: int | None,
        only: Sequence[str] = (),
    ) -> "AsyncItemPaged[TableEntity]":
        parameters: dict[str, Value] = {"partition": partition, "after": after, "before": before}
        clauses = ["PartitionKey eq @partition"]
        clauses += ["RowKey gt @after"] if after else []
        clauses += ["RowKey lt @before"] if before else []
        for number, (name, value) in enumerate(where.items()):
            clauses.append(f"{name} eq @value{number}")
            parameters[f"value{number}"] = value
        return self._table.query_entities(
            " and ".join(clauses),
            parameters=parameters,
            results_per_page=page,
            select=["PartitionKey", "RowKey", *only] if only else None,
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._table.close()


KEPT_TABLES = 32
"""So many clients are kept, of 57 KB each: the tables without a month, and some with one."""


class StorageTables:
    """Tables of one account, by name."""

    def __init__(self, account: "StorageAccount") -> None:
        """Take the account."""
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
        return sorted([table.name async for table in found])

    async def drop(self, name: str) -> None:
        """Remove a table with all that is in it, if it is there."""
        await self._open().delete_table(name)

    def _open(self) -> TableServiceClient:
        if self._service is None:
            self._service = self._account.tables()
        return self._service

    async def close(self) -> None:
        """Close the connections."""
        for table in self._tables.values():
            await table.close()
        if self._service is not None:
            await self._service.close()


async def _first_of(query: "AsyncItemPaged[TableEntity]", limit: int) -> Sequence[Row]:
    """Read pages until there are enough rows; a page may hold fewer than it could, and go on."""
    found: list[Row] = []
    try:
        async for page in query.by_page():
            found += [_row(entity) async for entity in page]
            if len(found) >= limit:
                break
    except ResourceNotFoundError:
        return []
    return found[:limit]


def _written(partition: str, key: str, values: Values, answer: Mapping[str, object]) -> Row:
    """Give a row as it is after a write; within a transaction no answer has a date."""
    date = answer.get("date")
    changed_at = _in_utc(date) if isinstance(date, datetime) else None
    return Row(partition, key, values, str(answer["etag"]), changed_at)


def _entity(partition: str, key: str, values: Values) -> dict[str, object]:
    return {"PartitionKey": partition, "RowKey": key, **values}


def _upserts(partition: str, rows: Mapping[str, Values]) -> "Iterator[Operation]":
    for key, values in rows.items():
        yield "upsert", _entity(partition, key, values), {"mode": UpdateMode.MERGE}


def _row(entity: TableEntity) -> Row:
    values = {
        name: _plain(value)
        for name, value in entity.items()
        if name not in {"PartitionKey", "RowKey"}
    }
    partition, key = str(entity["PartitionKey"]), str(entity["RowKey"])
    changed_at = entity.metadata.get("timestamp")
    return Row(
        partition,
        key,
        values,
        str(entity.metadata["etag"]),
        _in_utc(changed_at) if isinstance(changed_at, datetime) else None,
    )


def _in_utc(value: datetime) -> datetime:
    """Take the SDK's own kind of time, which keeps tenths of microseconds, as the plain one."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.fromtimestamp(aware.timestamp(), UTC)


def _plain(value: object) -> Value:
    """Take what the SDK makes of a value; its own kind of time becomes the plain one, in UTC."""
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} is no value of naptime's tables")
