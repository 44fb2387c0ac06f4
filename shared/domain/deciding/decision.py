"""What naptime decided for one cluster, from what, and why."""

from copy import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from msgspec import Struct
from msgspec.structs import force_setattr

from shared.domain.deciding.observed import ObservedCluster
from shared.domain.deciding.own.drift import Drift, Owned, drift_of, is_undone
from shared.domain.deciding.written import Written
from shared.domain.policy.choose import Choice, Policy, Use
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.ids import ClusterId, Scope
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.starts import MINIMUM_LEAD
from shared.domain.window.window import MaintenanceWindow, Occurrence


class Action(StrEnum):
    """What is to be done."""

    CREATE = "Create"
    UPDATE = "Update"
    LEAVE = "Leave"
    SKIP = "Skip"
    DEFER = "Defer"


LONGEST_FINDING = 1000
"""Characters of a finding: parts of it are written by whoever owns the cluster."""


class Finding(Struct, frozen=True):
    """A reason, and a sentence about this cluster, cut to what rows and events have room for."""

    reason: Reason
    message: str

    def __post_init__(self) -> None:
        force_setattr(self, "message", one_line(self.message, LONGEST_FINDING))


class FindingJson(TypedDict):
    """A reason, and a sentence about this cluster."""

    reason: Reason
    message: str


def finding_json(finding: Finding) -> FindingJson:
    """Give a finding ready for JSON."""
    return {"reason": finding.reason, "message": finding.message}


RIGHT_BEFORE = timedelta(seconds=1)
"""How long after a look a write may be sent: later, somebody else may have written meanwhile."""

_ARMS_CLOCK = timedelta(seconds=1)
"""How far ARM's clock may be ahead of what its answer says, which has whole seconds."""

BEFORE_A_WRITE = RIGHT_BEFORE + _ARMS_CLOCK
"""How much of an attempt's time may have passed, by ARM's clock, before the write is sent."""


class Desired(Struct, frozen=True):
    """What the policy and the settings ask for.

    `lead` counts from ARM accepting the write; `attempt_timeout` is the longest that an attempt
    takes from its look to get there.
    """

    policy: Policy
    excluded: tuple[Scope, ...] = ()
    lead: timedelta = timedelta(minutes=40)
    attempt_timeout: timedelta = timedelta(seconds=30)
    restores: bool = True
    """Whether a schedule that somebody removes comes back as it was seen last."""

    @property
    def horizon(self) -> timedelta:
        """How far ahead of now the next start must be when an attempt is planned."""
        return self.lead + self.attempt_timeout

    def rule_of(self, cluster: ObservedCluster | None, now: datetime) -> str:
        """Name the rule that a cluster has; empty for one that was not read."""
        return self.policy.choose(cluster, now).rule if cluster else ""

    def planned(self, cluster: ObservedCluster, now: datetime) -> MaintenanceWindow | None:
        """Give the window as it would be written at `now`; None where none is to be written."""
        return self.policy.choose(cluster, now).planned(cluster.id, now, self.horizon)

    @property
    def margin(self) -> timedelta:
        """How long before its start a window may be changed at the latest."""
        return MINIMUM_LEAD + self.attempt_timeout

    def owned(
        self,
        cluster_id: ClusterId,
        written: Written | None,
        window: MaintenanceWindow | None,
        now: datetime,
    ) -> Owned | None:
        """Give a schedule that is seen at an aware instant as naptime's own; None if it is not."""
        if written is None or window is None or not written.is_owned(window, now):
            return None
        return Owned(cluster_id, written, window, now, self.horizon, self.margin)

    def drift(
        self,
        cluster_id: ClusterId,
        use: Use,
        written: Written | None,
        window: MaintenanceWindow | None,
        now: datetime,
    ) -> Drift | None:
        """Find how an owned schedule differs from what a rule wants; None where it does not."""
        owned = self.owned(cluster_id, written, window, now)
        found = drift_of(owned, use) if owned and isinstance(use, NamedWindow) else None
        if found is None or owned is None:
            return None
        undone = isinstance(use, NamedWindow) and is_undone(owned, use, found)
        return replace(found, update=self.policy.updates.owned and not undone)


class Decision(Struct, frozen=True):
    """An action, the findings behind it (never none; the first one decided), and the window.

    The window is the one to write for Create and a person's Update, the observed one for Leave and
    naptime's own Update if it can be read, and None otherwise.
    """

    action: Action
    findings: tuple[Finding, ...]
    window: MaintenanceWindow | None = None
    choice: Choice | None = None
    """What the policy wants for the cluster, and why; None for one that ARM does not know."""
    lets_go: datetime | None = None
    """When naptime wrote (UTC) what somebody has changed since, and nobody was told of."""
    drift: Drift | None = None
    """How an owned schedule differs from what is wanted; its window is what an Update writes."""
    owned: bool = False
    """Whether the schedule that is seen is naptime's own."""
    adopts: bool = False
    """Whether it becomes that: nothing is known of it, and it is exactly what is wanted."""

    def kept(self) -> "Decision":
        """Give the same for a schedule that is naptime's own after all, so that none is let go."""
        findings = tuple(
            each for each in self.findings if each.reason is not Reason.SCHEDULE_LET_GO
        )
        return replace(self, findings=findings, lets_go=None)

    @property
    def rule(self) -> str:
        """The rule of the policy that the cluster has; empty where there is no cluster."""
        return self.choice.rule if self.choice else ""

    @property
    def policy_hash(self) -> str:
        """The version of the policy that said so; empty for the settings' own."""
        return self.choice.policy_hash if self.choice else ""

    @property
    def finding(self) -> Finding:
        """The finding that decided."""
        return self.findings[0]

    @property
    def reason(self) -> Reason:
        """The reason of the finding that decided."""
        return self.finding.reason

    @property
    def writes(self) -> bool:
        """Whether it is to be written."""
        return self.action in {Action.CREATE, Action.UPDATE}

    def next_start(self, now: datetime) -> Occurrence | None:
        """Find the window's next occurrence to start; None if there is none or it is not known."""
        return self.window.next_start(now) if self.window else None
