"""Azure Table Storage: rows under their ETags, transactions, and the service's own time."""

from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from azure.core.exceptions import DecodeError
from azure.data.tables.aio import TableClient

from shared.clients.storage import queries, transactions
from shared.clients.storage.account import create_table, refusals
from shared.clients.storage.asking import ServiceRefused, ask, date_of, json_of
from shared.clients.storage.transactions import Done, Operation, TransactionRefused
from shared.clients.storage.wire import NOT_THERE, address, row_of, to_json
from shared.domain.vocabulary.rows import Reading, Row, Values

if TYPE_CHECKING:
    from azure.core.rest import AsyncHttpResponse

THERE: Final = frozenset({"EntityAlreadyExists"})
"""The service's code where a row is to be made that is there; another 409 says nothing of that."""
CHANGED: Final = NOT_THERE | {"UpdateConditionNotSatisfied", "ConditionNotMet"}
"""Where a row is to be replaced that has been changed or removed."""
NOBODY: Final[frozenset[str]] = frozenset()

ROWS_A_PAGE = 1000
"""What the service gives at once."""

NOT_BACK: Final = {"Prefer": "return-no-content"}


class StorageTable:
    """One table."""

    def __init__(self, table: TableClient) -> None:
        """Take a client of the table; it is created by the first write if it is not there."""
        self._table = table

    async def get(self, partition: str, key: str) -> Reading:
        """Read one row, and the storage service's own time."""
        try:
            answer = await self._ask("GET", address(partition, key))
        except ServiceRefused as error:
            if error.error_code not in NOT_THERE:
                raise
            return Reading(None, date_of(error.answer))
        return Reading(row_of(json_of(answer)), date_of(answer))

    async def insert(self, partition: str, key: str, values: Values) -> Row | None:
        """Make a row and give it; None if there is one already."""
        body = to_json(partition, key, values)
        written = await self._write(THERE, "POST", "", body, NOT_BACK)
        return _written(partition, key, values, written) if written else None

    async def replace(self, row: Row, values: Values) -> Row | None:
        """Replace a row and give it; None if somebody has changed it since."""
        place, body = address(row.partition, row.key), to_json(row.partition, row.key, values)
        written = await self._write(CHANGED, "PUT", place, body, _as_read(row))
        return _written(row.partition, row.key, values, written) if written else None

    async def settle(self, row: Row, values: Values, others: Mapping[str, Values]) -> Row | None:
        """Replace a row, and merge up to 99 others of its partition, all or nothing."""
        if not others:
            return await self.replace(row, values)
        operations = [
            transactions.replace(row.partition, row.key, values, _etag_of(row)),
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
            transactions.replace(row.partition, row.key, values, _etag_of(row))
            for row, values in rows
        ]
        return await self._submit(changes, CHANGED) is not None

    async def insert_new(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make those rows that are not there; the others stay as they are."""
        creates = (transactions.create(partition, key, values) for key, values in rows.items())
        for some in transactions.groups(creates):
            if await self._submit(some, THERE) is None:
                for each in some:
                    await self.insert(partition, each.key, each.values)

    async def merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make or change rows; values that are not named stay as they are."""
        if len(rows) == 1:
            ((key, values),) = rows.items()
            place, body = address(partition, key), to_json(partition, key, values)
            await self._write(NOBODY, "PATCH", place, body)
            return
        for some in transactions.groups(_merges(partition, rows)):
            await self._submit(some, NOBODY)

    async def delete(self, partition: str, key: str) -> None:
        """Remove a row, if it is there."""
        await self._remove(address(partition, key), {"If-Match": "*"})

    async def remove(self, row: Row) -> bool:
        """Remove a row as it was read; False if somebody has changed it since."""
        return await self._remove(address(row.partition, row.key), _as_read(row))

    async def _remove(self, place: str, condition: Mapping[str, str]) -> bool:
        try:
            await self._ask("DELETE", place, headers=condition)
        except ServiceRefused as error:
            if error.error_code not in CHANGED:
                raise
            return error.error_code in NOT_THERE
        return True

    async def _write(
        self,
        lost: Container[str],
        method: str,
        place: str,
        body: str,
        headers: Mapping[str, str] | None = None,
    ) -> "AsyncHttpResponse | None":
        """Write a row, and make the table for it; None where such a code refuses it."""
        return await self._done(lambda: self._ask(method, place, body, headers), lost)

    async def _submit(self, operations: Sequence[Operation], lost: Container[str]) -> Done | None:
        """Do all of it or nothing; None where one operation is refused by such a code."""
        return await self._done(lambda: transactions.submit(self._table, operations), lost)

    async def _done[T](
        self, write: Callable[[], Awaitable[T]], lost: Container[str], *, anew: bool = False
    ) -> T | None:
        """Write, and make the table for it, once; None where such a code refuses it."""
        try:
            with refusals():
                return await write()
        except (TransactionRefused, ServiceRefused) as error:
            if error.error_code in lost:
                return None
            if anew or error.error_code not in NOT_THERE:
                raise
        await create_table(self._table)
        return await self._done(write, lost, anew=True)

    async def _ask(
        self,
        method: str,
        place: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "AsyncHttpResponse":
        return await ask(self._table, method, f"{self._table.table_name}{place}", body, headers)

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
        wanted = queries.in_partition(partition, (after, before), where or {})
        async for page in queries.pages(self._table, wanted, only=only):
            for row in page:
                yield row

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
        return await self._first(
            queries.in_partition(partition, (after, before), where or {}), limit
        )

    async def across(self, limit: int, *, after: tuple[str, str] = ("", "")) -> Sequence[Row]:
        """Give the first rows of all partitions behind a place."""
        return await self._first(queries.behind(after), limit)

    async def _first(self, wanted: str, limit: int) -> Sequence[Row]:
        """Read pages until there are enough rows; a page may hold fewer than it could."""
        rows: list[Row] = []
        async for page in queries.pages(self._table, wanted, page=min(limit, ROWS_A_PAGE)):
            rows += page
            if len(rows) >= limit:
                break
        return rows[:limit]

    async def close(self) -> None:
        await self._table.close()


def _merges(partition: str, rows: Mapping[str, Values]) -> list[Operation]:
    return [transactions.merge(partition, key, values) for key, values in rows.items()]


def _as_read(row: Row) -> dict[str, str]:
    return {"If-Match": _etag_of(row)}


def _etag_of(row: Row) -> str:
    """Give what the row has to have still: without an ETag it would be written whatever it is."""
    if not row.etag:
        raise ValueError(f"the row {row.key} was read without its ETag")
    return row.etag


def _written(partition: str, key: str, values: Values, answer: "AsyncHttpResponse") -> Row:
    """Give a row as it is after a write."""
    etag = answer.headers.get("ETag")
    if not etag:
        raise DecodeError("a row was written, and no ETag was answered")
    return Row(partition, key, values, etag, date_of(answer))
