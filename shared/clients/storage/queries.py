"""Queries of tables: filters with their values quoted, and pages until there are enough rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from azure.core.exceptions import DecodeError

from shared.clients.storage.asking import ServiceRefused, ask, json_of
from shared.clients.storage.wire import NOT_THERE, doubled, instant_to_text, row_of
from shared.domain.vocabulary.rows import Row, Value, Values

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

_NEXT: Final = ("NextPartitionKey", "NextRowKey")
_KEYS: Final = ("PartitionKey", "RowKey")


def in_partition(partition: str, between: tuple[str, str], where: Values) -> str:
    """Ask for the rows of a partition between two keys, either of them empty where it is open."""
    after, before = between
    clauses = [f"PartitionKey eq {_literal(partition)}"]
    clauses += [f"RowKey gt {_literal(after)}"] if after else []
    clauses += [f"RowKey lt {_literal(before)}"] if before else []
    clauses += [f"{name} eq {_literal(value)}" for name, value in where.items()]
    return " and ".join(clauses)


def behind(after: tuple[str, str]) -> str:
    """Ask for the rows of all partitions behind a place."""
    partition, key = map(_literal, after)
    return f"PartitionKey gt {partition} or ( PartitionKey eq {partition} and RowKey gt {key} )"


def _literal(value: Value) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return f"datetime'{instant_to_text(value)}'"
        case str():
            return f"'{doubled(value)}'"
        case _:
            return str(value)


async def pages(
    table: "TableClient", wanted: str, *, page: int | None = None, only: Sequence[str] = ()
) -> AsyncIterator[Sequence[Row]]:
    """Yield rows page by page, each as many as the service gives; none where there is no table.

    Raises ServiceRefused, DecodeError.
    """
    asked = {"$top": str(page)} if page is not None else {}
    asked |= {"$select": ",".join((*_KEYS, *only))} if only else {}
    asked["$filter"] = wanted
    place: dict[str, str] = {}
    while True:
        parameters = {**asked, **place}.items()
        path = "&".join(f"{name}={quote(text, safe='')}" for name, text in parameters)
        try:
            response = await ask(table, "GET", f"{table.table_name}()?{path}")
        except ServiceRefused as error:
            if error.error_code not in NOT_THERE:
                raise
            return
        yield _rows(json_of(response))
        if not (place := _next_place(response.headers)):
            return


def _next_place(headers: Mapping[str, str]) -> dict[str, str]:
    """Read where the next page begins; the row's key may be left out."""
    found = {name: headers.get(f"x-ms-continuation-{name}") for name in _NEXT}
    return {name: place for name, place in found.items() if place}


def _rows(answer: dict[str, object]) -> Sequence[Row]:
    found = answer.get("value")
    if not isinstance(found, list):
        raise DecodeError("the answer is no page of rows")
    return [row_of(each) for each in found]
