"""What naptime decided for one cluster, from what, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.deciding.observed import ObservedCluster
from shared.domain.vocabulary.ids import ClusterId, Scope
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.starts import spread_window
from shared.domain.window.window import MaintenanceWindow, Occurrence


class Action(StrEnum):
    """What is to be done; Update comes only from a person's request."""

    CREATE = "Create"
    UPDATE = "Update"
    LEAVE = "Leave"
    SKIP = "Skip"
    DEFER = "Defer"


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason, and a sentence about this cluster."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Desired:
    """What the settings ask for.

    `lead` counts from ARM accepting the write; `attempt_timeout` is the longest that an attempt
    takes to get there. `spread` is how far a cluster's start may lie after the window's.
    """

    window: MaintenanceWindow
    excluded: tuple[Scope, ...] = ()
    lead: timedelta = timedelta(minutes=40)
    attempt_timeout: timedelta = timedelta(seconds=30)
    spread: timedelta = timedelta()

    @property
    def horizon(self) -> timedelta:
        """How far ahead of now the next start must be when an attempt is planned."""
        return self.lead + self.attempt_timeout

    def window_for(self, cluster_id: ClusterId) -> MaintenanceWindow:
        """Give the window that is to be written for one cluster; always the same for the same."""
        return spread_window(self.window, self.spread, cluster_id)

    def excludes(self, cluster: ObservedCluster) -> bool:
        """Say whether the settings exclude the cluster."""
        return any(scope.covers(cluster.id) for scope in self.excluded)


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, the findings behind it (never none; the first one decided), and the window.

    The window is the one to write for Create and Update, the observed one for Leave if it can be
    read, and None otherwise.
    """

    action: Action
    findings: tuple[Finding, ...]
    window: MaintenanceWindow | None = None

    @property
    def finding(self) -> Finding:
        """The finding that decided."""
        return self.findings[0]

    @property
    def reason(self) -> Reason:
        """The reason of the finding that decided."""
        return self.finding.reason

    def next_start(self, now: datetime) -> Occurrence | None:
        """Find the window's next occurrence to start; None if there is none or it is not known."""
        return self.window.next_start(now) if self.window else None
