"""What came of a cluster last, in as many characters as a row has room for."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

from shared.domain.deciding.outcome import Outcome, OutcomeJson, OutcomeKind
from shared.domain.deciding.written import (
    LONGEST,
    Author,
    Written,
    canonical,
    record_to_text,
    start_of_window,
)
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.rows import Value
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow

if TYPE_CHECKING:
    from shared.domain.deciding.decision import FindingJson


class LastOutcomeJson(OutcomeJson):
    """What came of a cluster last, and when that was recorded."""

    recordedAt: str


_ALWAYS_THERE = frozenset(
    {"clusterId", "outcome", "reason", "findings", "window", "dryRun", "recordedAt"}
)


def read_last_outcome(text: str) -> LastOutcomeJson:
    """Read what came of a cluster, nothing where only its images were noted; or raise KeyError."""
    body = json.loads(text or "{}")
    if body and (missing := _ALWAYS_THERE - body.keys()):
        raise KeyError(*sorted(missing))
    return cast("LastOutcomeJson", body)


_DATES = "notAllowedDates"
_CUT_TO = (120, 20)
"""Characters of a sentence; one beyond U+FFFF takes twelve as JSON."""


def fitted(shown: LastOutcomeJson, longest: int) -> LastOutcomeJson:
    """Give an outcome in so many characters of JSON: without dates, then with sentences cut."""
    if len(json.dumps(shown)) > longest:
        window = {name: value for name, value in (shown["window"] or {}).items() if name != _DATES}
        shown = {**shown, "window": window or None}
    for length in _CUT_TO:
        if len(json.dumps(shown)) <= longest:
            break
        shown = _cut(shown, length)
    return shown


def _cut(shown: LastOutcomeJson, length: int) -> LastOutcomeJson:
    findings: list[FindingJson] = [
        {"reason": each["reason"], "message": one_line(each["message"], length)}
        for each in shown["findings"]
    ]
    return {**shown, "message": one_line(shown["message"], length), "findings": findings}


def last_window_values(outcome: Outcome) -> Mapping[str, Value | None]:
    """Give the explicit schedule that is there.

    One that is there and says nothing that could be written again leaves none; one that is not
    there leaves the one before.
    """
    if outcome.schedule is None or outcome.dry_run or outcome.sent:
        return {}
    there = outcome.schedule.schedule
    window = json.dumps(write_window(there.window)) if there and there.window else ""
    kept = window if len(window) <= LONGEST else ""
    return {"lastWindow": kept if there else None}


def record_of(outcome: Outcome, at: datetime, by: Author) -> Written | None:
    """Give what is to be kept of what was written; None where nothing was, as in a dry run."""
    if outcome.record and not outcome.dry_run:
        return outcome.record
    wrote = outcome.kind in {OutcomeKind.CREATED, OutcomeKind.UPDATED} and not outcome.dry_run
    return _begun(outcome, outcome.window, at, by) if wrote and outcome.window else None


def upgrades_values(outcome: Outcome, at: datetime) -> Mapping[str, Value]:
    """Give what is to be kept of the schedule of Kubernetes upgrades: as it was made, or sent.

    What was sent, and nothing was heard of, stays until it is seen.
    """
    made = outcome.kubernetes
    if made and made.kind is OutcomeKind.CREATED and made.window:
        written = _begun(outcome, made.window, at, Author.NAPTIME)
        return {"upgradesWritten": record_to_text(written), "upgradesSent": ""}
    if made and made.sent:
        return {"upgradesSent": record_to_text(_begun(outcome, made.sent, at, Author.NAPTIME))}
    return {}


def _begun(outcome: Outcome, window: MaintenanceWindow, at: datetime, by: Author) -> Written:
    text, start = canonical(window, at), start_of_window(window)
    return Written(text, at, by, outcome.rule, outcome.policy_hash, start=start)
