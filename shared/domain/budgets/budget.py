"""A disruption budget of a NodePool: how many nodes may be replaced at once, and when that counts.

Patterns and meanings are those of Karpenter (kubernetes-sigs/karpenter pkg/apis/v1/nodepool.go and
pkg/apis/crds/karpenter.sh_nodepools.yaml, 2266468).
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import NotRequired, Self, TypedDict

from msgspec import Struct

from shared.domain.budgets.cron import Cron, parse_cron
from shared.domain.vocabulary.fields import BrokenRule

MOST_BUDGETS = 50
"""How many budgets a NodePool's schema lets through."""

_NODES = re.compile(r"(100|[0-9]{1,2})%|[0-9]+")
_DURATION = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:0s)?")
_DURATION_FORM = re.compile(r"((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)")
_DESCRIPTOR = re.compile(r"@(annually|yearly|monthly|weekly|daily|midnight|hourly)")
_SCHEDULE_FIELDS = 5
_WHITE_SPACE = frozenset(" \t\n\r\f\v")
_MINUTES_PER_HOUR = 60
_MINUTE = timedelta(minutes=1)
# Go's time.Duration ends there, and a NodePool beyond it cannot be read.
_LONGEST = timedelta(hours=2_562_047)
_ALL = 100
_MOST_DIGITS = 18


class DisruptionReason(StrEnum):
    """Why Karpenter replaces a node of its own will."""

    DRIFTED = "Drifted"
    UNDERUTILIZED = "Underutilized"
    EMPTY = "Empty"


class Nodes(Struct, frozen=True, order=True):
    """How many nodes of a pool at once: a number of them, or a percentage of the pool."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `3` or `10%`; raises BrokenRule."""
        match = _NODES.fullmatch(text)
        if match is None or len(text) > _MOST_DIGITS:
            raise BrokenRule('must be text like "3" or "10%", at most 100%')
        return cls(int(text.removesuffix("%")), text.endswith("%"))

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)

    @property
    def is_none(self) -> bool:
        """Whether no node may go."""
        return self.number == 0

    @property
    def is_all(self) -> bool:
        """Whether it limits nothing, however many nodes there are."""
        return self.percent and self.number >= _ALL

    def of(self, pool: int) -> int:
        """Give how many nodes of a pool of so many: a percentage is rounded up."""
        return -(-self.number * pool // _ALL) if self.percent else self.number


class Budget(Struct, frozen=True):
    """One budget; without a schedule it always counts, without reasons for every one of them.

    The schedule is as it is written: Karpenter's schema admits ones that its cron then refuses. An
    empty tuple of reasons is not None: such a budget counts for nothing.
    """

    nodes: Nodes
    reasons: tuple[DisruptionReason, ...] | None = None
    schedule: str | None = None
    duration: timedelta = timedelta()

    @property
    def cron(self) -> Cron | None:
        """Parse the schedule, if there is one; raises BrokenRule where Karpenter cannot."""
        return None if self.schedule is None else parse_cron(self.schedule)

    @property
    def cron_problem(self) -> str | None:
        """Say why Karpenter cannot parse the schedule, or None if it can."""
        try:
            _ = self.cron
        except BrokenRule as error:
            return str(error)
        return None

    def counts_for(self, reason: DisruptionReason) -> bool:
        """Say whether it limits replacements for a reason."""
        return self.reasons is None or reason in self.reasons

    def to_json(self) -> "BudgetJson":
        """Write it as a NodePool has it, absent parts left out."""
        body: BudgetJson = {"nodes": str(self.nodes)}
        if self.reasons is not None:
            body["reasons"] = [reason.value for reason in self.reasons]
        if self.schedule is not None:
            body["schedule"] = self.schedule
            body["duration"] = duration_text(self.duration)
        return body


class BudgetJson(TypedDict):
    """A disruption budget, as a NodePool has it."""

    nodes: str
    reasons: NotRequired[list[str]]
    schedule: NotRequired[str]
    duration: NotRequired[str]


class DisruptionJson(TypedDict):
    """The budgets of a NodePool."""

    budgets: list[BudgetJson]


class DisruptionSpecJson(TypedDict):
    """The part of a NodePool that holds its budgets."""

    disruption: DisruptionJson


DEFAULT_BUDGETS = (Budget(Nodes(10, percent=True)),)
"""What a NodePool has that names no budgets."""


def parse_schedule(text: str) -> str:
    """Take a schedule that a NodePool's schema lets through; raises BrokenRule."""
    # Not anchored as one would think: the schema's pattern is `^(@…)` or `(…)$`.
    if not _DESCRIPTOR.match(text) and not _ends_in_fields(text):
        raise BrokenRule("must be a cron of five fields, or @daily and the like")
    return text


def _ends_in_fields(text: str) -> bool:
    r"""Say whether `.+\s.+\s.+\s.+\s.+$` is found in a text, in one pass.

    Go's regular expressions take one as well; Python's would go back over every choice, for longer
    than anybody waits. A bit says that the text so far may end in so many fields, or behind the
    white space after them.
    """
    fields = spaces = 0
    for char in text:
        ended = fields if char in _WHITE_SPACE else 0
        fields = 0 if char == "\n" else fields | spaces << 1 | 1
        spaces = ended
    return bool(fields >> (_SCHEDULE_FIELDS - 1) & 1)


def parse_duration(text: str) -> timedelta:
    """Read a duration of hours and minutes, such as 4h or 1h30m; raises BrokenRule."""
    match = _DURATION.fullmatch(text)
    if match is None or not _DURATION_FORM.fullmatch(text):
        raise BrokenRule("must be hours and minutes, like 4h or 1h30m: no days, no seconds")
    duration = timedelta(hours=int(match[1] or 0), minutes=int(match[2] or 0))
    if duration > _LONGEST:
        raise BrokenRule("must be at most 2562047h")
    return duration


def parse_reason(text: str) -> DisruptionReason:
    """Read a reason; raises BrokenRule."""
    if text not in set(DisruptionReason):
        raise BrokenRule(f"must be one of {', '.join(DisruptionReason)}")
    return DisruptionReason(text)


def duration_text(duration: timedelta) -> str:
    """Write a duration of whole minutes as 164h, 30m or 4h30m."""
    hours, minutes = divmod(duration // _MINUTE, _MINUTES_PER_HOUR)
    if not minutes:
        return f"{hours}h"
    return f"{hours}h{minutes}m" if hours else f"{minutes}m"


def disruption_json(budgets: Iterable[Budget]) -> DisruptionSpecJson:
    """Write budgets as the `spec` of a NodePool holds them."""
    return {"disruption": {"budgets": [budget.to_json() for budget in budgets]}}
