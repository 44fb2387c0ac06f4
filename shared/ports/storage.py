"""What the use cases need of storage: queues of work, and tables of rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from msgspec import Struct

from shared.domain.vocabulary.rows import Reading, Row, Values


class Work(Protocol):
    """Whatever can be written as a message."""

    def to_message(self) -> str: ...


class Queue[W: Work](Protocol):
    """A queue of one kind of work, which the Functions host delivers."""

    async def send(self, work: W, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay (in whole seconds, rounded up)."""
        ...


class SetAside(Struct, frozen=True):
    """A message of a queue that the Functions host has given up on, and what removes it.

    `text` is what was sent; where `decoded` is False it was not base64 of UTF-8, and is as it was.
    """

    queue: str
    text: str
    decoded: bool
    id: str = ""
    receipt: str = ""


class PoisonQueues(Protocol):
    """Where the Functions host puts what failed as often as it delivers it."""

    async def take(self, queue: str) -> Sequence[SetAside]:
        """Take some messages of a queue; what is not removed can be taken again a minute later."""
        ...

    async def remove(self, message: SetAside) -> None:
        """Remove a message that was taken."""
        ...


class Table(Protocol):
    """One table; it is made by the first write, and reads as empty until then."""

    async def get(self, partition: str, key: str) -> Reading:
        """Read one row, and the storage service's own time."""
        ...

    async def insert(self, partition: str, key: str, values: Values) -> Row | None:
        """Make a row and give it; None if there is one already, which stays as it is."""
        ...

    async def replace(self, row: Row, values: Values) -> Row | None:
        """Replace a row and give it; None if somebody has changed it since."""
        ...

    async def settle(self, row: Row, values: Values, others: Mapping[str, Values]) -> Row | None:
        """Replace a row, and merge up to 99 others of its partition, all or (None) nothing."""
        ...

    async def insert_all(
        self, partition: str, rows: Mapping[str, Values]
    ) -> Mapping[str, Row] | None:
        """Make up to 100 rows and give them by their keys; None, and no row, if one is there."""
        ...

    async def replace_all(self, rows: Sequence[tuple[Row, Values]]) -> bool:
        """Replace up to 100 rows of a partition; False, and no row, if one has been changed."""
        ...

    async def insert_new(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make those rows, any number, that are not there; the others stay as they are."""
        ...

    async def merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make or change rows, any number; values that are not named stay as they are."""
        ...

    async def delete(self, partition: str, key: str) -> None:
        """Remove a row, if it is there."""
        ...

    async def remove(self, row: Row) -> bool:
        """Remove a row as it was read; False if somebody has changed it since, which stays."""
        ...

    def rows(
        self,
        partition: str,
        *,
        after: str = "",
        before: str = "",
        where: Values | None = None,
        only: Sequence[str] = (),
    ) -> AsyncIterator[Row]:
        """Yield rows in the order of their keys, `after` < key < `before`, with equal values.

        Where `only` some values are named, rows come without the others.
        """
        ...

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
        ...

    async def across(self, limit: int, *, after: tuple[str, str] = ("", "")) -> Sequence[Row]:
        """Give the first rows of all partitions, behind a partition and a key, in that order."""
        ...


class Tables(Protocol):
    """Tables by name."""

    def of(self, name: str) -> Table:
        """Give a table."""
        ...

    async def names(self, prefix: str) -> Sequence[str]:
        """Name the tables that are there and begin so, in order."""
        ...

    async def drop(self, name: str) -> None:
        """Remove a table with all that is in it, if it is there."""
        ...
