"""A maintenance window in a few words, as reports write it: `Sun 01:00 +01:00, 4 h`."""

import re
from datetime import timedelta

from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.invalid import InvalidInput, InvalidWindow
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.text import parse_start_time, parse_utc_offset
from shared.domain.window.window import MaintenanceWindow

FIELD = "--window"
EXAMPLES = "'Sun 01:00 +01:00, 4 h', 'daily 22:00, 6 h', 'first Sunday 01:00, 4 h'"

_RULE = f"must be days, a start, perhaps a UTC offset, and hours, such as {EXAMPLES}"
_WINDOW = re.compile(
    r"(?P<days>.+?) +(?P<start>[0-9]{2}:[0-9]{2})(?: *(?P<offset>[+-][0-9]{2}:[0-9]{2}|utc))?"
    r"(?: *, *| +)(?P<hours>[0-9]{1,3}) ?h(?:ours?)?"
)
_DAYS = re.compile(
    r"(?P<daily>daily)|every (?P<each>[0-9]{1,4}) days"
    r"|(?:every (?P<weeks>[0-9]{1,4}) weeks )?(?P<weekly>[a-z]+)"
    r"|(?:day (?P<day>[0-9]{1,2})|(?P<index>first|second|third|fourth|last) (?P<weekday>[a-z]+))"
    r"(?: monthly| every (?P<months>[0-9]{1,4}) months)?"
)
_SHORT = 3


def parse_window(text: str) -> MaintenanceWindow:
    """Read a window; raises InvalidInput, which names the rule."""
    try:
        return _window(" ".join(text.lower().split()))
    except BrokenRule as error:
        raise InvalidInput.because(FIELD, text, str(error)) from error
    except InvalidWindow as error:
        rules = "; ".join(f"{each.field} {each.rule}" for each in error.problems)
        raise InvalidInput.because(FIELD, text, rules) from error


def _window(words: str) -> MaintenanceWindow:
    match = _WINDOW.fullmatch(words)
    if match is None:
        raise BrokenRule(_RULE)
    offset = match["offset"]
    return MaintenanceWindow(
        _recurrence(match["days"]),
        parse_start_time(match["start"]),
        int(match["hours"]),
        timedelta() if offset in {None, "utc"} else parse_utc_offset(offset),
    )


def _recurrence(days: str) -> Recurrence:
    match = _DAYS.fullmatch(days)
    if match is None:
        raise BrokenRule(_RULE)
    interval = int(match["each"] or match["weeks"] or match["months"] or 1)
    if match["daily"] or match["each"]:
        return Daily(interval)
    if match["weekly"]:
        return Weekly(interval, _weekday(match["weekly"]))
    if match["day"]:
        return AbsoluteMonthly(interval, int(match["day"]))
    return RelativeMonthly(interval, WeekIndex(match["index"].title()), _weekday(match["weekday"]))


def _weekday(word: str) -> Weekday:
    for day in Weekday:
        if word in {day.lower(), day.lower()[:_SHORT]}:
            return day
    raise BrokenRule(_RULE)
