"""What a run has counted: outcomes, reasons, calls; the tallies of its parts add up.

How well a fleet is looked after, in four figures, from what a run has counted by reason.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Self, TypedDict

from msgspec import Struct, field

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason


class TallyJson(TypedDict):
    """Counts of clusters by outcome and by reason, of calls to Azure, and of 429s among them.

    `owned` are clusters whose schedule naptime wrote and nobody has changed.
    """

    outcomes: dict[str, int]
    reasons: dict[str, int]
    calls: int
    throttled: int
    owned: int


class Tally(Struct, frozen=True):
    """Counts of clusters by outcome and by reason, of calls to Azure, and of 429s among them."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    throttled: int = 0
    owned: int = 0

    @property
    def clusters(self) -> int:
        """How many clusters have an outcome."""
        return self.outcomes.total()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.outcomes + other.outcomes,
            self.reasons + other.reasons,
            self.calls + other.calls,
            self.throttled + other.throttled,
            self.owned + other.owned,
        )

    def counting(
        self, kind: OutcomeKind, reason: Reason, clusters: int = 1, *, owned: bool = False
    ) -> "Tally":
        """Give the tally with one more cluster in it, or with some that are alike."""
        kinds, reasons = Counter({kind.value: clusters}), Counter({reason.value: clusters})
        return self + Tally(kinds, reasons, owned=clusters if owned else 0)

    def to_json(self) -> TallyJson:
        """Give it as the HTTP API shows it."""
        return {
            "outcomes": dict(sorted(self.outcomes.items())),
            "reasons": dict(sorted(self.reasons.items())),
            "calls": self.calls,
            "throttled": self.throttled,
            "owned": self.owned,
        }

    def to_text(self) -> str:
        """Write it for a table row."""
        return json.dumps(self.to_json(), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        body = json.loads(text)
        calls, throttled = body["calls"], body["throttled"]
        # A run of an earlier version of naptime did not count them.
        owned = body.get("owned", 0)
        return cls(Counter(body["outcomes"]), Counter(body["reasons"]), calls, throttled, owned)


def total(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, Tally())


class ClusterState(StrEnum):
    """What a run knows of a cluster's protection in the end."""

    PROTECTED = "Protected"
    NEEDS_ATTENTION = "NeedsAttention"
    UNCONFIRMED = "Unconfirmed"
    LEFT_OUT = "LeftOut"


_LEFT_OUT = frozenset(
    {
        Reason.NOT_AUTO_PROVISIONED,
        Reason.EXCLUDED,
        Reason.CLUSTER_DELETING,
        Reason.CLUSTER_GONE,
        Reason.SUBSCRIPTION_LEFT_OUT,
    }
)


def state_after(reason: Reason, *, dry_run: bool) -> ClusterState:
    """Give the state of a cluster whose outcome in a run had that reason."""
    match reason:
        case Reason.UP_TO_DATE:
            return ClusterState.PROTECTED
        case Reason.OUTDATED | Reason.UPDATE_WAITS:
            return ClusterState.PROTECTED
        case Reason.SCHEDULE_MISSING | Reason.SCHEDULE_RESTORED | Reason.PUT_BACK:
            # The reason of one that was written; whatever prevented that is a reason of its own.
            return ClusterState.UNCONFIRMED if dry_run else ClusterState.PROTECTED
        case _ if reason in NEEDS_ATTENTION:
            return ClusterState.NEEDS_ATTENTION
        case _:
            return ClusterState.LEFT_OUT if reason in _LEFT_OUT else ClusterState.UNCONFIRMED


def count_states(reasons: Mapping[str, int], *, dry_run: bool) -> dict[ClusterState, int]:
    """Count clusters by state, zeros included, from their counts by reason."""
    counted: Counter[ClusterState] = Counter()
    for reason, count in reasons.items():
        counted[state_after(Reason(reason), dry_run=dry_run)] += count
    return {state: counted[state] for state in ClusterState}
