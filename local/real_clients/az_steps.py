"""The commands of az that the simulator is tried with, and what each must show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from local.real_clients.stage import CLIENT_ID, CLUSTER, GROUP, SECRET, SUBSCRIPTION, TENANT_ID

NODE_OS = "aksManagedNodeOSUpgradeSchedule"
AUTO_UPGRADE = "aksManagedAutoUpgradeSchedule"
_NOT_FOUND = 3
COUNT = ("--query", "length(@)", "-o", "tsv")
_CLOUD = "Simulated"


@dataclass(frozen=True, slots=True)
class AzStep:
    """One command: its exit code, its whole output (None: any), and what it must say on the way."""

    says: str
    arguments: tuple[str, ...]
    code: int = 0
    output: str | None = None
    mentions: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def az(text: str, *more: str) -> tuple[str, ...]:
    """Write arguments: words, and what must stay whole."""
    return (*text.split(), *more)


def shown(query: str) -> tuple[str, ...]:
    """Ask for one thing of the answer, a value a line."""
    return ("--query", query, "-o", "tsv")


def _schedule(command: str, name: str, *, hours: int = 4) -> tuple[str, ...]:
    return az(
        f"aks maintenanceconfiguration {command} -g {GROUP} --cluster-name {CLUSTER} -n {name}"
        " --schedule-type Weekly --day-of-week Sunday --interval-weeks 1 --start-time 01:00"
        f" --duration {hours}"
    )


def login_steps(url: str) -> tuple[AzStep, ...]:
    """Register the cloud, and log in as a service principal."""
    login = az(f"login --service-principal -u {CLIENT_ID} --tenant {TENANT_ID}")
    return (
        AzStep(
            "az cloud register finds every end point",
            az(f"cloud register -n {_CLOUD} --endpoint-resource-manager {url}"),
        ),
        AzStep("az cloud set", az(f"cloud set -n {_CLOUD}")),
        AzStep(
            "a wrong secret is refused as Entra does",
            (*login, "-p", "wrong"),
            code=1,
            mentions=("AADSTS7000215",),
        ),
        AzStep(
            "login by service principal finds the subscription",
            (*login, "-p", SECRET, *shown("[].id")),
            output=SUBSCRIPTION,
        ),
    )


READING = (
    AzStep("aks list", az("aks list", *shown("[].name")), output=f"manual-1\n{CLUSTER}"),
    AzStep(
        "aks show tells that NAP is on",
        az(f"aks show -g {GROUP} -n {CLUSTER}", *shown("nodeProvisioningProfile.mode")),
        output="Auto",
    ),
    AzStep(
        "aks show of a missing cluster",
        az(f"aks show -g {GROUP} -n gone"),
        code=_NOT_FOUND,
        mentions=("ResourceNotFound", "managedClusters/gone"),
    ),
    AzStep(
        "provider show: AKS is registered",
        az("provider show -n Microsoft.ContainerService", *shown("registrationState")),
        output="Registered",
    ),
)

_OF_CLUSTER = f"-g {GROUP} --cluster-name {CLUSTER}"
_URL = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.ContainerService"
    f"/managedClusters/{CLUSTER}/maintenanceConfigurations"
)
_BODY = (
    '{"properties": {"maintenanceWindow": {"schedule": {"daily": {"intervalDays": 1}},'
    ' "durationHours": 4, "startTime": "01:00"}}}'
)

SCHEDULES = (
    AzStep(
        "aks maintenanceconfiguration add; the offset is filled in",
        (*_schedule("add", NODE_OS), *shown("maintenanceWindow.utcOffset")),
        output="+00:00",
    ),
    AzStep(
        "aks maintenanceconfiguration list",
        az(f"aks maintenanceconfiguration list {_OF_CLUSTER}", *COUNT),
        output="1",
    ),
    AzStep(
        "aks maintenanceconfiguration show",
        az(
            f"aks maintenanceconfiguration show {_OF_CLUSTER} -n {NODE_OS}",
            *shown("maintenanceWindow.schedule.weekly.dayOfWeek"),
        ),
        output="Sunday",
    ),
    AzStep(
        "aks maintenanceconfiguration update",
        (*_schedule("update", NODE_OS, hours=6), *shown("maintenanceWindow.durationHours")),
        output="6",
    ),
    AzStep(
        "a duration of 2 hours is refused",
        _schedule("add", AUTO_UPGRADE, hours=2),
        code=1,
        mentions=("InvalidParameter", "durationHours"),
    ),
    AzStep(
        "a bad name is refused, past az's own check",
        az(f"rest --method put --url {_URL}/wrong?api-version=2026-06-01", "--body", _BODY),
        code=1,
        mentions=("Only 'default', 'aksManagedAutoUpgradeSchedule'",),
    ),
    AzStep(
        "configurations of a missing cluster",
        az(f"aks maintenanceconfiguration list -g {GROUP} --cluster-name gone"),
        code=_NOT_FOUND,
        mentions=("ResourceNotFound", "managedClusters/gone"),
    ),
    AzStep(
        "aks maintenanceconfiguration delete",
        az(f"aks maintenanceconfiguration delete {_OF_CLUSTER} -n {NODE_OS}"),
    ),
    AzStep(
        "what was deleted is not found any more",
        az(f"aks maintenanceconfiguration show {_OF_CLUSTER} -n {NODE_OS}"),
        code=_NOT_FOUND,
        mentions=("NotFound", NODE_OS),
    ),
)
