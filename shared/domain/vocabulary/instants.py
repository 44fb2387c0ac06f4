"""Instants as text: ISO 8601 in UTC with a Z, the form that every answer and message has.

Months as the names of tables have them (yyyymm), and when one is past keeping. Ids of runs and
audit records, which begin with their month.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta


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


MONTH, ID_OF_MONTH = r"[0-9]{6}", r"[0-9]{6}-[0-9A-Za-z]+"
"""Regular expressions of a month (yyyymm), and of an id of something that began in it."""
LONGEST_ID = 64
_MONTH_DIGITS = 6
_NEWEST = 0xFFFFFFFF
_LATEST_PART = 0xFFFFF
"""Of a second, in microseconds: what five hexadecimal digits hold."""


def newest_first(now: datetime, word: str) -> str:
    """Make an id of its month and a word, which sorts newest first to the microsecond."""
    utc = in_utc(now)
    second, part = _NEWEST - int(utc.timestamp()), _LATEST_PART - utc.microsecond
    return f"{utc:%Y%m}-{second:08x}{part:05x}{word}"


def month_of(an_id: str) -> str | None:
    """Read the month (yyyymm) of such an id; None if it is none."""
    month, dash, rest = an_id.partition("-")
    digits = len(month) == _MONTH_DIGITS and month.isascii() and month.isdecimal()
    word = rest.isascii() and rest.isalnum()
    return month if digits and dash and word and len(an_id) <= LONGEST_ID else None


_A_MONTH = re.compile(r"20[0-9]{2}(0[1-9]|1[0-2])")


def months_of(names: Iterable[str], prefix: str) -> list[str]:
    """Read the months (yyyymm) of tables that have one each, the newest first.

    Tables of other people may begin in the same way, and go on otherwise.
    """
    ends = (name.removeprefix(prefix) for name in names if name.startswith(prefix))
    return sorted((end for end in ends if _A_MONTH.fullmatch(end)), reverse=True)


def is_past_keeping(month: str, now: datetime, kept: timedelta) -> bool:
    """Say whether more time than is kept has gone by since a month ended."""
    year, number = int(month[:4]), int(month[4:])
    following = now.replace(
        year=year + number // 12, month=number % 12 + 1, day=1, hour=0, minute=0, second=0
    )
    return now - following > kept
