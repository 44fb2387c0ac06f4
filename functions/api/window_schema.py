"""The JSON Schema of a maintenance window, for whoever reads the API's description.

The domain reads windows by its own rules, all problems at once. A test holds the two together:
what the domain accepts fits the schema, so what does not fit it the domain refuses.
"""

from typing import Final

from shared.domain.deciding.wish import MOST_SPANS
from shared.domain.window.recurrence import Weekday, WeekIndex

type Json = dict[str, object]


_NULL: Final[Json] = {"type": "null"}


def _whole(lowest: int, highest: int) -> Json:
    return {"type": "integer", "minimum": lowest, "maximum": highest}


def _one_of(names: type[Weekday | WeekIndex]) -> Json:
    # In any casing, as ARM reads them.
    words = "|".join("".join(f"[{c.upper()}{c.lower()}]" for c in name) for name in names)
    return {"type": "string", "pattern": f"^({words})$"}


def _object(**properties: Json) -> Json:
    # What is null is dropped, as ARM does; so nothing else may be there but nulls.
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": _NULL,
    }


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, _NULL]}


_DATE: Final[Json] = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_OPTIONAL: Final = {"utcOffset", "startDate", "notAllowedDates"}
_KINDS: Final[dict[str, Json]] = {
    "daily": _object(intervalDays=_whole(1, 7)),
    "weekly": _object(intervalWeeks=_whole(1, 4), dayOfWeek=_one_of(Weekday)),
    "absoluteMonthly": _object(intervalMonths=_whole(1, 6), dayOfMonth=_whole(1, 31)),
    "relativeMonthly": _object(
        intervalMonths=_whole(1, 6), weekIndex=_one_of(WeekIndex), dayOfWeek=_one_of(Weekday)
    ),
}
_WINDOW: Final[dict[str, Json]] = {
    "schedule": {
        "oneOf": [_object(**{name: kind}) for name, kind in _KINDS.items()],
        "description": "Exactly one kind of recurrence.",
    },
    "durationHours": _whole(4, 24),
    "startTime": {
        "type": "string",
        "pattern": r"^([01]\d|2[0-3]):[0-5]\d$",
        "description": "HH:MM, in the window's offset.",
    },
    "utcOffset": {
        "type": "string",
        "pattern": r"^(\+(0\d|1[0-3]):[0-5]\d|\+14:00|-(0\d|1[01]):[0-5]\d|-12:00)$",
        "description": "Fixed, from -12:00 to +14:00; +00:00 if it is left out.",
    },
    "startDate": {
        **_DATE,
        "description": "Not before today in the window's offset; ARM makes it today if left out.",
    },
    "notAllowedDates": {
        "type": "array",
        "items": _object(start=_DATE, end=_DATE),
        "maxItems": MOST_SPANS,
        "description": "Spans of dates on which no window starts; the end is included.",
    },
}
WINDOW_SCHEMA: Final[Json] = {
    **_object(
        **{
            name: _or_null(schema) if name in _OPTIONAL else schema
            for name, schema in _WINDOW.items()
        }
    ),
    "required": [name for name in _WINDOW if name not in _OPTIONAL],
}
