"""The named windows of a policy's file."""

import re
from datetime import UTC, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from shared.domain.policy.windows import (
    LEAST_HOURS,
    MOST_HOURS,
    STEP,
    NamedWindow,
    most_spread,
    usual_spread,
)
from shared.domain.policy.zones import parse_zone
from shared.domain.vocabulary.fields import BrokenRule, Fields, text, whole_number
from shared.domain.window.recurrence import Daily, Weekday, Weekly
from shared.domain.window.text import parse_start_time, parse_utc_offset

MOST_WINDOWS = 50
MOST_HOURS_DAILY_IN_ZONE = 20
"""A daily window by a zone's clock has to leave hours between two of it, in which its offset can be
changed when the clocks have changed."""

SAME = "same"
"""What a rule says where Kubernetes has the window of the node images: no window's own name."""

_KNOWN = ("on", "start", "hours", "zone", "offset", "spread")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?")
_NAME_RULE = "must be 1 to 40 of a-z, 0-9, _ - and start and end with a letter or digit"
_SAME_RULE = f"must not be {SAME}, which means the window of the node images"
_MINUTE = timedelta(minutes=1)


def read_windows(top: Fields) -> dict[str, NamedWindow | None]:
    """Read the windows by their names; one that is None is not right, which has been noted."""
    fields = top.under("windows")
    names = fields.present() if fields else []
    if fields is None:
        return {}
    if not 1 <= len(names) <= MOST_WINDOWS:
        top.refuse("windows", len(names), f"must be 1 to {MOST_WINDOWS} windows")
        return dict.fromkeys(names)
    return {name: _window(fields, name) for name in names}


def _window(fields: Fields, name: str) -> NamedWindow | None:
    if not _NAME.fullmatch(name) or name == SAME:
        fields.refuse(name, name, _SAME_RULE if name == SAME else _NAME_RULE)
        return None
    window = fields.under(name)
    if window is None:
        return None
    before = len(window.problems)
    window.refuse_unknown(_KNOWN)
    on = window.required("on", _on)
    start = window.required("start", _start)
    hours = window.required("hours", whole_number(LEAST_HOURS, MOST_HOURS))
    zone = _zone(window)
    spread = _spread(window, hours) if hours else None
    if on is None or start is None or hours is None or spread is None:
        return None
    _check_daily(window, on, hours, zone)
    if len(window.problems) > before:
        return None
    return NamedWindow(name, on, start, hours, zone, spread)


def _on(value: object) -> Daily | Weekly:
    """Read `daily` or a day of the week, in any case."""
    named = text(value).lower()
    if named == "daily":
        return Daily(1)
    for day in Weekday:
        if day.lower() == named:
            return Weekly(1, day)
    raise BrokenRule("must be daily, or a day of the week in English")


def _start(value: object) -> time:
    """Read "HH:MM", or TOML's own local time, which has seconds."""
    if isinstance(value, time):
        value = value.isoformat().removesuffix(":00")
    return parse_start_time(value)


def _zone(window: Fields) -> tzinfo:
    if {"zone", "offset"} <= {*window.present()}:
        window.refuse("offset", "and a zone", "must not stand beside a zone")
        return UTC
    offset = window.optional("offset", parse_utc_offset)
    zone = window.optional("zone", parse_zone)
    return zone or (timezone(offset) if offset else UTC)


def _spread(window: Fields, hours: int) -> timedelta | None:
    """Read the minutes; left out, they are as many as leave four hours, at most 120."""
    if "spread" not in window.present():
        return usual_spread(hours)
    return window.optional("spread", lambda value: parse_spread(value, hours))


def parse_spread(value: object, hours: int) -> timedelta:
    """Read the minutes by which the starts of a window of `hours` lie apart; raises BrokenRule."""
    if type(value) is not int or value < 0 or value % (STEP // _MINUTE):
        raise BrokenRule("must be minutes in steps of 15, from 0")
    most = most_spread(hours) // _MINUTE
    if value > most:
        rule = f"must leave {LEAST_HOURS} hours each: with {hours} hours at most {most} minutes"
        raise BrokenRule(rule)
    return timedelta(minutes=value)


def _check_daily(window: Fields, on: Daily | Weekly, hours: int, zone: tzinfo) -> None:
    if isinstance(on, Daily) and isinstance(zone, ZoneInfo) and hours > MOST_HOURS_DAILY_IN_ZONE:
        rule = f"must be at most {MOST_HOURS_DAILY_IN_ZONE} for a daily window in a zone"
        window.refuse("hours", hours, rule)
