"""Text from outside, made fit for one line of a log or an answer."""

import json
from datetime import date, time

LONGEST_MESSAGE = 500
"""Characters of what Azure says, as it is shown, logged and written down."""

_VERY_LARGE = 10**80

MOST_SAID = 5
"""Broken rules that a text names; there may be thousands."""


def one_line(text: str, limit: int = 80) -> str:
    """Give `text` without control characters (each becomes `?`), cut to `limit` characters.

    Line breaks, terminal escapes, bidirectional marks and lone surrogates all count as control
    characters: whatever `str.isprintable` says no to.
    """
    start = text[: limit + 1]
    clean = start if start.isprintable() else "".join(map(_printable, start))
    return clean if len(clean) <= limit else f"{clean[: limit - 3]}..."


def shown(value: object) -> str:
    """Name a JSON value in a message: texts, dates and numbers as they are, the rest by kind."""
    match value:
        case str():
            return one_line(value)
        case int() if abs(value) >= _VERY_LARGE:
            return "a very large number"
        case None | bool() | int() | float():
            return json.dumps(value)
        case date() | time():
            # TOML has dates and times of its own.
            return value.isoformat()
        case list() | tuple():
            return "a list"
        case _:
            return "an object"


def _printable(char: str) -> str:
    return char if char.isprintable() else "?"
