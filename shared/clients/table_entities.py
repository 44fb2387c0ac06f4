"""Rows as the Table service writes them: JSON with a type beside what JSON has no type for.

learn.microsoft.com, "Understanding the Table service data model" and "Payload format".
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from shared.domain.rows import Row, Value, Values

type Entity = Mapping[str, object]
"""An entity as JSON, with its keys and, beside each value that needs one, its type."""

_TYPE: Final = "@odata.type"
_OWN: Final = ("PartitionKey", "RowKey", "Timestamp")
_LARGEST_INT32: Final = 2**31 - 1


def to_entity(partition: str, key: str, values: Values) -> bytes:
    """Write the body of a row."""
    entity: dict[str, object] = {"PartitionKey": partition, "RowKey": key}
    for name, value in values.items():
        written, kind = _written(value)
        entity[name] = written
        if kind:
            entity[name + _TYPE] = kind
    return json.dumps(entity, separators=(",", ":")).encode()


def _written(value: Value) -> tuple[object, str]:
    match value:
        case bool() | str():
            return value, ""
        case int() if abs(value) <= _LARGEST_INT32:
            return value, ""
        case int():
            return str(value), "Edm.Int64"
        case float():
            return value, "Edm.Double"
        case datetime():
            return _instant_text(value), "Edm.DateTime"


def literal(value: Value) -> str:
    """Write a value as a filter has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value.replace("'", "''")}'"
        case datetime():
            return f"datetime'{_instant_text(value)}'"
        case int() if abs(value) > _LARGEST_INT32:
            return f"{value}L"
        case int() | float():
            return str(value)


def to_row(entity: Entity) -> Row:
    """Read a row; raises TypeError for a kind of value that naptime does not write."""
    values = {
        name: _read(value, entity.get(name + _TYPE))
        for name, value in entity.items()
        if name not in _OWN and "odata." not in name
    }
    return Row(str(entity["PartitionKey"]), str(entity["RowKey"]), values, etag_of(entity))


def etag_of(entity: Entity) -> str:
    """Read the ETag that comes with a row."""
    return str(entity["odata.etag"])


def changed_at(entity: Entity) -> datetime:
    """Read when the service changed the row last, in UTC."""
    return instant(entity["Timestamp"])


def instant(text: object) -> datetime:
    """Read an instant; the service keeps tenths of microseconds, which are dropped."""
    return datetime.fromisoformat(str(text)).astimezone(UTC)


def _read(value: object, kind: object) -> Value:
    match value, kind:
        case str(), "Edm.DateTime":
            return instant(value)
        case str(), "Edm.Int64":
            return int(value)
        case int(), "Edm.Double" if not isinstance(value, bool):
            return float(value)
        case ((bool() | int() | float() | str()), _):
            return value
        case _:
            raise TypeError(f"{type(value).__name__} is no value of naptime's tables")


def _instant_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
