"""Rows of a form that cannot be read: those of a later version, which are left alone, and said."""

from collections.abc import Awaitable, Callable, Sequence

from shared.domain.vocabulary.invalid import NaptimeError
from shared.domain.vocabulary.rows import Row
from shared.telemetry.lines import ROW_LEFT_ALONE

UNREADABLE = (ValueError, KeyError, TypeError, NaptimeError)
"""What reading a row raises whose values are not those that this version writes."""


def read[T](row: Row, parse: Callable[[Row], T]) -> T | None:
    """Read a row; None, with a word in the log, for one that makes no sense to this version."""
    try:
        return parse(row)
    except UNREADABLE as error:
        why = type(error).__name__
        ROW_LEFT_ALONE.log(partition=row.partition, key=row.key, why=why)
        return None


async def read_together[T](partition: str, reading: Callable[[], Awaitable[T]]) -> T | None:
    """Read what rows of one partition say together; None, with a word, where one makes no sense."""
    try:
        return await reading()
    except UNREADABLE as error:
        ROW_LEFT_ALONE.log(partition=partition, key="", why=type(error).__name__)
        return None


async def read_some[T](
    rows_after: Callable[[Row | None, int], Awaitable[Sequence[Row]]],
    parse: Callable[[Row], T],
    limit: int,
) -> list[tuple[Row, T]]:
    """Read up to `limit` rows that make sense; fewer only where there are no more.

    `rows_after` gives some more rows behind one, or from the start.
    """
    found: list[tuple[Row, T]] = []
    last: Row | None = None
    while room := limit - len(found):
        rows = await rows_after(last, room)
        found += [(row, each) for row in rows if (each := read(row, parse)) is not None]
        if len(rows) < room:
            break
        last = rows[-1]
    return found
