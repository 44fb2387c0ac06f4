"""The node OS schedule as it was seen last, as text in a row."""

import json
from functools import lru_cache
from typing import cast

from shared.domain.errors import InvalidWindow, Problem
from shared.domain.observed import ObservedSchedule, SeenSchedule
from shared.domain.window import MaintenanceWindow

_MOST_KNOWN = 1024
"""Texts whose reading is kept: many clusters share one, and reading it costs more than its use."""


def schedule_to_text(seen: SeenSchedule) -> str:
    """Write down what was seen, as JSON; never an empty text."""
    schedule = seen.schedule
    if schedule is None:
        return "null"
    body: dict[str, object] = {}
    if schedule.window is not None:
        body["window"] = schedule.window.to_arm()
    if schedule.unreadable is not None:
        problems = schedule.unreadable.problems
        body["unreadable"] = [[found.field, found.value, found.rule] for found in problems]
    return json.dumps(body, separators=(",", ":"))


@lru_cache(_MOST_KNOWN)
def schedule_from_text(text: str) -> SeenSchedule | None:
    """Read what `schedule_to_text` wrote; None for an empty text: nothing was seen."""
    if not text:
        return None
    body = json.loads(text)
    if body is None:
        return SeenSchedule(None)
    if "unreadable" in body:
        problems = [Problem(*cast("list[str]", found)) for found in body["unreadable"]]
        return SeenSchedule(ObservedSchedule(unreadable=InvalidWindow(problems)))
    if "window" in body:
        return SeenSchedule(ObservedSchedule(MaintenanceWindow.from_arm(body["window"])))
    return SeenSchedule(ObservedSchedule())
