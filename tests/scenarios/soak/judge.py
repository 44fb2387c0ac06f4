"""What is judged after a soak, from the simulator's journal and state alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from tests.clusters import OWN_CLIENT_ID, Json
from tests.scenarios.soak.fleet import is_protectable
from tests.scenarios.soak.people import PERSON

_LIST = "MaintenanceConfigurations_ListByManagedCluster"
_PUT = "MaintenanceConfigurations_CreateOrUpdate"
_DELETE = "MaintenanceConfigurations_Delete"
_CHILD = "/maintenanceconfigurations"


def unprotected(clusters: Iterable[Json]) -> list[str]:
    """Name the clusters that could be protected and have no node OS schedule."""
    return [str(body["id"]) for body in clusters if is_protectable(body) and not _has_own(body)]


def _has_own(body: Json) -> bool:
    configurations = body["maintenanceConfigurations"]
    assert isinstance(configurations, list)
    names = {str(each["name"]).lower() for each in configurations}
    return NODE_OS_SCHEDULE.lower() in names


def written_over(journal: Sequence[Json]) -> list[str]:
    """Name the writes of naptime over what a person had written, and naptime had seen.

    ARM has no condition for writes here: what comes between naptime's LIST and its write nobody
    can see. A person's write counts once a LIST of naptime was answered after it.
    """
    standing = {cluster: _Standing() for cluster in _clusters(journal)}
    return [
        f"{entry['sequence']} {cluster}"
        for entry in journal
        if (cluster := _cluster_of(entry)) and standing[cluster].is_wronged_by(entry)
    ]


@dataclass(slots=True)
class _Standing:
    """Whose schedule a cluster has, and whether naptime has listed it since."""

    owner: str = ""
    seen: bool = False

    def is_wronged_by(self, entry: Json) -> bool:
        """Take one call in; tell whether it is a write of naptime over a person's schedule."""
        if entry["status"] not in {200, 201, 204}:
            return False
        caller, operation = str(entry["caller"]), entry["operation"]
        if operation == _LIST and caller == OWN_CLIENT_ID:
            self.seen = True
        elif operation == _DELETE:
            self.owner, self.seen = "", False
        elif operation == _PUT:
            wronged = caller == OWN_CLIENT_ID and self.owner == PERSON and self.seen
            self.owner, self.seen = caller, False
            return wronged
        return False


def _clusters(journal: Iterable[Json]) -> Iterator[str]:
    return (cluster for entry in journal if (cluster := _cluster_of(entry)))


def _cluster_of(entry: Json) -> str:
    path = str(entry["path"]).lower()
    cluster, found, _ = path.partition(_CHILD)
    return cluster if found else ""


def least_lead(journal: Iterable[Json]) -> float:
    """Give the shortest time from an accepted write of naptime to its start, in minutes."""
    leads = [
        float(str(entry["leadMinutes"]))
        for entry in journal
        if entry["caller"] == OWN_CLIENT_ID and entry.get("leadMinutes") is not None
    ]
    return min(leads)


def own_throttling(journal: Iterable[Json]) -> list[str]:
    """Name the calls of naptime that were throttled although no fault said so."""
    return [
        f"{entry['sequence']} {entry['method']} {entry['path']}"
        for entry in journal
        if entry["caller"] == OWN_CLIENT_ID and entry["status"] == 429 and not entry.get("fault")
    ]


def touched(before: Mapping[str, object], after: Iterable[Json]) -> list[str]:
    """Name the clusters whose configurations are not those of before."""
    return [
        str(body["id"])
        for body in after
        if str(body["id"]) in before
        and before[str(body["id"])] != body["maintenanceConfigurations"]
    ]
