"""How a schedule that naptime owns differs from what its policy wants, and when it may be changed.

Pure: it knows of no cluster but this one, and says nothing of how many others are to be changed.
"""

from copy import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NotRequired, TypedDict
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.domain.deciding.conditions import Difference, DifferenceJson, changes_between
from shared.domain.deciding.written import Written, canonical, is_alike_but_for_clocks
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import to_text
from shared.domain.window.starts import MINIMUM_LEAD, possible_occurrences
from shared.domain.window.window import MaintenanceWindow, Occurrence

LONGEST_WITHOUT = timedelta(days=8)
"""No change may leave so long a time without an opening: images are released every week."""


class DriftJson(TypedDict):
    """What an owned schedule is changed from and to, by the hashes of both, field by field.

    `clocks` says that only the clocks of its zone have changed, `update` that naptime changes it
    by itself. `waitsUntil` (UTC) is the end of the opening that is in the way of that, if one is.
    """

    before: str
    after: str
    clocks: bool
    update: bool
    changes: list[DifferenceJson]
    waitsUntil: NotRequired[str]


class Wait(Struct, frozen=True):
    """Why a schedule is not changed now, and until when (UTC)."""

    until: datetime
    why: str


class Drift(Struct, frozen=True):
    """What an owned schedule is, and what is wanted instead; `window` as it is to be written.

    `before` and `after` are canonical windows. `wait` is what is in the way of the change now.
    """

    before: str
    after: str
    window: MaintenanceWindow
    changes: tuple[Difference, ...]
    clocks: bool
    """Whether nothing but the clocks of the zone has changed since it was written."""
    wait: Wait | None = None
    update: bool = False
    """Whether the policy has naptime change it by itself."""

    def to_json(self) -> DriftJson:
        """Give it as the HTTP API shows it."""
        shown: DriftJson = {
            "before": digest(self.before),
            "after": digest(self.after),
            "clocks": self.clocks,
            "update": self.update,
            "changes": [change.to_json() for change in self.changes],
        }
        return {**shown, "waitsUntil": to_text(self.wait.until)} if self.wait else shown


def digest(window: str) -> str:
    """Give the hash by which a canonical window is named in a plan."""
    return sha256(window.encode()).hexdigest()[:16]


class Owned(Struct, frozen=True):
    """A schedule that naptime owns, as it is seen at an aware instant, and what it was to be.

    `lead` is how far ahead of `now` the next start of what is written must be.
    """

    cluster_id: ClusterId
    written: Written
    window: MaintenanceWindow
    now: datetime
    lead: timedelta
    margin: timedelta = MINIMUM_LEAD
    """How long before it opens a window may be changed at the latest."""

    @property
    def last_opened(self) -> datetime:
        """Give when it was open last by naptime's own record (UTC), or when that begins.

        Only openings count that began after the schedule was written: those before it were
        another's. Of a window whose days are not certain, none does.
        """
        if self.window.ambiguity:
            return self.written.opened or self.written.at
        since, ends = self.written.at, [self.written.opened or self.written.at]
        for found in self.window.occurrences(max(since, self.now - LONGEST_WITHOUT)):
            if found.end > self.now:
                break
            ends += [found.end] if found.start >= since else []
        return max(ends)


def drift_of(owned: Owned, use: NamedWindow) -> Drift | None:
    """Find how an owned schedule differs from what a rule wants; None where it does not.

    The coming start decides. What starts within the lead time could not be written for it any
    more, so what is wanted after it is right as well.
    """
    planned = use.planned(owned.cluster_id, owned.now, owned.lead)
    coming, _ = use.coming(owned.cluster_id, owned.now)
    before, after = canonical(owned.window, owned.now), canonical(planned, owned.now)
    if before in {after, canonical(coming, owned.now)}:
        return None
    _, start = use.coming(owned.cluster_id, owned.now + owned.lead)
    clocks = only_clocks(owned, use)
    wait = _wait_before(owned, start, clocks=clocks)
    return Drift(before, after, planned, _changes(owned, planned), clocks, wait)


def is_undone(owned: Owned, use: NamedWindow, found: Drift) -> bool:
    """Say whether a person had this very window taken back.

    In a zone whose clocks change, at whatever offset: another one is no other wish of the policy.
    """
    undone = owned.written.undone
    if isinstance(use.zone, ZoneInfo):
        return is_alike_but_for_clocks(found.after, undone)
    return found.after == undone


def back_to(owned: Owned, window: MaintenanceWindow) -> Drift | None:
    """Find what putting an earlier window back would change; None where nothing would.

    `window` is as it is to be written.
    """
    before, after = canonical(owned.window, owned.now), canonical(window, owned.now)
    start = window.next_start(owned.now)
    if before == after or start is None:
        return None
    wait = _wait_before(owned, start.start, clocks=False)
    return Drift(before, after, window, _changes(owned, window), clocks=False, wait=wait)


def _changes(owned: Owned, window: MaintenanceWindow) -> tuple[Difference, ...]:
    before = replace(owned.window, start_date=None)
    return changes_between(before, replace(window, start_date=None))


def only_clocks(owned: Owned, use: NamedWindow) -> bool:
    """Say whether the rule wanted exactly this when it was written, and its clocks have changed.

    Another zone, or another offset, is a change of the policy, however small it looks.
    """
    if not isinstance(use.zone, ZoneInfo):
        return False
    at, cluster_id = owned.written.at, owned.cluster_id
    wanted_then = (
        use.coming(cluster_id, at)[0],
        use.coming(cluster_id, at + owned.lead)[0],
    )
    seen = canonical(owned.window, owned.now)
    return any(canonical(each, owned.now) == seen for each in wanted_then)


def _wait_before(owned: Owned, start: datetime, *, clocks: bool) -> Wait | None:
    """Find what is in the way of a change now; None if nothing is.

    `start` (UTC) is the first start of what would be written. No change may take an opening away
    that nothing comes in the place of.
    """
    coming = next(possible_occurrences(owned.window, owned.now), None)
    if coming is None:
        return None
    if coming.start < owned.now + owned.margin:
        return Wait(_quiet_from(owned, coming), _in_use(coming, owned.now))
    if start > owned.last_opened + LONGEST_WITHOUT and coming.start < start:
        why = f"until {to_text(start)} there would be no opening, for more than eight days."
        return Wait(coming.end, why)
    if clocks and start >= coming.end:
        return Wait(coming.end, f"the opening at {to_text(coming.start)} would be lost.")
    return None


def _in_use(found: Occurrence, now: datetime) -> str:
    state = "is open" if found.start <= now else f"opens at {to_text(found.start)}"
    return f"the present window {state}, until {to_text(found.end)}."


def _quiet_from(owned: Owned, found: Occurrence) -> datetime:
    """Find when the present window is neither open nor about to be.

    One that always is says the end of the first opening that is a week ahead.
    """
    quiet = found.end
    week = owned.now + LONGEST_WITHOUT
    for each in possible_occurrences(owned.window, owned.now):
        if each.start > week or each.start >= quiet + owned.margin:
            break
        quiet = max(quiet, each.end)
    return quiet
