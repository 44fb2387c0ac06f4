"""What was sent, as rows of Application Insights' tables, and KQL that is run over them.

The columns are the documented ones (Azure Monitor, table reference); duckdb-kql parses Kusto's
grammar, and refuses what it does not know.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import duckdb_kql
from duckdb import DuckDBPyConnection

from tests.telemetry.ingestion import Ingestion, Json

_COLUMNS = Path(__file__).with_name("kql_tables.json")
_TYPES = {
    "string": "VARCHAR",
    "dynamic": "JSON",
    "datetime": "TIMESTAMP",
    "real": "DOUBLE",
    "int": "INTEGER",
    "long": "BIGINT",
    "bool": "BOOLEAN",
}


class _Relation(Protocol):
    def fetchall(self) -> list[tuple[object, ...]]: ...


@cache
def columns() -> Mapping[str, Mapping[str, str]]:
    """Give each table's columns with their types."""
    read = json.loads(_COLUMNS.read_text(encoding="utf-8"))
    tables = {**read["logs"], **read["graph"]}
    return {
        name: dict(column.split(":") for column in listed.split(", "))
        for name, listed in tables.items()
    }


@dataclass(slots=True)
class Tables:
    """A workspace: every documented table, with the rows that were put in."""

    connection: DuckDBPyConnection = field(default_factory=duckdb_kql.connect)

    def __post_init__(self) -> None:
        """Make the tables, empty."""
        for name, listed in columns().items():
            made = ", ".join(f'"{column}" {_TYPES[kind]}' for column, kind in listed.items())
            self.connection.execute(f"CREATE TABLE {name} ({made})")

    def add(self, table: str, rows: Iterable[Json]) -> None:
        """Put rows in; a column that the table does not have is an error."""
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            places = ", ".join("?" for _ in row)
            values = [json.dumps(each) if isinstance(each, dict) else each for each in row.values()]
            self.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608 - columns of documented tables

    def ask(self, query: str, now: datetime | None = None) -> list[tuple[object, ...]]:
        """Run a query; what it cannot be read as, or names no column, raises."""
        at = now or datetime.now(UTC)  # noqa: TID251 - rows carry the exporter's own time
        given = duckdb_kql.query(self.connection, query, query_now=at.replace(tzinfo=None))
        return cast("_Relation", given).fetchall()


def of(ingestion: Ingestion, later: timedelta = timedelta()) -> Tables:
    """Make the workspace that has taken everything that was sent, so much later."""
    tables = Tables()
    for envelope in ingestion.envelopes:
        for table, row in _rows(envelope):
            sent = datetime.fromisoformat(str(envelope["time"])) + later
            tables.add(table, [{"TimeGenerated": sent.replace(tzinfo=None), "Type": table, **row}])
    return tables


def _rows(envelope: Json) -> Iterator[tuple[str, Json]]:
    """Give the rows of an envelope: Azure Monitor's own mapping of types to tables."""
    data = cast("Json", envelope["data"])
    base = cast("Json", data["baseData"])
    properties = base.get("properties") or {}
    match data["baseType"]:
        case "EventData":
            yield "AppEvents", {"Name": base["name"], "Properties": properties}
        case "MessageData":
            yield "AppTraces", {"Message": base["message"], "Properties": properties}
        case "ExceptionData":
            first = cast("list[Json]", base["exceptions"])[0]
            row: Json = {"OuterMessage": first["message"], "ProblemId": first["typeName"]}
            yield "AppExceptions", {**row, "Properties": properties}
        case "MetricData":
            for point in cast("list[Json]", base["metrics"]):
                yield (
                    "AppMetrics",
                    {
                        "Name": point["name"],
                        "Sum": point["value"],
                        "ItemCount": point.get("count") or 1,
                        "Properties": properties,
                    },
                )
        case _:
            return
