"""The answers about disruption budgets."""

from shared.domain.budgets.checking.report import BudgetReport, ReportJson
from shared.domain.budgets.checking.view import Question
from shared.domain.budgets.making.made import Made, MadeJson
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow


class ClusterBudgetsJson(MadeJson):
    """Disruption budgets for a cluster's window as ARM has it now."""

    clusterId: str
    window: dict[str, object]


class CheckedBudgetsJson(ReportJson):
    """NodePools beside a cluster's windows as ARM has them now.

    `window` is null where there is none that can be read, `kubernetesWindow` likewise.
    """

    clusterId: str
    window: dict[str, object] | None
    kubernetesWindow: dict[str, object] | None


def budgets_json(
    cluster_id: ClusterId, window: MaintenanceWindow, made: Made
) -> ClusterBudgetsJson:
    return {**made.to_json(), "clusterId": str(cluster_id), "window": write_window(window)}


def checked_json(
    cluster_id: ClusterId, question: Question, found: BudgetReport
) -> CheckedBudgetsJson:
    """Show what a check came to."""
    return {
        **found.to_json(),
        "clusterId": str(cluster_id),
        "window": _window(question.window),
        "kubernetesWindow": _window(question.kubernetes_window),
    }


def _window(window: MaintenanceWindow | None) -> dict[str, object] | None:
    return write_window(window) if window else None
