"""Tables in memory: what the app keeps in Azure Storage, for as long as one command lasts."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from copy import replace
from itertools import count
from typing import TYPE_CHECKING

from msgspec import Struct, field

from shared.domain.vocabulary.rows import Reading, Row, Values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.azure import Clock

type _Partition = dict[str, Row]


class MemoryTable(Struct):
    """One table; its time is the clock's, in whole seconds as the storage service tells it."""

    clock: "Clock"
    _partitions: defaultdict[str, _Partition] = field(default_factory=lambda: defaultdict(dict))
    _versions: "Iterator[int]" = field(default_factory=count)

    async def get(self, partition: str, key: str) -> Reading:
        return Reading(
            self._partitions[partition].get(key), self.clock.now().replace(microsecond=0)
        )

    async def insert(self, partition: str, key: str, values: Values) -> Row | None:
        """Make a row; None if there is one already."""
        rows = self._partitions[partition]
        return None if key in rows else self._put(partition, key, values)

    async def replace(self, row: Row, values: Values) -> Row | None:
        """Replace a row; None if somebody has changed it since."""
        return await self.settle(row, values, {})

    async def settle(self, row: Row, values: Values, others: Mapping[str, Values]) -> Row | None:
        """Replace a row, and merge others of its partition, all or (None) nothing."""
        if self._is_changed(row):
            return None
        self._merge(row.partition, others)
        return self._put(row.partition, row.key, values)

    async def insert_all(
        self, partition: str, rows: Mapping[str, Values]
    ) -> Mapping[str, Row] | None:
        """Make rows and give them by their keys; None, and no row, if one is there already."""
        if rows.keys() & self._partitions[partition].keys():
            return None
        return {key: self._put(partition, key, values) for key, values in rows.items()}

    async def replace_all(self, rows: Sequence[tuple[Row, Values]]) -> bool:
        """Replace rows of a partition; False, and no row, if one has been changed."""
        if any(self._is_changed(row) for row, _ in rows):
            return False
        for row, values in rows:
            self._put(row.partition, row.key, values)
        return True

    async def insert_new(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make those rows that are not there."""
        for key, values in rows.items():
            await self.insert(partition, key, values)

    async def merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make or change rows; values that are not named stay as they are."""
        self._merge(partition, rows)

    async def delete(self, partition: str, key: str) -> None:
        """Remove a row, if it is there."""
        self._partitions[partition].pop(key, None)

    async def remove(self, row: Row) -> bool:
        """Remove a row as it was read; False if somebody has changed it since."""
        stored = self._partitions[row.partition].get(row.key)
        if stored is not None and stored.etag != row.etag:
            return False
        self._partitions[row.partition].pop(row.key, None)
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
        """Yield rows in the order of their keys, as they were when the first was asked for."""
        for row in self._found(partition, after, before, where or {}):
            values = {name: row.values[name] for name in only if name in row.values}
            yield replace(row, values=values, changed_at=None) if only else row

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
        return self._found(partition, after, before, where or {})[:limit]

    async def across(self, limit: int, *, after: tuple[str, str] = ("", "")) -> Sequence[Row]:
        """Give the first rows of all partitions behind a place."""
        rows = [row for some in self._partitions.values() for row in some.values()]
        behind = [row for row in rows if (row.partition, row.key) > after]
        return sorted(behind, key=lambda row: (row.partition, row.key))[:limit]

    def _found(self, partition: str, after: str, before: str, where: Values) -> list[Row]:
        rows = self._partitions[partition]
        keys = [key for key in rows if (not after or key > after) and (not before or key < before)]
        wanted = where.items()
        found = (rows[key] for key in sorted(keys))
        return [
            row for row in found if all(row.values.get(name) == value for name, value in wanted)
        ]

    def _is_changed(self, row: Row) -> bool:
        stored = self._partitions[row.partition].get(row.key)
        return stored is None or stored.etag != row.etag

    def _merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        for key, values in rows.items():
            stored = self._partitions[partition].get(key)
            self._put(partition, key, {**(stored.values if stored else {}), **values})

    def _put(self, partition: str, key: str, values: Values) -> Row:
        """Store a row; what is answered has whole seconds only, as the service's header has."""
        now = self.clock.now()
        row = Row(partition, key, dict(values), str(next(self._versions)), now)
        self._partitions[partition][key] = row
        return replace(row, changed_at=now.replace(microsecond=0))


class MemoryTables(Struct, frozen=True):
    """Tables by name."""

    clock: "Clock"
    _tables: dict[str, MemoryTable] = field(default_factory=dict)

    def of(self, name: str) -> MemoryTable:
        """Give a table."""
        return self._tables.setdefault(name, MemoryTable(self.clock))

    async def names(self, prefix: str) -> Sequence[str]:
        """Name the tables that are there and begin so, in order."""
        return sorted(name for name in self._tables if name.startswith(prefix))

    async def drop(self, name: str) -> None:
        """Remove a table with all that is in it, if it is there."""
        self._tables.pop(name, None)
