"""Dates, times and offsets as ARM writes them in a maintenance window."""

import re
from datetime import date, time, timedelta

from shared.domain.vocabulary.fields import BrokenRule, text
from shared.domain.window.window import CLOCK_RULE, OFFSET_RULE, check_utc_offset

# \d would match every script's digits; ARM means these ten.
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-5][0-9])")
_MINUTE = timedelta(minutes=1)
_DATE_RULE = "must be a date, YYYY-MM-DD"


def offset_text(offset: timedelta) -> str:
    """Write a UTC offset as ARM does: +HH:MM or -HH:MM."""
    hours, minutes = divmod(abs(offset) // _MINUTE, 60)
    return f"{'-' if offset < timedelta() else '+'}{hours:02}:{minutes:02}"


def parse_start_time(value: object) -> time:
    """Read HH:MM; raises BrokenRule."""
    match = _CLOCK.fullmatch(text(value))
    if match is None:
        raise BrokenRule(CLOCK_RULE)
    return time(int(match[1]), int(match[2]))


def parse_utc_offset(value: object) -> timedelta:
    """Read +HH:MM or -HH:MM; raises BrokenRule.

    ARM's pattern also allows +99:99; no place on Earth has it, and the window would be nowhere.
    """
    match = _OFFSET.fullmatch(text(value))
    if match is None:
        raise BrokenRule(OFFSET_RULE)
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return check_utc_offset(-size if match[1] == "-" else size)


def parse_date(value: object) -> date:
    """Read YYYY-MM-DD, and none of the other forms of ISO 8601; raises BrokenRule."""
    written = text(value)
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise BrokenRule(_DATE_RULE) from error
    if day.isoformat() != written:
        raise BrokenRule(_DATE_RULE)
    return day
