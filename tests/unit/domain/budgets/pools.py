"""NodePools as Kubernetes writes them, and the examples of budgets that others have published."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from shared.domain.budgets.budget import Budget
from shared.domain.budgets.checking.pools import Pool, read_pool
from shared.domain.window.recurrence import Daily, Weekday, Weekly
from shared.domain.window.window import MaintenanceWindow

NOW = datetime(2026, 11, 27, 16, tzinfo=UTC)
SUNDAYS = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)

type Json = dict[str, object]

WEEKEND_ONLY: list[Json] = [
    {"nodes": "50%", "schedule": "0 0 * * sat", "duration": "48h"},
    {"nodes": "0"},
]
BLOCK_OTHERWISE: list[Json] = [
    {"nodes": "50%", "schedule": "0 0 * * 6", "duration": "48h"},
    {"nodes": "0", "schedule": "0 9 * * 1-5", "duration": "8h"},
]
GRADUAL: list[Json] = [
    {"nodes": "1", "schedule": "0 2 * * *", "duration": "2h"},
    {"nodes": "3", "schedule": "0 4 * * *", "duration": "4h"},
]
INVERTED: list[Json] = [
    {"nodes": "1", "reasons": ["Drifted"], "schedule": "0 3 * * sat", "duration": "2h"}
]
MIDDAY: list[Json] = [
    {"nodes": "90%", "reasons": ["Drifted"], "schedule": "0 12 * * *", "duration": "3h"}
]
OVERLAPPING: list[Json] = [{"nodes": "20%", "schedule": "0 7-13 * * *", "duration": "7h"}]
SAT_SUN: list[Json] = [{"nodes": "0", "schedule": "0 0 * * sat-sun", "duration": "24h"}]

SATURDAYS = MaintenanceWindow(Weekly(1, Weekday.SATURDAY), time(0), 24)
SATURDAY_NIGHTS = MaintenanceWindow(Weekly(1, Weekday.SATURDAY), time(3), 4)
EARLY_MORNINGS = MaintenanceWindow(Daily(1), time(2), 6)
MIDDAYS = MaintenanceWindow(Daily(1), time(12), 4)


def node_pool(
    budgets: Sequence[Json] | None, *, expire_after: str | None = "Never", name: str = "default"
) -> Json:
    """Write a NodePool; None leaves a field out."""
    disruption: Json = {} if budgets is None else {"budgets": list(budgets)}
    template: Json = {} if expire_after is None else {"expireAfter": expire_after}
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": {"disruption": disruption, "template": {"spec": template}},
    }


def pool_of(budgets: Sequence[Json] | None) -> Pool:
    """Read a NodePool that has nothing wrong but, perhaps, its budgets."""
    return read_pool(node_pool(budgets))


def written(budgets: Sequence[Budget]) -> Pool:
    """Write budgets as a NodePool has them, and read that again."""
    return pool_of([dict(budget.to_json()) for budget in budgets])
