"""Who made a schedule, as far as naptime knows: ARM keeps neither tags nor an author of one.

The record is made of every accepted write, and no later look clears it. It holds the window as ARM
echoed it, without what changes by itself: the start date, and not-allowed dates that have passed.
A schedule that naptime wrote and somebody changed is let go, for good: it is not naptime's again
when it is changed back, only when naptime has written it anew.
"""

import json
from collections.abc import Mapping
from copy import replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Self

from msgspec import Struct

from shared.domain.deciding.observed import REPLICATION, ObservedSchedule
from shared.domain.vocabulary.instants import from_text, to_text
from shared.domain.vocabulary.rows import Row, Value, object_from_text
from shared.domain.window.body import read_window, write_window
from shared.domain.window.window import MaintenanceWindow

LONGEST = 16_000
_MOST_KNOWN = 1024
"""Windows whose reading is kept: many clusters share one."""


class Author(StrEnum):
    """Who asked for what naptime wrote."""

    NAPTIME = "naptime"
    PERSON = "person"
    ADOPTED = "adopted"
    """It was there, and naptime looks after it as after its own."""
    RESTORED = "restored"
    """Somebody removed it, and it was somebody's before."""


_NAPTIMES = frozenset({Author.NAPTIME, Author.ADOPTED})


def canonical(window: MaintenanceWindow, at: datetime) -> str:
    """Write a window so that it is equal for the same openings from an aware instant on."""
    body = write_window(without_past_dates(window, at))
    body.pop("startDate", None)
    return json.dumps(body, separators=(",", ":"))


def without_past_dates(window: MaintenanceWindow, at: datetime) -> MaintenanceWindow:
    """Leave out the not-allowed dates that have passed at an aware instant."""
    if not window.not_allowed_dates:
        return window
    today = window.local_date(at)
    coming = tuple(span for span in window.not_allowed_dates if span.end >= today)
    return replace(window, not_allowed_dates=coming)


