"""What came of a cluster last, in as many characters as a row has room for."""

import json
from collections.abc import Mapping

from shared.domain.deciding.outcome import FindingJson, Outcome, OutcomeJson
from shared.domain.deciding.written import LONGEST
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.rows import Value
from shared.domain.window.body import write_window


class LastOutcomeJson(OutcomeJson):
    """What came of a cluster last, and when that was recorded."""

    recordedAt: str


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
