"""Windows as a calendar (RFC 5545): one event for each time at which some clusters open together.

The same fleet is the same text for a day, whenever it is asked for: no event has the time of its
making, and an event is known again by when it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from msgspec import Struct

from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.window.window import MaintenanceWindow, Occurrence

AHEAD = timedelta(weeks=8)
MOST_NAMED = 25
"""So many clusters of one event are named; a calendar is looked at on a phone."""
LONGEST_NAME = 100
OCTETS_A_LINE = 75

_END = "\r\n"


class Opening(Struct, frozen=True):
    """A cluster that is to be in the calendar, its rule, and its window."""

    cluster_id: ClusterId
    rule: str
    window: MaintenanceWindow


def calendar(openings: Iterable[Opening], name: str, now: datetime) -> str:
    """Write the calendar of the eight weeks from today (UTC) on."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    together = _together(openings, today)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//naptime//windows//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(_plain(name))}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for when in sorted(together, key=lambda each: (each.start, each.end)):
        lines += _event(when, together[when])
    return "".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _together(
    openings: Iterable[Opening], today: datetime
) -> Mapping[Occurrence, Sequence[Opening]]:
    """Put what opens and closes together under when that is; most clusters share their window."""
    by_window: defaultdict[MaintenanceWindow, list[Opening]] = defaultdict(list)
    for each in openings:
        by_window[each.window].append(each)
    together: defaultdict[Occurrence, list[Opening]] = defaultdict(list)
    for window, some in by_window.items():
        for found in _coming(window, today):
            together[found] += some
    return together


def _coming(window: MaintenanceWindow, today: datetime) -> Iterator[Occurrence]:
    """Yield the occurrences of eight weeks; none where the documentation leaves them open."""
    if window.ambiguity:
        return iter(())
    return takewhile(lambda found: found.start < today + AHEAD, window.occurrences(today))


def _event(when: Occurrence, some: Sequence[Opening]) -> list[str]:
    rules = sorted({each.rule for each in some})
    count = "1 cluster" if len(some) == 1 else f"{len(some)} clusters"
    what = _plain(rules[0]) if len(rules) == 1 else f"{len(rules)} rules"
    # What AKS does with an occurrence that reaches into a not-allowed date nobody knows.
    status = "CONFIRMED" if when.certain else "TENTATIVE"
    return [
        "BEGIN:VEVENT",
        f"UID:{_instant(when.start)}-{_instant(when.end)}-{status.lower()}@naptime",
        # Whoever publishes without a method says when it was last revised: nobody keeps that.
        f"DTSTAMP:{_instant(when.start)}",
        f"DTSTART:{_instant(when.start)}",
        f"DTEND:{_instant(when.end)}",
        f"SUMMARY:{_text(f'Node OS window: {what}, {count}')}",
        f"DESCRIPTION:{_text(_description(some))}",
        f"STATUS:{status}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _description(some: Sequence[Opening]) -> str:
    """Name the clusters, a line each, with the group that tells two of one name apart."""
    ordered = sorted(some, key=lambda each: each.cluster_id)
    named = [
        f"{_plain(each.cluster_id.resource_group)}/{_plain(each.cluster_id.name)}"
        for each in ordered[:MOST_NAMED]
    ]
    rest = len(some) - len(named)
    return "\n".join([*named, f"and {rest} more"] if rest else named)


def _plain(text: str) -> str:
    return one_line(text, LONGEST_NAME)


def _instant(instant: datetime) -> str:
    return f"{instant:%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Escape text (RFC 5545 3.3.11)."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Break a line that is longer than 75 octets, never within a character (RFC 5545 3.1)."""
    parts, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > OCTETS_A_LINE:
            parts.append(" ")
            size = 1
        parts[-1] += character
        size += octets
    return _END.join(parts) + _END
