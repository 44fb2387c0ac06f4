"""Rows of Azure Table Storage, as far as the use cases need to know them."""

import json
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

type Value = str | int | float | bool | datetime
type Values = Mapping[str, Value]


class Row(Struct, frozen=True):
    """A row as it was read or written; the `etag` changes with every change of the row."""

    partition: str
    key: str
    values: Values
    etag: str
    changed_at: datetime | None = None
    """When the storage service changed it last; in whole seconds where it has just been written.

    None where only some values were asked for.
    """

    def text(self, name: str) -> str:
        """Give a value as text; empty if it is not there."""
        return str(self.values.get(name, ""))

    def whole(self, name: str) -> int:
        """Give a whole number; 0 if it is not there."""
        return int(str(self.values.get(name, 0)))

    def flag(self, name: str) -> bool:
        """Say whether a value is there and true."""
        return self.values.get(name) is True

    def instant(self, name: str) -> datetime | None:
        """Give an instant in UTC; None if it is not there."""
        value = self.values.get(name)
        return value if isinstance(value, datetime) else None


class Reading(Struct, frozen=True):
    """A row, or None where there is none, and when the storage service answered (whole seconds)."""

    row: Row | None
    at: datetime


def without_none(values: Mapping[str, Value | None]) -> dict[str, Value]:
    """Leave out what is None: a table has no such value, only absent ones."""
    return {name: value for name, value in values.items() if value is not None}


def object_from_text(text: str) -> dict[str, object]:
    """Read a JSON object; raises ValueError, or TypeError where it is another value.

    A row of a later version may have anything where this one has an object.
    """
    value: object = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError(f"{type(value).__name__} is no object")
    return value


JSON_LIMIT = 30_000
"""Azure Table's limit is 64 KiB for a string property, in UTF-16 (two bytes each)."""


def json_to_text(body: Mapping[str, object] | None) -> str | None:
    """Write JSON; what a row cannot hold is said to be too long, since half of it is no JSON."""
    if body is None:
        return None
    text = json.dumps(body, separators=(",", ":"))
    return text if len(text) <= JSON_LIMIT else json.dumps({"tooLong": len(text)})


def json_from_text(text: str) -> dict[str, object] | None:
    """Read what `json_to_text` wrote; None where nothing was written."""
    return object_from_text(text) if text else None