class Written(Struct, frozen=True):
    """What naptime wrote last for a cluster: the canonical window, when (UTC), and for whom.

    `let_go` says that somebody changed it since.
    """

    window: str
    at: datetime
    by: Author
    rule: str = ""
    policy_hash: str = ""
    let_go: bool = False
    opened: datetime | None = None
    """When the schedule that it took the place of was open last (UTC); None for a new one."""
    previous: str = ""
    """The canonical window that it took the place of; empty for a new one."""
    run_id: str = ""
    """The run that changed it last; none where only the clocks asked for that."""
    undone: str = ""
    """The canonical window that a person had put back: it is not written again by itself."""
    start: str = ""
    """The start date that ARM echoed, or nothing."""

    def is_still(self, window: MaintenanceWindow, now: datetime) -> bool:
        """Say whether a schedule that is seen at an aware instant is what was written."""
        return is_same(self.window, window, now)

    def is_too_early(self, window: MaintenanceWindow, now: datetime) -> bool:
        """Say whether what is seen may be what stood before: Azure shows a write minutes late."""
        return now - self.at < REPLICATION and is_same(self.previous, window, now)

    @property
    def is_naptimes(self) -> bool:
        """Say whether naptime wrote it by itself, or was given it, and has not let it go."""
        return self.by in _NAPTIMES and not self.let_go

    def is_owned(self, window: MaintenanceWindow, now: datetime) -> bool:
        """Say whether a schedule is naptime's own: written by it, and still what was written.

        A start date that is still to come is somebody else's, unless it was written with it.
        """
        later = window.start_date and window.start_date > window.local_date(now)
        if later and str(window.start_date) != self.start:
            return False
        return self.is_naptimes and self.is_still(window, now)

    def owns(self, schedule: ObservedSchedule, now: datetime) -> bool:
        """Say the same of a whole schedule: nothing is in it that naptime does not write."""
        window = schedule.window
        return window is not None and not schedule.more and self.is_owned(window, now)

    def made(self, window: MaintenanceWindow, now: datetime) -> bool:
        """Say whether it is what was written through naptime, or Azure may only not show that."""
        is_it = self.is_still(window, now) or self.is_too_early(window, now)
        return is_it and not self.let_go

    def is_changed(self, schedule: ObservedSchedule, now: datetime) -> bool:
        """Say whether somebody changed what naptime wrote, or linked it to a shared window.

        One that cannot be read is not certain to be changed: Azure may have new fields.
        """
        if not self.is_naptimes or schedule.unreadable:
            return False
        return schedule.window is None or not self.made(schedule.window, now)

    def is_update_of(self, before: "Written | None") -> bool:
        """Say whether this is of a write over the other one; what comes back is no other."""
        is_other = before is None or before.window != self.window
        return bool(self.previous) and is_other

    def to_json(self) -> dict[str, object]:
        """Give it ready for JSON."""
        return {**self.to_values(), "writtenAt": to_text(self.at), "letGo": self.let_go}

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> Self:
        """Read what `to_json` gave."""
        at = from_text(str(body["writtenAt"]))
        text = {name: str(value) for name, value in body.items()}
        return cls._of(text, at, let_go=body["letGo"] is True)

    def to_values(self) -> dict[str, Value]:
        """Give the values of the cluster's row."""
        return {
            "written": self.window if len(self.window) <= LONGEST else "",
            "writtenAt": self.at,
            "writtenBy": self.by.value,
            "writtenRule": self.rule,
            "writtenPolicy": self.policy_hash,
            # Texts, so that a write after which they are not known empties them.
            "writtenOpened": to_text(self.opened) if self.opened else "",
            "previous": self.previous if len(self.previous) <= LONGEST else "",
            "updateRun": self.run_id,
            "undone": self.undone if len(self.undone) <= LONGEST else "",
            "writtenStart": self.start,
        }

    @classmethod
    def of(cls, row: Row) -> Self | None:
        """Read a row; None where naptime has written nothing, or no version knew of it yet."""
        at = row.instant("writtenAt")
        if at is None:
            return None
        text = {name: row.text(name) for name in row.values}
        # Of which write: a later one is not let go by what was seen before it.
        return cls._of(text, at, let_go=row.instant("letGo") == at)

    @classmethod
    def _of(cls, text: Mapping[str, str], at: datetime, *, let_go: bool) -> Self:
        """Read texts; a row of an earlier version has fewer."""
        opened = text.get("writtenOpened", "")
        for name in ("written", "previous", "undone"):
            # Whether it can be read is found out with the row, not where it is compared.
            window_of(text.get(name, ""))
        return cls(
            text.get("written", ""),
            at,
            Author(text["writtenBy"]),
            text.get("writtenRule", ""),
            text.get("writtenPolicy", ""),
            let_go,
            from_text(opened) if opened else None,
            text.get("previous", ""),
            text.get("updateRun", ""),
            text.get("undone", ""),
            text.get("writtenStart", ""),
        )


def record_to_text(written: Written) -> str:
    """Give the text for a column that holds a whole record."""
    return json.dumps(written.to_json(), separators=(",", ":"))


def record_from_text(text: str) -> Written | None:
    """Read what `record_to_text` wrote; None of an empty text."""
    return Written.from_json(object_from_text(text)) if text else None


def is_same(kept: str, window: MaintenanceWindow, now: datetime) -> bool:
    """Compare a canonical window with one that is seen, but for not-allowed dates that passed."""
    seen = canonical(window, now)
    there = window_of(kept) if kept != seen else None
    return kept == seen or (there is not None and canonical(there, now) == seen)


def is_alike_but_for_clocks(one: str, other: str) -> bool:
    """Say whether two canonical windows are for the same hours, at whatever offset."""
    both = [json.loads(each or "{}") | {"utcOffset": ""} for each in (one, other)]
    return bool(both[0] == both[1])


def start_of_window(window: MaintenanceWindow) -> str:
    """Write the start date of a window, or nothing."""
    return window.start_date.isoformat() if window.start_date else ""


@lru_cache(_MOST_KNOWN)
def window_of(canonical_window: str) -> MaintenanceWindow | None:
    """Read a canonical window; None where it was too long for a row."""
    return read_window(object_from_text(canonical_window)) if canonical_window else None


def made_by(written: Written | None, window: MaintenanceWindow | None, now: datetime) -> str | None:
    """Say who made the schedule that is seen at an aware instant; None where none can be read."""
    if window is None:
        return None
    if written is None or not written.made(window, now):
        return "somebody else"
    if written.by is Author.PERSON:
        return "a person through naptime"
    if written.by is Author.RESTORED:
        return f"somebody else; naptime gave it back, {written.at.date()}"
    if written.by is Author.ADOPTED:
        return f"naptime, which took it over, {written.at.date()}"
    return f"naptime, {written.at.date()}"
