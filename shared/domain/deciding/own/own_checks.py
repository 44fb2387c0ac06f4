"""Checks on a schedule that naptime wrote itself, by its record of that."""

from copy import replace
from datetime import datetime

from shared.domain.deciding.checks import (
    Situation,
    blocked_by_not_allowed_dates,
    inactive_until,
)
from shared.domain.deciding.decision import Finding
from shared.domain.deciding.observed import NODE_OS_SCHEDULE, ObservedSchedule
from shared.domain.deciding.own.drift import Drift
from shared.domain.deciding.written import Written, canonical, without_past_dates
from shared.domain.policy.choose import Use
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.starts import plan_start
from shared.domain.window.text import offset_text
from shared.domain.window.window import MaintenanceWindow


def schedule_restored(situation: Situation) -> Finding | None:
    """Find that the schedule was removed, and can come back as it was seen last."""
    last = restored(situation)
    if last is None:
        return None
    first = last.next_start(situation.now)
    when = f", first at {to_text(first.start)}" if first else ""
    message = f"{NODE_OS_SCHEDULE} was removed. It comes back as it was seen last{when}."
    return Finding(Reason.SCHEDULE_RESTORED, message)


def restored(situation: Situation) -> MaintenanceWindow | None:
    """Give what was seen last, as it can be written now; None where the rule's window is written.

    That is so where nothing was seen, or what was seen would not be open in time; and where it is
    naptime's own but for the clocks.
    """
    last, desired, now = situation.last, situation.desired, situation.now
    use = situation.choice.use
    if situation.schedule is not None or not desired.restores or not isinstance(use, NamedWindow):
        return None
    if last is None or last.ambiguity or _is_written_anew(situation, last):
        return None
    planned = plan_start(without_past_dates(last, now), now, desired.horizon)
    there = replace(situation, schedule=ObservedSchedule(planned))
    in_time = planned.next_start(now) and not (
        inactive_until(there) or blocked_by_not_allowed_dates(there)
    )
    return planned if in_time else None


def _is_written_anew(situation: Situation, last: MaintenanceWindow) -> bool:
    """Say whether the rule's own window is what was there, or would be but for the clocks."""
    wanted = situation.planned
    if wanted and canonical(wanted, situation.now) == canonical(last, situation.now):
        return True
    use, written = situation.choice.use, situation.written
    found = situation.desired.drift(situation.cluster.id, use, written, last, situation.now)
    return found is not None and found.clocks


def is_identical(situation: Situation) -> bool:
    """Say whether a schedule of which nothing is known is exactly what would be written.

    With its dates: one that starts later, or leaves days out, is somebody's.
    """
    schedule, now, desired = situation.schedule, situation.now, situation.desired
    wanted = situation.planned
    if situation.written is not None or schedule is None or not desired.policy.updates.adopts:
        return False
    seen = schedule.window
    if seen is None or wanted is None or schedule.more or seen.not_allowed_dates:
        return False
    same = canonical(seen, now) == canonical(wanted, now)
    after = now + desired.horizon
    return same and seen.next_start(after) == wanted.next_start(after)


def to_be_changed(situation: Situation) -> Finding | None:
    """Find that naptime's own schedule is to be changed."""
    found = situation.drift
    return _outdated(found) if found and found.update else None


def outdated(situation: Situation) -> Finding | None:
    """Find that naptime's own schedule is not what is wanted, and is left as it is."""
    found = situation.drift
    return _outdated(found) if found and not found.update else None


def _outdated(found: Drift) -> Finding:
    changes = "; ".join(
        f"{change.path.removeprefix('maintenanceWindow.')}: {change.observed} is to be"
        f" {change.desired}"
        for change in found.changes
    )
    wait = f" It waits until {to_text(found.wait.until)}: {found.wait.why}" if found.wait else ""
    return Finding(
        Reason.OUTDATED, f"naptime wrote it, and it is not what is wanted: {changes}.{wait}"
    )


def offset_stale(situation: Situation) -> Finding | None:
    """Find that the clocks of the window's zone have left the offset that naptime wrote."""
    window, use, now = situation.window, situation.choice.use, situation.now
    since = stale_since(situation.cluster.id, use, window, situation.written, now)
    coming = window.next_start(now) if window else None
    if since is None or window is None or coming is None or not isinstance(use, NamedWindow):
        return None
    message = (
        f"Since {to_text(since)} the clocks of {use.zone_name} are not at"
        f" {offset_text(window.utc_offset)}, which the schedule keeps: it opens at"
        f" {coming.start.astimezone(use.zone):%H:%M} there, not at {window.start_time:%H:%M}."
        " Delete it, and naptime writes it with the offset of now."
    )
    return Finding(Reason.OFFSET_STALE, message)


def schedule_let_go(situation: Situation) -> Finding | None:
    """Find that somebody changed what naptime wrote, and that nobody was told yet."""
    written = situation.written
    if written is None or not let_go(situation):
        return None
    message = f"Somebody changed the schedule that naptime wrote on {written.at.date()}."
    return Finding(Reason.SCHEDULE_LET_GO, f"{message} It is theirs from now on.")


def let_go(situation: Situation) -> datetime | None:
    """Give when what somebody changed was written (UTC); None where nothing is to be let go."""
    written, schedule = situation.written, situation.schedule
    if written is None or schedule is None or not written.is_changed(schedule, situation.now):
        return None
    return written.at


def stale_since(
    cluster_id: ClusterId,
    use: Use,
    window: MaintenanceWindow | None,
    written: Written | None,
    now: datetime,
) -> datetime | None:
    """Say since when (UTC) the offset of an owned window is not its zone's; None where it is."""
    if not isinstance(use, NamedWindow) or window is None or written is None:
        return None
    return use.stale_since(cluster_id, window, now) if written.is_owned(window, now) else None
