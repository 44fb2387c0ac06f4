"""Checks on a schedule that naptime wrote itself, by its record of that."""

from datetime import datetime

from shared.domain.deciding.checks import Situation
from shared.domain.deciding.decision import Finding
from shared.domain.deciding.written import Written
from shared.domain.policy.choose import Use
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.text import offset_text
from shared.domain.window.window import MaintenanceWindow


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
