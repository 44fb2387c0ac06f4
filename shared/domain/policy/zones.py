"""Zones of the IANA database, as the package tzdata has them; AKS itself knows fixed offsets only.

The package is pinned, and read before whatever the machine has, so that every worker and every
laptop knows the same clock changes. Its files are constants: nothing else is read from here.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from shared.domain.vocabulary.fields import BrokenRule, text

_RULE = "must be the name of a time zone in the IANA form, such as Europe/Berlin"
_LONGEST_LOOK_BACK = timedelta(days=730)
"""Every zone whose clocks change at all changes them within two years, or has stopped to."""
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


@cache
def zone_names() -> frozenset[str]:
    """Give the name of every zone, links included."""
    lines = (resources.files("tzdata") / "zones").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line)


def parse_zone(value: object) -> ZoneInfo:
    """Read the name of a zone, in its own casing; raises BrokenRule."""
    name = text(value)
    if name in zone_names():
        return _zone(name)
    meant = next((known for known in zone_names() if known.lower() == name.lower()), None)
    raise BrokenRule(f"{_RULE}; perhaps {meant}" if meant else _RULE)


@cache
def _zone(name: str) -> ZoneInfo:
    with (resources.files("tzdata") / "zoneinfo" / name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def offset_at(zone: tzinfo, instant: datetime) -> timedelta:
    """Give a zone's offset from UTC at an aware instant."""
    return instant.astimezone(zone).utcoffset() or timedelta()


def wall_clock(zone: tzinfo, local: datetime) -> datetime:
    """Give the instant (UTC) of a naive local time.

    Where clocks go back an hour comes twice, and the first is meant; where they go forward one is
    left out, and a time in it is counted from the clock before.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def changed_at(zone: tzinfo, offset: timedelta, at: datetime) -> datetime | None:
    """Find when the zone's clocks left an offset that they do not have at `at` (UTC, the minute).

    None if they have it still, or have not had it in the two years before.
    """
    if offset_at(zone, at) == offset:
        return None
    right, wrong = at, at
    while offset_at(zone, right) != offset:
        right, wrong = right - timedelta(days=1), right
        if at - right > _LONGEST_LOOK_BACK:
            return None
    while wrong - right > _MINUTE:
        middle = right + (wrong - right) / 2
        if offset_at(zone, middle) == offset:
            right = middle
        else:
            wrong = middle
    return _whole_minute(wrong)


def _whole_minute(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(second=0, microsecond=0)
