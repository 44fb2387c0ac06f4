"""What Azure Storage refuses, in the fakes; the emulator lets some of it through.

From learn.microsoft.com: understanding-the-table-service-data-model,
performing-entity-group-transactions and put-message.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shared.domain.errors import StorageRefused
from shared.domain.vocabulary.rows import Value, Values

LONGEST_TEXT = 32_768
"""Of a property, in UTF-16 code units: 64 KiB."""
LARGEST_ENTITY = 1024 * 1024
EARLIEST = datetime(1601, 1, 1, tzinfo=UTC)
MOST_PROPERTIES = 252
LARGEST_KEY = 1024
LARGEST_TRANSACTION = 4 * 1024 * 1024
MOST_OPERATIONS = 100
LARGEST_MESSAGE = 64 * 1024
LONGEST_DELAY = timedelta(days=7)
OF_AN_OPERATION = 700
"""What the SDK writes around each entity of a transaction, in bytes, about."""


def check_entity(partition: str, key: str, values: Values) -> None:
    """Refuse an entity that no table takes."""
    if any(_units(name) > LARGEST_KEY or set(name) & set("/\\#?") for name in (partition, key)):
        raise StorageRefused("storage takes no such thing (KeyValueTooLarge or InvalidInput)")
    if any(isinstance(value, str) and _units(value) > LONGEST_TEXT for value in values.values()):
        raise StorageRefused("storage takes no such thing (PropertyValueTooLarge)")
    if any(isinstance(value, datetime) and value < EARLIEST for value in values.values()):
        raise StorageRefused("storage takes no such thing (OutOfRangeInput)")
    if len(values) > MOST_PROPERTIES:
        raise StorageRefused("storage takes no such thing (TooManyProperties)")
    if _size(partition, key, values) > LARGEST_ENTITY:
        raise StorageRefused("storage takes no such thing (EntityTooLarge)")


def check_transaction(partition: str, entities: Sequence[tuple[str, Values]]) -> None:
    """Refuse a transaction that no table takes."""
    if len(entities) > MOST_OPERATIONS:
        raise StorageRefused("storage takes no such thing (InvalidInput)")
    for key, values in entities:
        check_entity(partition, key, values)
    written = sum(_written(key, values) + OF_AN_OPERATION for key, values in entities)
    if len(entities) > 1 and written > LARGEST_TRANSACTION:
        raise StorageRefused("storage takes no such thing (RequestBodyTooLarge)")


def check_message(text: str, delay: timedelta) -> None:
    """Refuse a message that no queue takes, or a delay."""
    if len(b64encode(text.encode())) > LARGEST_MESSAGE:
        raise StorageRefused("storage takes no such thing (RequestBodyTooLarge)")
    if delay > LONGEST_DELAY:
        raise StorageRefused("storage takes no such thing (OutOfRangeQueryParameterValue)")


def _units(text: str) -> int:
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _size(partition: str, key: str, values: Mapping[str, Value]) -> int:
    """Count as the service does: four bytes, the keys and each property at two bytes a unit."""
    keys = 4 + 2 * (_units(partition) + _units(key))
    return keys + sum(8 + 2 * _units(name) + _of_value(value) for name, value in values.items())


def _of_value(value: Value) -> int:
    return 4 + 2 * _units(value) if isinstance(value, str) else 8


def _written(key: str, values: Values) -> int:
    """Count the bytes of an entity as JSON, about."""
    return len(key) + sum(len(name) + 6 + _as_json(value) for name, value in values.items())


def _as_json(value: Value) -> int:
    return len(value.encode("utf-8", "replace")) if isinstance(value, str) else 30
