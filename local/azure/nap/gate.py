"""Whether NAP would pick up a new node image at an instant: the gate that a window is to it.

Karpenter reads one upcoming occurrence, which AKS writes into a ConfigMap; without one the gate is
open (Azure/karpenter-provider-azure, pkg/controllers/nodeclass/status/images.go, 2026-08-21).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from local.azure.arm.aks_schedule import next_start
from local.azure.arm.clusters import Sight
from local.azure.json_values import JsonObject, as_object, iso

START_KEY = "aksManagedNodeOSUpgradeSchedule-start"
END_KEY = "aksManagedNodeOSUpgradeSchedule-end"
# Go's time.RFC3339, which is narrower than what Python reads.
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


class Gate(StrEnum):
    """What the gate is: frozen images stay for ever, unknown is what no source tells.

    An upgrade of Kubernetes goes by it, whatever it is.
    """

    OPEN = "open"
    CLOSED = "closed"
    FAIL_OPEN = "fail-open"
    FROZEN = "frozen"
    UNKNOWN = "unknown"
    BYPASSED = "bypassed"

    @property
    def lets_images_in(self) -> bool:
        """Whether a new image is picked up."""
        return self in {Gate.OPEN, Gate.FAIL_OPEN}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A gate, why it is so, and the window that was looked at, if any."""

    gate: Gate
    reason: str
    start: datetime | None = None
    end: datetime | None = None

    def to_json(self) -> JsonObject:
        """Show the judgement; the window in UTC."""
        window = self.start and self.end and {"start": iso(self.start), "end": iso(self.end)}
        return {"gate": self.gate.value, "reason": self.reason, "window": window or None}


def gate_by(data: Mapping[str, str], now: datetime) -> Judgement:
    """Judge by the contents of the ConfigMap; one that does not exist is empty."""
    start, end = data.get(START_KEY, ""), data.get(END_KEY, "")
    if not start and not end:
        return Judgement(Gate.FAIL_OPEN, "there is no upcoming window: images come at any hour")
    if not start or not end:
        return Judgement(Gate.FROZEN, "incomplete maintenance window data: an error each time")
    if not _RFC_3339.fullmatch(start) or not _RFC_3339.fullmatch(end):
        return Judgement(Gate.FROZEN, "window start or end is no RFC 3339 time: an error each time")
    opens, closes = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if opens < now < closes:
        return Judgement(Gate.OPEN, "within the window", opens, closes)
    return Judgement(Gate.CLOSED, "outside the window", opens, closes)


def upcoming_window(schedule: JsonObject | None, now: datetime) -> Mapping[str, str] | None:
    """Write what AKS writes for a schedule's properties at an instant; None where that is unknown.

    No schedule, or one without a maintenance window, is nothing.
    """
    if not as_object((schedule or {}).get("maintenanceWindow")):
        return {}
    upcoming = next_start(schedule or {}, now)
    if upcoming.start is None or upcoming.end is None:
        return None
    return {START_KEY: iso(upcoming.start), END_KEY: iso(upcoming.end)}


def gate_at(sight: Sight, now: datetime) -> Judgement:
    """Judge by what decides about a cluster's images at an instant."""
    data = sight.forced if sight.forced is not None else upcoming_window(sight.schedule, now)
    if data is None:
        note = next_start(sight.schedule or {}, now).note
        return Judgement(Gate.UNKNOWN, f"when the window is next cannot be told: {note}")
    return gate_by(data, now)
