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


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a table; `keys` are those of the rows that it names, if it names any."""

    table: str
    verb: str
    partition: str
    keys: tuple[str, ...] = ()


@dataclass
class FakeTable:
    """One table."""

    clock: Clock
    step: Step = go_on
    name: str = ""
    done: list[Operation] = field(default_factory=list)
    """What was asked of it, and of the others that share the list, in order."""
    fails: int = 0
    stored: dict[tuple[str, str], Row] = field(default_factory=dict)
    versions: int = 0
    too_large: frozenset[str] = frozenset()
    """The keys of rows that this table takes under no circumstances."""

    def _begin(self, verb: str, partition: str, *keys: str) -> None:
        self.step()
        self.done.append(Operation(self.name, verb, partition, keys))

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
        self._begin("get", partition, key)
        return Reading(self.stored.get((partition, key)), self.clock.now().replace(microsecond=0))

    async def insert(self, partition: str, key: str, values: Values) -> Row | None:
        """Make a row, if it is not there."""
        self._begin("insert", partition, key)
        return None if (partition, key) in self.stored else self._put(partition, key, values)

    async def replace(self, row: Row, values: Values) -> Row | None:
        """Replace a row that nobody has changed."""
        self._begin("replace", row.partition, row.key)
        return None if self._changed(row) else self._put(row.partition, row.key, values)

    async def settle(self, row: Row, values: Values, others: Mapping[str, Values]) -> Row | None:
        """Replace a row that nobody has changed, and merge others with it."""
        self._begin("settle", row.partition, row.key, *others)
        if self._changed(row):
            return None
        self._check(row.partition, [(row.key, values), *others.items()])
        self._merge(row.partition, others)
        return self._put(row.partition, row.key, values)

    async def insert_all(
        self, partition: str, rows: Mapping[str, Values]
    ) -> Mapping[str, Row] | None:
        """Make rows, all or none."""
        self._begin("insert_all", partition, *rows)
        check_transaction(partition, [*rows.items()])
        if any((partition, key) in self.stored for key in rows):
            return None
        return {key: self._put(partition, key, values) for key, values in rows.items()}

    async def replace_all(self, rows: Sequence[tuple[Row, Values]]) -> bool:
        """Replace rows that nobody has changed, all or none."""
        self._begin("replace_all", rows[0][0].partition, *(row.key for row, _ in rows))
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
        self._begin("merge", partition, *rows)
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
        self._begin("delete", partition, key)
        self.stored.pop((partition, key), None)

    async def remove(self, row: Row) -> bool:
        """Remove a row that nobody has changed."""
        self._begin("remove", row.partition, row.key)
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
        self._begin("rows", partition)
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
        self._begin("first", partition)
        return self._found(partition, after, before, where or {})[:limit]

    async def across(self, limit: int, *, after: tuple[str, str] = ("", "")) -> Sequence[Row]:
        """Give the first rows of all partitions behind a place."""
        self._begin("across", "")
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
    done: list[Operation] = field(default_factory=list)

    def of(self, name: str) -> FakeTable:
        """Give a table."""
        return self.tables.setdefault(name, FakeTable(self.clock, self.step, name, self.done))

    async def names(self, prefix: str) -> Sequence[str]:
        """Name the tables that begin so."""
        self.step()
        return sorted(name for name in self.tables if name.startswith(prefix))

    async def drop(self, name: str) -> None:
        """Remove a table."""
        self.step()
        self.tables.pop(name, None)
