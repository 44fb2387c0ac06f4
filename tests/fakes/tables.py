"""Tables in memory: rows under versions, transactions, the storage service's whole seconds."""

from collections.abc import AsyncIterator, Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from itertools import batched

from azure.core.exceptions import ServiceRequestError

from shared.domain.errors import StorageRefused
from shared.domain.vocabulary.rows import Reading, Row, Values
from shared.ports.azure import Clock
from tests.fakes.limits import MOST_OPERATIONS, check_entity, check_transaction
from tests.fakes.storage import Step, go_on


@dataclass
class FakeTable:
    """One table."""

    clock: Clock
    step: Step = go_on
    fails: int = 0
    stored: dict[tuple[str, str], Row] = field(default_factory=dict)
    versions: int = 0
    too_large: frozenset[str] = frozenset()
    """The keys of rows that this table takes under no circumstances."""

    def _check(self, partition: str, entities: Sequence[tuple[str, Values]]) -> None:
        check_transaction(partition, entities)
        if self.too_large & {key for key, _ in entities}:
            raise StorageRefused("storage takes no such thing (EntityTooLarge)")

    def _put(self, partition: str, key: str, values: Values) -> Row:
        """Store a row; what is answered has whole seconds only."""
        check_entity(partition, key, values)
        self.versions += 1
        row = Row(partition, key, dict(values), f"v{self.versions}", self.clock.now())
        self.stored[partition, key] = row
        return replace(row, changed_at=self.clock.now().replace(microsecond=0))

    def _changed(self, row: Row) -> bool:
        stored = self.stored.get((row.partition, row.key))
        return stored is None or stored.etag != row.etag

    async def get(self, partition: str, key: str) -> Reading:
        """Read one row."""
        self.step()
        return Reading(self.stored.get((partition, key)), self.clock.now().replace(microsecond=0))

    async def insert(self, partition: str, key: str, values: Values) -> Row | None:
        """Make a row, if it is not there."""
        self.step()
        return None if (partition, key) in self.stored else self._put(partition, key, values)

    async def replace(self, row: Row, values: Values) -> Row | None:
        """Replace a row that nobody has changed."""
        self.step()
        return None if self._changed(row) else self._put(row.partition, row.key, values)

    async def settle(self, row: Row, values: Values, others: Mapping[str, Values]) -> Row | None:
        """Replace a row that nobody has changed, and merge others with it."""
        self.step()
        if self._changed(row):
            return None
        self._check(row.partition, [(row.key, values), *others.items()])
        self._merge(row.partition, others)
        return self._put(row.partition, row.key, values)

    async def insert_all(
        self, partition: str, rows: Mapping[str, Values]
    ) -> Mapping[str, Row] | None:
        """Make rows, all or none."""
        self.step()
        check_transaction(partition, [*rows.items()])
        if any((partition, key) in self.stored for key in rows):
            return None
        return {key: self._put(partition, key, values) for key, values in rows.items()}

    async def replace_all(self, rows: Sequence[tuple[Row, Values]]) -> bool:
        """Replace rows that nobody has changed, all or none."""
        self.step()
        check_transaction(rows[0][0].partition, [(row.key, values) for row, values in rows])
        if any(self._changed(row) for row, _ in rows):
            return False
        for row, values in rows:
            self._put(row.partition, row.key, values)
        return True

    async def insert_new(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make rows that are not there; one operation a row, as if each could be the last."""
        for some in batched(rows.items(), MOST_OPERATIONS, strict=False):
            self._check(partition, some)
        for key, values in rows.items():
            await self.insert(partition, key, values)

    async def merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make or change rows."""
        self.step()
        if self.fails:
            self.fails -= 1
            raise ServiceRequestError("the storage account does not answer")
        for some in batched(rows.items(), MOST_OPERATIONS, strict=False):
            self._check(partition, some)
        self._merge(partition, rows)

    def _merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        for key, values in rows.items():
            stored = self.stored.get((partition, key))
            self._put(partition, key, {**(stored.values if stored else {}), **values})

    async def delete(self, partition: str, key: str) -> None:
        """Remove a row, if it is there."""
        self.step()
        self.stored.pop((partition, key), None)

    async def remove(self, row: Row) -> bool:
        """Remove a row that nobody has changed."""
        self.step()
        if (row.partition, row.key) in self.stored and self._changed(row):
            return False
        self.stored.pop((row.partition, row.key), None)
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
        """Yield rows in order."""
        self.step()
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
        """Give the first rows."""
        self.step()
        return self._found(partition, after, before, where or {})[:limit]

    async def across(self, limit: int, *, after: tuple[str, str] = ("", "")) -> Sequence[Row]:
        """Give the first rows of all partitions behind a place."""
        self.step()
        return [self.stored[place] for place in sorted(self.stored) if place > after][:limit]

    def _found(self, partition: str, after: str, before: str, where: Values) -> list[Row]:
        keys = sorted(key for of, key in self.stored if of == partition)
        rows = [
            self.stored[partition, key]
            for key in keys
            if (not after or key > after) and (not before or key < before)
        ]
        return [row for row in rows if all(row.values.get(n) == v for n, v in where.items())]


@dataclass
class FakeTables:
    """Tables by name."""

    clock: Clock
    step: Step = go_on
    tables: dict[str, FakeTable] = field(default_factory=dict)

    def of(self, name: str) -> FakeTable:
        """Give a table."""
        return self.tables.setdefault(name, FakeTable(self.clock, self.step))

    async def names(self, prefix: str) -> Sequence[str]:
        """Name the tables that begin so."""
        self.step()
        return sorted(name for name in self.tables if name.startswith(prefix))

    async def drop(self, name: str) -> None:
        """Remove a table."""
        self.step()
        self.tables.pop(name, None)
