"""Queries of tables: filters with their values apart, and pages until there are enough rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError

from shared.clients.storage.entities import row_of
from shared.domain.vocabulary.rows import Row, Value, Values

if TYPE_CHECKING:
    from azure.core.async_paging import AsyncItemPaged
    from azure.data.tables import TableEntity
    from azure.data.tables.aio import TableClient


def query(  # noqa: PLR0913 - what a query is made of
    table: "TableClient",
    partition: str,
    between: tuple[str, str],
    where: Values,
    *,
    page: int | None = None,
    only: Sequence[str] = (),
) -> "AsyncItemPaged[TableEntity]":
    """Ask for the rows of a partition between two keys, either of them empty where it is open."""
    after, before = between
    parameters: dict[str, Value] = {"partition": partition, "after": after, "before": before}
    clauses = ["PartitionKey eq @partition"]
    clauses += ["RowKey gt @after"] if after else []
    clauses += ["RowKey lt @before"] if before else []
    for number, (name, value) in enumerate(where.items()):
        clauses.append(f"{name} eq @value{number}")
        parameters[f"value{number}"] = value
    return table.query_entities(
        " and ".join(clauses),
        parameters=parameters,
        results_per_page=page,
        select=["PartitionKey", "RowKey", *only] if only else None,
    )


def query_across(
    table: "TableClient", after: tuple[str, str], page: int
) -> "AsyncItemPaged[TableEntity]":
    """Ask for the rows of all partitions behind a place."""
    partition, key = after
    return table.query_entities(
        "PartitionKey gt @partition or ( PartitionKey eq @partition and RowKey gt @key )",
        parameters={"partition": partition, "key": key},
        results_per_page=page,
    )


async def first_of(found_rows: "AsyncItemPaged[TableEntity]", limit: int) -> Sequence[Row]:
    """Read pages until there are enough rows; a page may hold fewer than it could, and go on."""
    found: list[Row] = []
    try:
        async for page in found_rows.by_page():
            found += [row_of(entity) async for entity in page]
            if len(found) >= limit:
                break
    except ResourceNotFoundError:
        return []
    return found[:limit]
