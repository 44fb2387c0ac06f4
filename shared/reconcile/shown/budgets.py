"""A cluster's windows, as disruption budgets are made for them and held against them."""

from collections.abc import Sequence
from typing import Self

from msgspec import Struct

from shared.domain.budgets.checking.report import BudgetReport, ReportJson
from shared.domain.budgets.making.made import Made, MadeJson
from shared.domain.deciding.kubernetes import auto_upgrade_configuration
from shared.domain.deciding.observed import (
    ObservedConfiguration,
    ObservedSchedule,
    node_os_schedule,
    read_schedule,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow


class WindowBudgetsJson(MadeJson):
    """Disruption budgets for a window."""

    window: dict[str, object]


class ClusterBudgetsJson(WindowBudgetsJson):
    """Disruption budgets for a cluster's window as ARM has it now."""

    clusterId: str


class HeldBudgetsJson(ReportJson):
    """NodePools beside windows.

    `window` is null where there is none that can be read, `kubernetesWindow` likewise.
    """

    window: dict[str, object] | None
    kubernetesWindow: dict[str, object] | None


class CheckedBudgetsJson(HeldBudgetsJson):
    """NodePools beside a cluster's windows as ARM has them now."""

    clusterId: str


class BudgetWindows(Struct, frozen=True):
    """When NAP picks up node images, and when Kubernetes may be upgraded; None where nobody says.

    `schedule` is None where there is no node OS schedule at all.
    """

    schedule: ObservedSchedule | None
    kubernetes: MaintenanceWindow | None = None

    @classmethod
    def of(cls, found: Sequence[ObservedConfiguration]) -> Self:
        """Read them from a cluster's maintenance configurations."""
        observed, upgrades = node_os_schedule(found), auto_upgrade_configuration(found)
        # A window of Kubernetes upgrades that cannot be read is none.
        kubernetes = read_schedule(upgrades.properties).window if upgrades else None
        return cls(observed.schedule if observed else None, kubernetes)

    @property
    def node_os(self) -> MaintenanceWindow | None:
        """The window of the node OS schedule, if there is one that can be read."""
        return self.schedule.window if self.schedule else None

    @property
    def why_none(self) -> str:
        """Say why there is no window that budgets could be made for."""
        if self.schedule is None:
            return "the cluster has no node OS schedule"
        if self.schedule.unreadable is not None:
            return str(self.schedule.unreadable)
        return "there is no maintenance window in it"


def made_json(window: MaintenanceWindow, made: Made) -> WindowBudgetsJson:
    """Show budgets that were made for a window."""
    return {**made.to_json(), "window": write_window(window)}


def budgets_json(
    cluster_id: ClusterId, window: MaintenanceWindow, made: Made
) -> ClusterBudgetsJson:
    """Show budgets that were made for a cluster's window."""
    return {**made_json(window, made), "clusterId": str(cluster_id)}


def held_json(windows: BudgetWindows, found: BudgetReport) -> HeldBudgetsJson:
    """Show what a check against windows came to."""
    return {
        **found.to_json(),
        "window": _window(windows.node_os),
        "kubernetesWindow": _window(windows.kubernetes),
    }


def checked_json(
    cluster_id: ClusterId, windows: BudgetWindows, found: BudgetReport
) -> CheckedBudgetsJson:
    """Show what a check against a cluster's windows came to."""
    return {**held_json(windows, found), "clusterId": str(cluster_id)}


def _window(window: MaintenanceWindow | None) -> dict[str, object] | None:
    return write_window(window) if window else None
