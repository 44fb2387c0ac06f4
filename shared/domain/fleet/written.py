"""Who made a schedule, as far as naptime knows: ARM keeps neither tags nor an author of one.

The record is made of every accepted write, and no later look clears it. It holds the window as ARM
echoed it, without what changes by itself: the start date, and not-allowed dates that have passed.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from shared.domain.vocabulary.rows import Row, Value
from shared.domain.window.body import write_window
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
    """What naptime wrote last for a cluster: the canonical window, when (UTC), and for whom."""

    window: str
    at: datetime
    by: Author
    rule: str = ""
    policy_hash: str = ""

    def is_still(self, window: MaintenanceWindow, now: datetime) -> bool:
        """Say whether a schedule that is seen at an aware instant is what was written."""
        return canonical(window, now) == self.window

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
        return cls(row.text("written"), at, author, rule, policy_hash)


def made_by(written: Written | None, window: MaintenanceWindow | None, now: datetime) -> str | None:
    """Say who made the schedule that is seen at an aware instant; None where none can be read."""
    if window is None:
        return None
    if written is None or not written.is_still(window, now):
        return "somebody else"
    if written.by is Author.PERSON:
        return "a person through naptime"
    return f"naptime, {written.at.date()}"
