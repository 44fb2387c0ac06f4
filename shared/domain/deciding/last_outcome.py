"""What a cluster's row keeps as text: what came of it last, and the schedules seen last."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from shared.domain.deciding.observed import ObservedSchedule, SeenSchedule
from shared.domain.deciding.outcome import Outcome, OutcomeJson, OutcomeKind
from shared.domain.deciding.written import (
    LONGEST,
    Author,
    Written,
    canonical,
    record_to_text,
    start_of_window,
)
from shared.domain.vocabulary.fields import an_object, items, object_in
from shared.domain.vocabulary.instants import from_text
from shared.domain.vocabulary.invalid import InvalidWindow, Problem
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.rows import Value, object_from_text
from shared.domain.window.body import read_window, write_window
from shared.domain.window.window import MaintenanceWindow

if TYPE_CHECKING:
    from shared.domain.deciding.decision import FindingJson


class LastOutcomeJson(OutcomeJson):
    """What came of a cluster last, and when that was recorded."""

    recordedAt: str


LONGEST_OUTCOME = 16_000
"""Characters of one outcome as JSON: a property of a table holds 32,768, a row of a run more."""

_DATES = "notAllowedDates"
_CUT_TO = (120, 20)
"""Characters of a sentence; one beyond U+FFFF takes twelve as JSON."""


def fitted(shown: LastOutcomeJson) -> LastOutcomeJson:
    """Give an outcome that a row has room for: without dates, then with sentences cut."""
    if len(json.dumps(shown)) > LONGEST_OUTCOME:
        window = {name: value for name, value in (shown["window"] or {}).items() if name != _DATES}
        shown = {**shown, "window": window or None}
    for length in _CUT_TO:
        if len(json.dumps(shown)) <= LONGEST_OUTCOME:
            break
        shown = _cut(shown, length)
    return shown


def _cut(shown: LastOutcomeJson, length: int) -> LastOutcomeJson:
    findings: list[FindingJson] = [
        {"reason": each["reason"], "message": one_line(each["message"], length)}
        for each in shown["findings"]
    ]
    return {**shown, "message": one_line(shown["message"], length), "findings": findings}


_TEXTS = ("clusterId", "outcome", "reason", "recordedAt")
_ALWAYS_THERE = frozenset({*_TEXTS, "findings", "window", "dryRun"})


def read_outcome(text: str) -> LastOutcomeJson:
    """Read what came of a cluster, nothing where only its images were noted.

    Raises KeyError, TypeError or ValueError for what this version would stumble over later. Words
    that it does not know are kept.
    """
    body = object_from_text(text or "{}")
    if body:
        _check(body)
    return cast("LastOutcomeJson", body)


def _check(body: Mapping[str, object]) -> None:
    if missing := _ALWAYS_THERE - body.keys():
        raise KeyError(*sorted(missing))
    texts = [body[name] for name in _TEXTS] + [body.get("message", "")]
    for finding in items(body["findings"]):
        texts += [an_object(finding)[name] for name in ("reason", "message")]
    if not all(isinstance(each, str) for each in texts):
        raise TypeError("what should be text is none")
    from_text(str(body["recordedAt"]))
    if body["dryRun"] and body["window"] is not None:
        read_window(an_object(body["window"]))


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


_NONE = "null"
_LONGEST = 30_000
"""Characters of a text; a property of a table holds 32,768."""

_MOST_KNOWN = 1024
"""Texts whose reading is kept: many clusters share one, and reading it costs more than its use."""


def schedule_column(seen: SeenSchedule | None) -> str | None:
    """Give the text for a row: None for what is not known, empty where there is no room for it."""
    if seen is None:
        return None
    text = schedule_to_text(seen)
    return text if len(text) <= _LONGEST else ""


def schedule_to_text(seen: SeenSchedule) -> str:
    """Write down what was seen, as JSON; never an empty text."""
    schedule = seen.schedule
    if schedule is None:
        return _NONE
    body: dict[str, object] = {}
    if schedule.window is not None:
        body["window"] = write_window(schedule.window)
    if schedule.unreadable is not None:
        few = schedule.unreadable.few()
        body["unreadable"] = [[found.field, found.value, found.rule] for found in few.problems]
        body["more"] = few.more
    return json.dumps(body, separators=(",", ":"))


@lru_cache(_MOST_KNOWN)
def schedule_from_text(text: str) -> SeenSchedule | None:
    """Read what `schedule_to_text` wrote; None for an empty text: nothing was seen."""
    if not text:
        return None
    if text == _NONE:
        return SeenSchedule(None)
    body = object_from_text(text)
    if "unreadable" in body:
        found = cast("list[list[str]]", body["unreadable"])
        unreadable = InvalidWindow(
            [Problem(*each) for each in found], int(str(body.get("more", 0)))
        )
        return SeenSchedule(ObservedSchedule(unreadable=unreadable))
    if "window" in body:
        return SeenSchedule(ObservedSchedule(read_window(object_in(body, "window"))))
    return SeenSchedule(ObservedSchedule())
