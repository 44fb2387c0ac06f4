"""What others did to a schedule in thirty days, and whether somebody keeps removing it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Self, TypedDict, cast

from msgspec import Struct

from shared.domain.deciding.decision import Finding, FindingJson, finding_json
from shared.domain.messages.callers import CallerKind, EventCaller
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.reasons import Reason
from shared.domain.vocabulary.rows import Row, Value

COUNTED_FOR = timedelta(days=30)
OFTEN = 3
"""So many removals are no mishap any more: each time the schedule had been put back."""
MOST_KEPT = 50
"""Of one cluster so many are in its row, the newest."""
PAGE = "docs/beside-other-tools.md"

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class TouchKind(StrEnum):
    """What somebody else did."""

    REMOVED = "Removed"
    CHANGED = "Changed"


class LastRemovedJson(TypedDict):
    """When somebody else removed the schedule last (UTC), and by which id, if that is known.

    `kind` says whether it is an application's, or that of an object of the tenant: a person, say.
    """

    at: str
    by: str | None
    kind: CallerKind | None


class Touch(Struct, frozen=True):
    """One removal or change by somebody else; `at` in UTC, by the event's own time."""

    at: datetime
    what: TouchKind
    by: EventCaller | None = None

    def to_values(self) -> dict[str, Value]:
        caller = {"by": self.by.id, "kind": self.by.kind.value} if self.by else {}
        return {"at": self.at, "what": self.what.value, **caller}

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """Read what `to_values` gave; the instant may have become text."""
        at, by = values["at"], values.get("by")
        caller = EventCaller(str(by), CallerKind(str(values["kind"]))) if by else None
        instant = at if isinstance(at, datetime) else instants.from_text(str(at))
        return cls(instant, TouchKind(str(values["what"])), caller)


def touch_key(event_id: str) -> str:
    """Give the key of an event's touch: one event is one touch, however often it comes."""
    return sha256(event_id.encode()).hexdigest()[:16]


class Touches(Struct, frozen=True):
    """What is known of what others did to one cluster's schedule, the oldest first."""

    all: tuple[Touch, ...] = ()

    @classmethod
    def heard(cls, touches: Iterable[Touch]) -> Self:
        """Keep the newest of what events said."""
        return cls(tuple(sorted(touches, key=lambda touch: touch.at)[-MOST_KEPT:]))

    @property
    def last_removed(self) -> Touch | None:
        """The last removal by somebody else."""
        return next((each for each in reversed(self.all) if each.what is TouchKind.REMOVED), None)

    def removals(self, now: datetime) -> Sequence[Touch]:
        """Give the removals that count at an instant."""
        removed = (each for each in self.all if each.what is TouchKind.REMOVED)
        return [each for each in removed if now - each.at <= COUNTED_FOR]

    def finding(self, now: datetime) -> Finding | None:
        """Find at an instant that somebody keeps removing the schedule."""
        removals = self.removals(now)
        if len(removals) < OFTEN:
            return None
        span = _span(removals[-1].at - removals[0].at)
        message = f"The schedule was removed {len(removals)} times in {span}, {_by_whom(removals)}"
        advice = f"if that is Terraform, see {PAGE}"
        return Finding(Reason.KEEPS_BEING_REMOVED, f"{message}; {advice}.")

    def to_values(self) -> dict[str, Value]:
        """Give the values of the cluster's row."""
        known = [{**each.to_values(), "at": instants.to_text(each.at)} for each in self.all]
        return {"touches": json.dumps(known, separators=(",", ":"))}

    @classmethod
    def of(cls, row: Row) -> Self:
        known = cast("list[dict[str, object]]", json.loads(row.text("touches") or "[]"))
        return cls(tuple(map(Touch.of, known)))

    def last_removed_json(self) -> LastRemovedJson | None:
        """Show the last removal; None where there was none."""
        last = self.last_removed
        if last is None:
            return None
        by = last.by
        return {
            "at": instants.to_text(last.at),
            "by": by.id if by else None,
            "kind": by.kind if by else None,
        }


def found_beside(touches: Touches, at: datetime | None) -> list[FindingJson]:
    """Give the finding, if there is one, ready for JSON, as of an instant (None: never)."""
    found = touches.finding(at) if at else None
    return [finding_json(found)] if found else []


def _span(length: timedelta) -> str:
    """Say a length in the largest unit of which there are two, rounded up."""
    for unit, name in ((_DAY, "days"), (_HOUR, "hours")):
        if length > unit:
            return f"{-(-length // unit)} {name}"
    return f"{-(-length // _MINUTE)} minutes" if length > _MINUTE else "a minute"


def _by_whom(removals: Sequence[Touch]) -> str:
    callers = Counter(each.by for each in removals)
    most, times = callers.most_common(1)[0]
    if most is None:
        return "most often by somebody whom the events do not name"
    if times == len(removals):
        return f"always by {most}"
    return f"most often by {most} ({times} times)"
