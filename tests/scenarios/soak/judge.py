"""What is judged after a soak, from the simulator's journal and state alone."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from shared.telemetry.lines import POISONED
from tests.clusters import OWN_CLIENT_ID, Json
from tests.scenarios.soak.fleet import is_closed, is_protectable
from tests.scenarios.soak.people import PERSON

_LIST = "MaintenanceConfigurations_ListByManagedCluster"
_PUT = "MaintenanceConfigurations_CreateOrUpdate"
_DELETE = "MaintenanceConfigurations_Delete"
_CHILD = "/maintenanceconfigurations"
CLOSED_REASONS = frozenset({"ResourceLocked", "DeniedByPolicy"})


def unprotected(clusters: Iterable[Json]) -> list[str]:
    """Name the clusters that could be protected and have no node OS schedule."""
    return [str(body["id"]) for body in clusters if is_protectable(body) and not _has_own(body)]


def _has_own(body: Json) -> bool:
    configurations = body["maintenanceConfigurations"]
    assert isinstance(configurations, list)
    names = {str(each["name"]).lower() for each in configurations}
    return NODE_OS_SCHEDULE.lower() in names


RIGHT_AFTER = timedelta(seconds=10)
"""How long after a LIST a write may arrive: a second by the app's clock, and what a slow call and
a busy machine add to it."""


def written_over(journal: Sequence[Json]) -> list[str]:
    """Name the writes and deletions of naptime of what a person had written.

    ARM has no condition for writes here: what comes between naptime's LIST and a write right after
    it nobody can see. A person's write counts once a LIST of naptime was answered after it, and
    where the LIST before it is no longer right before.
    """
    standing = {cluster: _Standing() for cluster in _clusters(journal)}
    return [
        f"{entry['sequence']} {cluster}"
        for entry in journal
        if (cluster := _cluster_of(entry)) and standing[cluster].is_wronged_by(entry)
    ]


@dataclass(slots=True)
class _Standing:
    """Whose schedule a cluster has, and when naptime has listed it."""

    owner: str = ""
    seen: bool = False
    """Whether naptime has listed it since."""
    listed_at: datetime | None = None

    def is_wronged_by(self, entry: Json) -> bool:
        """Take one call in; tell whether it is naptime's and changes a person's schedule."""
        if entry["status"] not in {200, 201, 204}:
            return False
        caller, operation = str(entry["caller"]), entry["operation"]
        wronged = False
        if operation == _LIST and caller == OWN_CLIENT_ID:
            self.seen, self.listed_at = True, _time_of(entry)
        elif operation in {_PUT, _DELETE}:
            is_own = caller == OWN_CLIENT_ID
            wronged = is_own and self.owner == PERSON and (self.seen or self._is_late(entry))
            self.owner, self.seen = caller if operation == _PUT else "", False
        return wronged

    def _is_late(self, entry: Json) -> bool:
        return self.listed_at is None or _time_of(entry) - self.listed_at > RIGHT_AFTER


def _clusters(journal: Iterable[Json]) -> Iterator[str]:
    return (cluster for entry in journal if (cluster := _cluster_of(entry)))


def _cluster_of(entry: Json) -> str:
    path = str(entry["path"]).lower()
    cluster, found, _ = path.partition(_CHILD)
    return cluster if found else ""


@dataclass(frozen=True, slots=True)
class Spell:
    """The settings of a host from when it is started until its successor is ready.

    Both ends reach into their neighbours', since a call may be under way when its host is killed,
    and the next host works before it says that it is ready.
    """

    began_at: datetime
    lead_minutes: int
    subscriptions: Collection[str]
    dry_run: bool = False
    ended_at: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        """Tell whether the host may have made a call at an instant."""
        return self.began_at <= at and (self.ended_at is None or at <= self.ended_at)

    def allows(self, write: Json) -> bool:
        """Tell whether a write may be one by these settings."""
        path, lead = str(write["path"]).lower(), write.get("leadMinutes")
        is_early = isinstance(lead, int | float) and lead < self.lead_minutes
        return (
            not self.dry_run and not is_early and any(each in path for each in self.subscriptions)
        )


def against_settings(journal: Iterable[Json], spells: Sequence[Spell]) -> list[str]:
    """Name the writes of naptime that the settings at their time forbid.

    They open too soon, are where naptime may not act (any more), or are of a dry run.
    """
    return [
        f"{entry['sequence']} {entry['path']} {entry.get('leadMinutes')}"
        for entry in journal
        if _is_own_write(entry)
        and not any(spell.allows(entry) for spell in spells if spell.holds_at(_time_of(entry)))
    ]


def _is_own_write(entry: Json) -> bool:
    accepted = entry["status"] in {200, 201, 204}
    return accepted and entry["caller"] == OWN_CLIENT_ID and entry["method"] in {"PUT", "DELETE"}


def _time_of(entry: Json) -> datetime:
    return datetime.fromisoformat(str(entry["time"]))


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


def given_up_wrongly(given_up: Iterable[Json], clusters: Iterable[Json]) -> list[str]:
    """Name what was given up although it is no cluster that nobody can write.

    Neither weather, nor storage in trouble, nor a kill may end a message for good.
    """
    closed = {str(body["id"]).lower() for body in clusters if is_closed(body)}
    return [
        f"{record['clusterId']} {record['reason']}: {record['message']}"
        for record in given_up
        if str(record["clusterId"]).lower() not in closed or record["reason"] not in CLOSED_REASONS
    ]


def set_aside(logs: Iterable[str]) -> list[str]:
    """Give the lines that tell of messages which failed as often as their queue delivers them."""
    told = re.compile(rf"ERROR .*(?<![\w']){POISONED.what}\b")
    return [line for log in logs for line in log.splitlines() if told.search(line)]
