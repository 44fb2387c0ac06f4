"""What a cluster's row says of its schedule before anything is decided on it.

What was seen before a write, or minutes after it, is no proof of what came of that write: a sweep
looks under no claim and writes down later what it saw, and Azure shows a change late.
"""

from datetime import datetime
from typing import Self

from msgspec import Struct

from shared.domain.deciding.observed import REPLICATION, ObservedSchedule
from shared.domain.deciding.written import Written, is_same, record_from_text, window_of
from shared.domain.vocabulary.rows import Row
from shared.domain.window.window import MaintenanceWindow


class Standing(Struct, frozen=True):
    """Who made the schedule, what may have been written since, and what was seen last.

    `sending` is what was about to be written, as long as it is not known what came of it. `last` is
    the explicit schedule that was seen last, unless a person has deleted it through naptime.
    """

    written: Written | None = None
    sending: Written | None = None
    last: MaintenanceWindow | None = None
    upgrades: Written | None = None
    """What naptime made the schedule of Kubernetes upgrades as."""
    upgrades_sent: Written | None = None
    """What of it was sent, and nothing heard of."""

    @classmethod
    def of(cls, row: Row) -> Self:
        """Read a row."""
        written = Written.of(row)
        made, sent = (record_from_text(row.text(f"upgrades{each}")) for each in ("Written", "Sent"))
        return cls(written, _sending(row), _last(row, written), made, sent)

    def accepted(self, schedule: ObservedSchedule | None, now: datetime) -> Written | None:
        """Give what was about to be written, if that is what is seen: nobody was told of it.

        What also stood before the last write may be that still, where it is too early to tell.
        """
        window = schedule.window if schedule else None
        if self.sending is None or window is None or self.is_too_early(window, now):
            return None
        return self.sending if self.sending.is_still(window, now) else None

    def is_too_early(self, window: MaintenanceWindow, now: datetime) -> bool:
        """Say whether what is seen may be what stood before the last write."""
        return self.written is not None and self.written.is_too_early(window, now)

    def explains(self, window: MaintenanceWindow, now: datetime) -> bool:
        """Say whether what is seen is on record: of the last write, or of what stood before it."""
        written = self.written
        is_it = written is not None and written.made(window, now)
        return is_it or self.is_too_early(window, now)

    @property
    def creation(self) -> Written | None:
        """What was sent where none was, and nothing heard of."""
        sending = self.sending
        return None if sending is None or sending.is_update_of(self.written) else sending


NOTHING_KNOWN = Standing()


def _sending(row: Row) -> Written | None:
    sending = record_from_text(row.text("sending"))
    return sending if sending and _is_too_early(row, sending.at) else None


def _last(row: Row, written: Written | None) -> MaintenanceWindow | None:
    """Give what was seen last; what naptime wrote where that was only not shown yet."""
    last, deleted_at = window_of(row.text("lastWindow")), row.instant("deletedAt")
    if last is None or (deleted_at and _is_too_early(row, deleted_at)):
        return None
    if written is None or not _is_too_early(row, written.at):
        return last
    is_of_before = _is_before(row, written.at) or is_same(written.previous, last, written.at)
    return window_of(written.window) if is_of_before else last


def _is_before(row: Row, change: datetime) -> bool:
    """Say whether the last look began before a change (UTC)."""
    read_at = row.instant("readAt")
    return read_at is None or read_at < change


def _is_too_early(row: Row, change: datetime) -> bool:
    """Say whether the last look may have seen what was there before a change (UTC)."""
    read_at = row.instant("readAt")
    return read_at is None or read_at - change < REPLICATION
