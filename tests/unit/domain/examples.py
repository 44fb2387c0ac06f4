"""Values that the tests of the domain share."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.observed import (
    NODE_OS_SCHEDULE,
    ObservedCluster,
    ObservedConfiguration,
    observe_cluster,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.body import write_window
from shared.domain.window.recurrence import Weekday, Weekly
from shared.domain.window.window import MaintenanceWindow
from tests.policies import always

SUBSCRIPTION = "1b2c3d4e-0000-4111-8222-0123456789ab"
CLUSTER_ID = ClusterId(SUBSCRIPTION, "rg-prod", "aks-nap-01")
SUNDAYS = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)
DESIRED = Desired(always(SUNDAYS))
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    """Read an instant in UTC, such as 2026-11-22 01:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def cluster(tags: Mapping[str, str] | None = None, **properties: object) -> ObservedCluster:
    """Make a cluster with node auto-provisioning; properties override those of its body."""
    return observe_cluster(
        {
            "id": str(CLUSTER_ID),
            "location": "westeurope",
            "tags": tags or {},
            "properties": {
                "provisioningState": "Succeeded",
                "nodeProvisioningProfile": {"mode": "Auto", "defaultNodePools": "Auto"},
                "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"},
                **properties,
            },
        }
    )


def configuration(window: object, name: str = NODE_OS_SCHEDULE) -> ObservedConfiguration:
    """Make a configuration with this maintenance window, an ARM body or anything else."""
    body = write_window(window) if isinstance(window, MaintenanceWindow) else window
    return ObservedConfiguration(name, {"maintenanceWindow": body})
