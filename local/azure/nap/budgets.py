"""Disruption budgets of a node pool, as Karpenter evaluates them at an instant.

A budget is active where its schedule hits within its duration before; the least of the active ones
counts, and one that cannot be read stops the whole pool (kubernetes-sigs/karpenter
pkg/apis/v1/nodepool.go, 2266468). Only drift is looked at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.azure.json_values import JsonObject, as_list, as_text
from local.azure.nap.cron import Schedule, schedule_of

_NODES = re.compile(r"(100|[0-9]{1,2})%|[0-9]{1,9}")
_DURATION = re.compile(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,8})m)?(?:0s)?")
_KNOWN = {"nodes", "reasons", "schedule", "duration"}
_DRIFTED = "Drifted"


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget; without a schedule text it is always active, without a schedule never readable."""

    nodes: str
    counts: bool = True
    text: str | None = None
    schedule: Schedule | None = None
    duration: timedelta = timedelta()

    @property
    def is_broken(self) -> bool:
        """Whether Karpenter cannot parse the schedule."""
        return self.text is not None and self.schedule is None

    def is_active(self, at: datetime) -> bool:
        """Say whether it restricts at an instant."""
        if self.schedule is None:
            return True
        hit = self.schedule.next_hit(at - self.duration)
        return hit is None or hit <= at

    def of(self, nodes: int) -> int:
        """Give how many of so many nodes may go at once; a percentage is rounded up."""
        number = int(self.nodes.removesuffix("%"))
        return -(-number * nodes // 100) if self.nodes.endswith("%") else number

    def next_change(self, after: datetime) -> datetime | None:
        """Find when it may next become active, or stop to be."""
        if self.schedule is None:
            return None
        hits = (self.schedule.next_hit(after), self.schedule.next_hit(after - self.duration))
        starts, ends = hits[0], hits[1] and hits[1] + self.duration
        return min((each for each in (starts, ends) if each and each > after), default=None)


def allowed(budgets: Sequence[Budget], nodes: int, at: datetime) -> int:
    """Give how many of a pool's nodes may be in replacement at an instant."""
    if any(budget.is_broken for budget in budgets):
        return 0
    active = [each.of(nodes) for each in budgets if each.counts and each.is_active(at)]
    return min([nodes, *active])


def budget_of(body: JsonObject) -> Budget:
    """Read a budget as a NodePool has it; raises ValueError."""
    if unknown := body.keys() - _KNOWN:
        message = f"budgets: {', '.join(sorted(unknown))} is not known"
        raise ValueError(message)
    nodes = as_text(body.get("nodes")) or "10%"
    if not _NODES.fullmatch(nodes):
        message = f'budgets: nodes {nodes}: must be like "3" or "10%"'
        raise ValueError(message)
    reasons = body.get("reasons")
    counts = reasons is None or _DRIFTED in as_list(reasons)
    if ("schedule" in body) != ("duration" in body):
        message = "budgets: schedule and duration go together"
        raise ValueError(message)
    if "schedule" not in body:
        return Budget(nodes, counts)
    text = as_text(body["schedule"])
    return Budget(nodes, counts, text, schedule_of(text), _duration(as_text(body["duration"])))


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        message = f"budgets: duration {text}: must be hours and minutes, like 4h or 1h30m"
        raise ValueError(message)
    return timedelta(hours=int(match[1] or 0), minutes=int(match[2] or 0))
