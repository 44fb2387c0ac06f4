"""Durations as .NET writes them: `hh:mm:ss`, `d.hh:mm:ss`, with fractions of a second."""

import re
from datetime import timedelta
from typing import Final

_TIME_SPAN: Final = re.compile(
    r"(?:(?P<days>\d{1,8})\.)?(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]?\d)"
    r"(?::(?P<seconds>[0-5]?\d(?:\.\d{1,7})?))?"
)


def parse_time_span(text: str) -> timedelta:
    """Read a duration of zero or more; a ValueError if it is none."""
    match = _TIME_SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration like 00:00:30 or 1.12:00:00")
    return timedelta(**{unit: float(value or 0) for unit, value in match.groupdict().items()})
