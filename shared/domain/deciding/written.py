"""Who made a schedule, as far as naptime knows: ARM keeps neither tags nor an author of one.

The record is made of every accepted write, and no later look clears it. It holds the window as ARM
echoed it, without what changes by itself: the start date, and not-allowed dates that have passed.
A schedule that naptime wrote and somebody changed is let go, for good: it is not naptime's again
when it is changed back, only when naptime has written it anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from shared.domain.deciding.observed import ObservedSchedule
from shared.domain.vocabulary.instants import from_text, to_text
from shared.domain.vocabulary.rows import Row, Value
from shared.domain.window.body import read_window, write_window
from shared.domain.window.window import MaintenanceWindow

LONGEST = 16_000


class Author(StrEnum):
    """Who asked for what naptime wrote."""

    NAPTIME = "naptime"
    PERSON = "person"


def canonical(window: MaintenanceWindow, at: datetime) -> str:
    """Write a window so that it is equal for the same openings from an aware instant on."""
    today = window.local_date(at)
    coming = tuple(span for span in window.not_allowed_dates if span.end >= today)
    plain = replace(window, start_date=None, not_allowed_dates=coming)
    return json.dumps(write_window(plain), separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Written:
    """What naptime wrote last for a cluster: the canonical window, when (UTC), and for whom.

    `let_go` says that somebody changed it since.
    """

    window: str
    at: datetime
    by: Author
    rule: str = ""
    policy_hash: str = ""
    let_go: bool = False

    def is_still(self, window: MaintenanceWindow, now: datetime) -> bool:
        """Say whether a schedule that is seen at an aware instant is what was written."""
        seen = canonical(window, now)
        return seen == self.window or (bool(self.window) and seen == self._as_of(now))

    def _as_of(self, now: datetime) -> str:
        """Give what was written without the not-allowed dates that have passed since."""
        return canonical(read_window(json.loads(self.window)), now)

    @property
    def is_naptimes(self) -> bool:
        """Say whether naptime wrote it by itself, and has not let it go."""
        return self.by is Author.NAPTIME and not self.let_go

    def is_owned(self, window: MaintenanceWindow, now: datetime) -> bool:
        """Say whether a schedule is naptime's own: written by it, and still what was written."""
        return self.is_naptimes and self.is_still(window, now)

    def is_changed(self, schedule: ObservedSchedule, now: datetime) -> bool:
        """Say whether somebody changed what naptime wrote, or linked it to a shared window.

        One that cannot be read is not certain to be changed: Azure may have new fields.
        """
        if not self.is_naptimes or schedule.unreadable:
            return False
        return schedule.window is None or not self.is_still(schedule.window, now)

    def to_json(self) -> dict[str, object]:
        """Give what naptime has not let go, ready for JSON."""
        return {**self.to_values(), "writtenAt": to_text(self.at)}

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> Self:
        """Read what `to_json` gave."""
        text = {name: str(value) for name, value in body.items()}
        author = Author(text["writtenBy"])
        rule, policy_hash = text["writtenRule"], text["writtenPolicy"]
        return cls(text["written"], from_text(text["writtenAt"]), author, rule, policy_hash)

    def to_values(self) -> dict[str, Value]:
        """Give the values of the cluster's row."""
        return {
            "written": self.window if len(self.window) <= LONGEST else "",
            "writtenAt": self.at,
            "writtenBy": self.by.value,
            "writtenRule": self.rule,
            "writtenPolicy": self.policy_hash,
        }

    @classmethod
    def of(cls, row: Row) -> Self | None:
        """Read a row; None where naptime has written nothing, or no version knew of it yet."""
        at = row.instant("writtenAt")
        if at is None:
            return None
        author = Author(row.text("writtenBy"))
        rule, policy_hash = row.text("writtenRule"), row.text("writtenPolicy")
        # Of which write: a later one is not let go by what was seen before it.
        let_go = row.instant("letGo") == at
        return cls(row.text("written"), at, author, rule, policy_hash, let_go)


def made_by(written: Written | None, window: MaintenanceWindow | None, now: datetime) -> str | None:
    """Say who made the schedule that is seen at an aware instant; None where none can be read."""
    if window is None:
        return None
    if written is None or written.let_go or not written.is_still(window, now):
        return "somebody else"
    if written.by is Author.PERSON:
        return "a person through naptime"
    return f"naptime, {written.at.date()}"
