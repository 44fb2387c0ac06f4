"""The schedules and the channels of a cluster as they were seen last, as text in its row."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from shared.domain.deciding.observed import ObservedSchedule, SeenSchedule
from shared.domain.vocabulary.invalid import InvalidWindow, Problem
from shared.domain.window.body import read_window, write_window


@dataclass(frozen=True, slots=True)
class KnownCluster:
    """As much of what is remembered of a cluster as its forecasts need."""

    node_os_channel: str | None
    upgrade_channel: str | None
    schedule_text: str
    """As `schedule_to_text` wrote it; empty if nothing was seen."""
    auto_upgrade_text: str = ""
    """The same of the schedule of Kubernetes upgrades."""
    sku: str = ""


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
        return "null"
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
    body = json.loads(text)
    if body is None:
        return SeenSchedule(None)
    if "unreadable" in body:
        problems = [Problem(*cast("list[str]", found)) for found in body["unreadable"]]
        unreadable = InvalidWindow(problems, body.get("more", 0))
        return SeenSchedule(ObservedSchedule(unreadable=unreadable))
    if "window" in body:
        return SeenSchedule(ObservedSchedule(read_window(body["window"])))
    return SeenSchedule(ObservedSchedule())
