"""JSON as it arrives: objects of unknown content, narrowed without trusting their types."""

import json
from datetime import UTC, datetime

type JsonObject = dict[str, object]


def parse(text: bytes | str) -> object:
    """Parse JSON; raises ValueError for what is none, nesting without end included."""
    try:
        value: object = json.loads(text)
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error
    return value


def as_object(value: object) -> JsonObject:
    """Give the value if it is a JSON object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Give the value if it is a JSON array, otherwise an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Give the value if it is a string, otherwise an empty one."""
    return value if isinstance(value, str) else ""


def whole_number(value: object) -> int | None:
    """Give the value if it is an integer; JSON's true and false are none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def is_number(value: object) -> bool:
    """Say whether the value is a JSON number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def iso(instant: datetime) -> str:
    """Write an instant as Azure does: UTC, with a Z, no zeros at the end of a fraction."""
    whole, _, fraction = instant.astimezone(UTC).replace(tzinfo=None).isoformat().partition(".")
    digits = fraction.rstrip("0")
    return f"{whole}.{digits}Z" if digits else f"{whole}Z"


def instant_of(text: str) -> datetime:
    """Read an ISO 8601 instant; without an offset it is UTC. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
