"""Rows as the Table service writes and reads them: JSON, with the types that JSON does not tell.

learn.microsoft.com, understanding-the-table-service-data-model and
payload-format-for-table-service-operations.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, cast
from urllib.parse import quote

from azure.core.exceptions import DecodeError

from shared.domain.vocabulary.rows import Row, Value, Values

_INT32: Final = 2**31
_TYPE: Final = "@odata.type"
NOT_THERE: Final = frozenset({"ResourceNotFound", "TableNotFound", "EntityNotFound"})
"""The service's codes where a row, or its table, is not there; a proxy's 404 says nothing of it."""

_OF_THE_SERVICE: Final = frozenset({"PartitionKey", "RowKey", "Timestamp"})


def to_json(partition: str, key: str, values: Values) -> str:
    """Write a row; raises TypeError for a number that no column has.

    As the SDK has it, in ASCII: a text may hold half a surrogate pair.
    """
    return json.dumps(written(partition, key, values), separators=(",", ":"))


def written(partition: str, key: str, values: Values) -> dict[str, Value]:
    """Give a row as the service's JSON has it."""
    found: dict[str, Value] = {"PartitionKey": partition, "RowKey": key}
    for name, value in values.items():
        match value:
            case datetime():
                found[name] = instant_to_text(value)
                found[f"{name}{_TYPE}"] = "Edm.DateTime"
            case float():
                found[name] = value
                found[f"{name}{_TYPE}"] = "Edm.Double"
            case int() if not -_INT32 <= value < _INT32:
                raise TypeError(f"{name}: {value} is no whole number of 32 bits")
            case _:
                found[name] = value
    return found


def instant_to_text(instant: datetime) -> str:
    """Write an instant in UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def row_of(found: object) -> Row:
    """Read a row; raises DecodeError for what the service does not write.

    Types that naptime does not write stay the text or the number that JSON has for them.
    """
    try:
        return _row(cast("Mapping[str, object]", found))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DecodeError(f"the answer has no row ({type(error).__name__})") from error


def _row(found: Mapping[str, object]) -> Row:
    values = {
        name: _value(value, found.get(name + _TYPE))
        for name, value in found.items()
        # The service gives null for a value that was asked for and that the row does not have.
        if value is not None and name not in _OF_THE_SERVICE and "odata." not in name
    }
    changed_at = found.get("Timestamp")
    return Row(
        str(found["PartitionKey"]),
        str(found["RowKey"]),
        values,
        str(found.get("odata.etag", "")),
        _instant(changed_at) if changed_at is not None else None,
    )


def _value(value: object, of_type: object) -> Value:
    match of_type:
        case "Edm.DateTime":
            return _instant(value)
        case "Edm.Int64":
            return int(str(value))
        case "Edm.Double":
            return float(str(value))
        case _:
            return cast("Value", value)


def _instant(value: object) -> datetime:
    """Read an instant; the service has tenths of microseconds, which are cut off."""
    found = datetime.fromisoformat(str(value))
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def address(partition: str, key: str) -> str:
    """Write where a row is in its table."""
    return f"(PartitionKey='{_quoted(partition)}',RowKey='{_quoted(key)}')"


def _quoted(key: str) -> str:
    return quote(doubled(key), safe="")


def doubled(text: str) -> str:
    """Write text that stands in quotation marks."""
    return text.replace("'", "''")
