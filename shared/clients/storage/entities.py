"""Rows as the SDK reads and writes them, its own kinds of time among them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from azure.data.tables import TableEntity

from shared.domain.vocabulary.rows import Row, Value, Values


def written_row(partition: str, key: str, values: Values, answer: Mapping[str, object]) -> Row:
    """Give a row as it is after a write."""
    date = answer.get("date")
    changed_at = _in_utc(date) if isinstance(date, datetime) else None
    return Row(partition, key, values, str(answer["etag"]), changed_at)


def entity_of(partition: str, key: str, values: Values) -> dict[str, object]:
    """Give a row as the SDK writes it."""
    return {"PartitionKey": partition, "RowKey": key, **values}


def row_of(entity: TableEntity) -> Row:
    """Read a row as the SDK gives it."""
    values = {
        name: _plain(value)
        for name, value in entity.items()
        if name not in {"PartitionKey", "RowKey"}
    }
    partition, key = str(entity["PartitionKey"]), str(entity["RowKey"])
    changed_at = entity.metadata.get("timestamp")
    return Row(
        partition,
        key,
        values,
        str(entity.metadata["etag"]),
        _in_utc(changed_at) if isinstance(changed_at, datetime) else None,
    )


def _in_utc(value: datetime) -> datetime:
    """Take the SDK's own kind of time, which keeps tenths of microseconds, as the plain one."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.fromtimestamp(aware.timestamp(), UTC)


def _plain(value: object) -> Value:
    """Take what the SDK makes of a value; its own kind of time becomes the plain one, in UTC."""
    if isinstance(value, datetime):
        return _in_utc(value)
    return cast("Value", value)
