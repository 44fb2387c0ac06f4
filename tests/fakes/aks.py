"""AKS in memory: keeps state as ARM does, fails by order, remembers every call."""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Literal

from shared.domain.deciding.observed import (
    AUTO_UPGRADE_SCHEDULE,
    NODE_OS_SCHEDULE,
    ClusterPage,
    Listing,
    ObservedCluster,
    ObservedConfiguration,
    UnreadableCluster,
    observe_cluster,
    observe_configuration,
)
from shared.domain.errors import (
    AccessDenied,
    AzureError,
    ClusterGone,
    DeleteNotGranted,
    WriteTargetGone,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow
from shared.ports.azure import Clock

type Verb = Literal["get", "list", "put", "delete", "clusters"]
type Json = dict[str, object]

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as it was answered."""

    verb: Verb
    cluster_id: ClusterId | None
    at: datetime
    error: AzureError | None = None
    window: MaintenanceWindow | None = None
    body: Json | None = None
    """The node OS schedule that a LIST has shown, or a PUT has made."""
    answered: bool = True

    @property
    def accepted(self) -> bool:
        """Tell whether it did what it asked for."""
        return self.error is None


@dataclass(slots=True)
class Fault:
    """An order to fail: on which call, with what, and whether it takes effect all the same."""

    verb: Verb
    error: Callable[[], AzureError]
    applied: bool = False
    meanwhile: Callable[[], None] | None = None
    """What somebody else does just then."""
    takes: timedelta = timedelta(0)


@dataclass
class FakeAks:
    """The calls of the port, over a dictionary."""

    clock: Clock
    clusters: dict[ClusterId, Json] = field(default_factory=dict)
    configurations: dict[ClusterId, dict[str, Json]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    outage_until: datetime | None = None
    outage_error: Callable[[], AzureError] | None = None
    unreadable: Sequence[UnreadableCluster] = ()
    """Those on the first page of each listing whose ids cannot be read."""
    refuses: Callable[[Verb, str], AzureError | None] = lambda _verb, _where: None
    """What a kind of call is refused with, by the cluster's key or the subscription's id."""
    takes: Callable[[Verb], timedelta] = lambda _: timedelta(0)
    lag: timedelta = timedelta(0)
    """How long a LIST shows what was there before a change."""
    _before: dict[ClusterId, list[tuple[datetime, Mapping[str, Json]]]] = field(
        default_factory=dict
    )
    """What was there before each change of a cluster's configurations, and when that changed."""

    def add(self, body: Mapping[str, object]) -> ClusterId:
        """Add or replace a cluster by its ARM body."""
        cluster_id = ClusterId.parse(str(body["id"]))
        self.clusters[cluster_id] = dict(body)
        return cluster_id

    def remove(self, cluster_id: ClusterId) -> None:
        """Delete a cluster with its configurations behind naptime's back."""
        del self.clusters[cluster_id]
        self.configurations.pop(cluster_id, None)

    def set_schedule(
        self, cluster_id: ClusterId, properties: Json, name: str = NODE_OS_SCHEDULE
    ) -> None:
        """Make a configuration behind naptime's back."""
        self._changes(cluster_id)
        configurations = self.configurations.setdefault(cluster_id, {})
        configurations[name.lower()] = {"name": name, "properties": properties}

    def remove_schedule(self, cluster_id: ClusterId, name: str = NODE_OS_SCHEDULE) -> None:
        """Delete a configuration behind naptime's back."""
        self._changes(cluster_id)
        self.configurations.get(cluster_id, {}).pop(name.lower(), None)

    def schedule(self, cluster_id: ClusterId) -> Json | None:
        """Give the node OS schedule's body, as ARM would."""
        return self.configurations.get(cluster_id, {}).get(NODE_OS_SCHEDULE.lower())

    def shown(self, cluster_id: ClusterId) -> Mapping[str, Json]:
        """Give the configurations that a LIST shows, by their names in lower case."""
        since = self.clock.now() - self.lag
        late = (before for at, before in self._before.get(cluster_id, ()) if at > since)
        return next(late, self.configurations.get(cluster_id, {}))

    def history(self, cluster_id: ClusterId) -> list[tuple[datetime | None, Json | None]]:
        """Give the node OS schedules that there have been, in order, and since when each was."""
        changes = self._before.get(cluster_id, [])
        name = NODE_OS_SCHEDULE.lower()
        states = [*(before.get(name) for _, before in changes), self.schedule(cluster_id)]
        return list(zip([None, *(at for at, _ in changes)], states, strict=True))

    def _changes(self, cluster_id: ClusterId) -> None:
        before = dict(self.configurations.get(cluster_id, {}))
        self._before.setdefault(cluster_id, []).append((self.clock.now(), before))

    def calls_of(self, verb: Verb) -> list[Call]:
        """Give the calls of one kind, refused ones included."""
        return [call for call in self.calls if call.verb == verb]

    @property
    def accepted_writes(self) -> list[Call]:
        """Give the writes that ARM accepted, answered or not."""
        return [call for call in self.calls if call.verb == "put" and call.window and call.accepted]

    async def get_cluster(self, cluster_id: ClusterId) -> ObservedCluster:
        """Read one cluster."""
        self._begin("get", cluster_id)
        if cluster_id not in self.clusters:
            raise self._refuse("get", cluster_id, ClusterGone("no such cluster", status=404))
        self.calls.append(Call("get", cluster_id, self.clock.now()))
        return observe_cluster(self.clusters[cluster_id])

    async def list_clusters(
        self, subscription_id: str, resource_group: str | None
    ) -> AsyncIterator[ClusterPage]:
        """Yield the clusters of a subscription or a group, page by page."""
        found = [
            observe_cluster(body)
            for cluster_id, body in sorted(self.clusters.items())
            if cluster_id.subscription_id == subscription_id
            and (resource_group or cluster_id.resource_group).lower()
            == cluster_id.resource_group.lower()
        ]
        for start in range(0, max(len(found), 1), PAGE_SIZE):
            fault = self._take("clusters", subscription_id)
            if fault is not None:
                raise self._refuse("clusters", None, fault.error())
            self.calls.append(Call("clusters", None, self.clock.now()))
            yield ClusterPage(found[start : start + PAGE_SIZE], () if start else self.unreadable)

    async def list_configurations(self, cluster_id: ClusterId) -> Listing:
        """Read all configurations."""
        self._begin("list", cluster_id)
        if cluster_id not in self.clusters:
            raise self._refuse("list", cluster_id, ClusterGone("no such cluster", status=404))
        found = self.shown(cluster_id)
        own = found.get(NODE_OS_SCHEDULE.lower())
        self.calls.append(Call("list", cluster_id, self.clock.now(), body=own))
        return Listing(
            tuple(observe_configuration(body) for body in found.values()),
            self.clock.now().replace(microsecond=0),
        )

    async def put_node_os_schedule(
        self, cluster_id: ClusterId, window: MaintenanceWindow, name: str = NODE_OS_SCHEDULE
    ) -> ObservedConfiguration:
        """Replace the node OS schedule; an omitted start date becomes today in the offset."""
        fault = self._take("put", cluster_id.key)
        if fault is not None and not fault.applied:
            raise self._refuse("put", cluster_id, fault.error())
        if cluster_id not in self.clusters:
            raise self._refuse("put", cluster_id, WriteTargetGone("no such cluster", status=404))
        body = self._accept(cluster_id, window, name)
        answered, at = fault is None, self.clock.now()
        self.calls.append(Call("put", cluster_id, at, None, window, body, answered))
        if fault is not None:
            raise fault.error()
        return observe_configuration(body)

    async def put_auto_upgrade_schedule(
        self, cluster_id: ClusterId, window: MaintenanceWindow
    ) -> ObservedConfiguration:
        """Make the schedule of Kubernetes upgrades."""
        return await self.put_node_os_schedule(cluster_id, window, AUTO_UPGRADE_SCHEDULE)

    async def delete_node_os_schedule(
        self, cluster_id: ClusterId, name: str = NODE_OS_SCHEDULE
    ) -> None:
        """Delete the node OS schedule, if it is there."""
        fault = self._take("delete", cluster_id.key)
        if fault is not None and not fault.applied:
            refused = fault.error()
            if isinstance(refused, AccessDenied):
                refused = DeleteNotGranted(refused.message, status=403)
            raise self._refuse("delete", cluster_id, refused)
        if cluster_id not in self.clusters:
            gone = WriteTargetGone("no such cluster", status=404)
            raise self._refuse("delete", cluster_id, gone)
        self.remove_schedule(cluster_id, name)
        self.calls.append(Call("delete", cluster_id, self.clock.now()))
        if fault is not None:
            raise fault.error()

    def _accept(self, cluster_id: ClusterId, window: MaintenanceWindow, name: str) -> Json:
        arm = write_window(window)
        today = self.clock.now().astimezone(timezone(window.utc_offset)).date()
        arm.setdefault("startDate", today.isoformat())
        properties = json.loads(json.dumps({"maintenanceWindow": arm}))
        self.set_schedule(cluster_id, properties, name)
        return self.configurations[cluster_id][name.lower()]

    def _begin(self, verb: Verb, cluster_id: ClusterId) -> None:
        fault = self._take(verb, cluster_id.key)
        if fault is not None:
            raise self._refuse(verb, cluster_id, fault.error())

    def _take(self, verb: Verb, where: str) -> Fault | None:
        self._pass_time(self.takes(verb))
        if refused := self.refuses(verb, where):
            return Fault(verb, lambda: refused)
        if self.outage_until and self.outage_error and self.clock.now() < self.outage_until:
            return Fault(verb, self.outage_error)
        due = next((fault for fault in self.faults if fault.verb == verb), None)
        if due is not None:
            self.faults.remove(due)
            self._pass_time(due.takes)
            if due.meanwhile:
                due.meanwhile()
        return due

    def _pass_time(self, by: timedelta) -> None:
        advance = getattr(self.clock, "advance", None)
        if by and advance:
            advance(by)

    def _refuse(self, verb: Verb, cluster_id: ClusterId | None, error: AzureError) -> AzureError:
        self.calls.append(Call(verb, cluster_id, self.clock.now(), error))
        return error
