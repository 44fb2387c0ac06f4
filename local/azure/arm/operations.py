"""Long operations on clusters: they begin, are asked after, and end by time or by being asked.

Recorded in azure-cli's test_aks_create_node_provisioning_profile.yaml (2025-07): 201 or 200 with
Azure-AsyncOperation for a PUT, 202 with that and Location for a DELETE, then a status body with
name, status, startTime and, once it is over, endTime. What it is at while it goes on was recorded
in azure-powershell's TestSimpleAzureKubernetes.json (2025-10).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from local.azure.arm.cluster_bodies import finished_body
from local.azure.arm.clusters import SUCCEEDED, Cluster
from local.azure.arm.state import State
from local.azure.entra.tokens import Caller
from local.azure.json_values import JsonObject, as_list, as_object, iso
from local.azure.options import Options
from local.azure.replies import Change

_KEPT = 2048
_FAILED = "Failed"
_EPOCH = datetime(1, 1, 1, tzinfo=UTC)


class Doing(StrEnum):
    """What an operation does, in the words of provisioningState."""

    CREATING = "Creating"
    UPDATING = "Updating"
    SCALING = "Scaling"
    DELETING = "Deleting"
    STOPPING = "Stopping"
    STARTING = "Starting"


# The middle ones were seen in the making of a cluster and in a PUT that changed its pool.
_WAITING = "InProgress"
_STAGES = {
    Doing.CREATING: (
        *(_WAITING, "ProvisioningControlPlane"),
        "CreatingAgentPools: 0/{nodes} nodes completed",
    ),
    Doing.UPDATING: (_WAITING, "ProvisioningControlPlane", "ReconcilingDNS"),
    Doing.SCALING: (
        *(_WAITING, "ProvisioningControlPlane"),
        "ScalingAgentPools: 0/{nodes} nodes completed",
    ),
}


@dataclass(slots=True)
class Operation:
    """One operation: who began it, when it is due, and once it is over when and how it ended.

    `nodes` is how many it makes or takes away.
    """

    id: str
    doing: Doing
    cluster: Cluster
    change: Change
    caller: Caller
    started: datetime
    due: datetime
    reads_left: int
    fails: bool = False
    ended: datetime | None = None
    nodes: int = 0

    @property
    def end_state(self) -> str:
        """The state of the cluster once it is over."""
        return _FAILED if self.fails else SUCCEEDED

    def to_json(self, now: datetime) -> JsonObject:
        """Write the body of the status at an instant, with times in UTC."""
        status = self._stage(now) if self.ended is None else self.end_state
        body: JsonObject = {"name": self.id, "status": status, "startTime": iso(self.started)}
        if self.ended is not None:
            body["endTime"] = iso(self.ended)
        if status == _FAILED:
            body["error"] = {"code": "InternalOperationError", "message": "Internal server error"}
        return body

    def _stage(self, now: datetime) -> str:
        stages = _STAGES.get(self.doing, ())
        if not stages or self.change.method == "PATCH" or now >= self.due:
            return _WAITING
        gone = max(0.0, (now - self.started) / (self.due - self.started))
        return stages[int(gone * len(stages))].format(nodes=self.nodes)

    def url(self, host: str, kind: str = "operations") -> str:
        """Write the address of the status; its api-version is AKS's own, not the caller's."""
        ticks = int((self.started - _EPOCH).total_seconds() * 10_000_000)
        return (
            f"https://{host}/subscriptions/{self.cluster.subscription}/providers"
            f"/Microsoft.ContainerService/locations/{self.cluster.location}/{kind}/{self.id}"
            f"?api-version=2025-03-01&t={ticks}"
        )


class Operations:
    """The operations that run, and the last 2,048 of all."""

    def __init__(self, state: State, options: Options) -> None:
        self._state = state
        self._options = options
        self._all: dict[str, Operation] = {}
        self._running: dict[str, Operation] = {}
        self._ended: list[Operation] = []
        self._on_begin = _nothing

    def when_begun(self, listener: Callable[[], None]) -> None:
        """Call the listener whenever an operation begins."""
        self._on_begin = listener

    def clear(self) -> None:
        """Forget every operation."""
        self._all.clear()
        self._running.clear()
        self._ended.clear()

    def begin(
        self, doing: Doing, cluster: Cluster, change: Change, caller: Caller, now: datetime
    ) -> Operation:
        """Begin an operation: the cluster shows what is being done to it."""
        options = self._options
        fails = options.failing_operations > 0
        options.failing_operations -= int(fails)
        due = now + timedelta(seconds=options.operation_seconds)
        reads = options.operation_reads
        made = Operation(str(uuid4()), doing, cluster, change, caller, now, due, reads, fails)
        cluster.replace_body(in_state(cluster.body, doing), now)
        self._all[made.id] = self._running[made.id] = made
        if len(self._all) > _KEPT:
            del self._all[next(iter(self._all))]
        self._on_begin()
        return made

    def find(self, identifier: str) -> Operation | None:
        """Find an operation by its id."""
        return self._all.get(identifier.lower())

    def deleting(self, cluster: Cluster) -> Operation | None:
        """Find the operation that is deleting a cluster."""
        found = (each for each in self._running.values() if each.cluster is cluster)
        return next((each for each in found if each.doing is Doing.DELETING), None)

    def was_read(self, cluster: Cluster, now: datetime) -> None:
        """Count that somebody looked at a cluster; enough looks end what runs on it."""
        if not self._running:
            return
        for each in [each for each in self._running.values() if each.cluster is cluster]:
            if each.reads_left > 0:
                each.reads_left -= 1
                if not each.reads_left:
                    self._end(each, now)

    def settle(self, now: datetime) -> None:
        """End whatever is due."""
        if not self._running:
            return
        for each in [each for each in self._running.values() if each.due <= now]:
            self._end(each, each.due)

    def next_due(self) -> datetime | None:
        """Say when the next operation is over by time."""
        return min((each.due for each in self._running.values()), default=None)

    def take_ended(self) -> list[Operation]:
        """Give the operations that ended since this was asked last."""
        if not self._ended:
            return []
        ended, self._ended = self._ended, []
        return ended

    def _end(self, operation: Operation, now: datetime) -> None:
        operation.ended = now
        del self._running[operation.id]
        cluster = operation.cluster
        if self._state.cluster(cluster.subscription, cluster.group, cluster.name) is not cluster:
            return  # a control took it away meanwhile
        self._ended.append(operation)
        if operation.doing is Doing.DELETING and not operation.fails:
            self._state.delete_cluster((cluster.subscription, cluster.group, cluster.name), now)
            return
        body = finished_body(cluster) if operation.doing is Doing.CREATING else cluster.body
        power = _POWERED.get(operation.doing)
        if power is not None and not operation.fails:
            body = _with_power(body, power)
        cluster.replace_body(in_state(body, operation.end_state), now)


_POWERED = {Doing.STOPPING: "Stopped", Doing.STARTING: "Running"}


def _with_power(body: JsonObject, code: str) -> JsonObject:
    properties = {**as_object(body.get("properties")), "powerState": {"code": code}}
    return {**body, "properties": properties}


def in_state(body: JsonObject, state: str) -> JsonObject:
    """Give a cluster's body with the provisioningState changed, its agent pools' too."""
    properties = dict(as_object(body.get("properties")))
    pools = as_list(properties.get("agentPoolProfiles"))
    if pools:
        properties["agentPoolProfiles"] = [
            {**as_object(pool), "provisioningState": state} for pool in pools
        ]
    return {**body, "properties": {**properties, "provisioningState": state}}


def _nothing() -> None:
    """Tell nobody that an operation began."""
