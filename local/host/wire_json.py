"""JSON as Azure's host writes it again: what it reads as a time is written in its own form.

Seen with Microsoft.Azure.WebJobs.Extensions.EventGrid 3.3.0 and Storage.Queues 5.3.10, which read
JSON with Newtonsoft.Json: strings that are times become times.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Final

DEEPEST: Final = 64
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


def parse(text: bytes) -> object:
    """Read JSON; a ValueError where it is none, or where it is deeper than the host reads."""
    value: object = json.loads(text)
    if _depth(value) > DEEPEST:
        raise ValueError(f"deeper than {DEEPEST}")
    return value


def rewritten(value: object) -> object:
    """Give a value as the host writes it: the times in it trimmed, and in UTC."""
    match value:
        case str():
            return _as_time(value)
        case dict():
            return {name: rewritten(each) for name, each in value.items()}
        case list():
            return [rewritten(each) for each in value]
        case _:
            return value


def invariant(text: str) -> str:
    """Give a string as the host's binding data has it: a time in the invariant culture."""
    found = _TIME.fullmatch(text)
    instant = found and _instant(found[1], found[3])
    return instant.strftime("%m/%d/%Y %H:%M:%S") if instant else text


def _as_time(text: str) -> str:
    found = _TIME.fullmatch(text)
    instant = found and _instant(found[1], found[3])
    if not found or instant is None:
        return text
    fraction = (found[2] or "").rstrip("0")
    zone = "Z" if found[3] else ""
    return f"{instant:%Y-%m-%dT%H:%M:%S}{'.' if fraction else ''}{fraction}{zone}"


def _instant(second: str, zone: str | None) -> datetime | None:
    try:
        local = datetime.fromisoformat(second).replace(tzinfo=UTC)
        if zone in {None, "Z"}:
            return local
        sign = -1 if str(zone)[0] == "-" else 1
        hours, minutes = map(int, str(zone)[1:].split(":"))
        return local - sign * timedelta(hours=hours, minutes=minutes)
    except (ValueError, OverflowError):
        return None


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [child for each in level for child in _children(each)]
    return depth


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
