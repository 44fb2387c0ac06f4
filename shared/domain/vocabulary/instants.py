"""Instants as text: ISO 8601 in UTC with a Z, the form that every answer and message has.

Months as the names of tables have them (yyyymm), and when one is past keeping.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_MONTH = re.compile(r"[0-9]{4}(?:0[1-9]|1[0-2])", re.ASCII)


def to_text(instant: datetime) -> str:
    """Write an aware instant in UTC, with microseconds only if it has any."""
    return in_utc(instant).isoformat().replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read an ISO 8601 instant with an offset or Z as UTC; raises ValueError."""
    return in_utc(datetime.fromisoformat(text))


def in_utc(instant: datetime) -> datetime:
    """Give the same instant in UTC; raises ValueError if it has no time zone."""
    if instant.tzinfo is None:
        message = "an instant must have a time zone"
        raise ValueError(message)
    return instant.astimezone(UTC)


def is_past_keeping(month: str, now: datetime, kept: timedelta) -> bool:
    """Say whether more time than is kept has gone by since a month ended."""
    year, number = int(month[:4]), int(month[4:])
    following = now.replace(
        year=year + number // 12, month=number % 12 + 1, day=1, hour=0, minute=0, second=0
    )
    return now - following > kept


def months_in(names: Iterable[str], prefix: str) -> list[str]:
    """Give the months of the tables that are named so, the newest first; others are foreign."""
    found = (_MONTH.fullmatch(name.removeprefix(prefix)) for name in names)
    return sorted((month[0] for month in found if month), reverse=True)
