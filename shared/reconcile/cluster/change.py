"""What a PUT and a DELETE of the node OS schedule have in common: looks, intent and completion.

What a person wants a cluster's schedule to be, and the two ways in which that ends.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from shared.domain.deciding.advice import Judgement
from shared.domain.deciding.conditions import Condition, Difference, entity_tag
from shared.domain.deciding.decision import Desired
from shared.domain.deciding.observed import ObservedCluster, ObservedConfiguration, node_os_schedule
from shared.domain.deciding.outcome import Outcome
from shared.domain.fleet.shard import Shard
from shared.domain.messages.audit import (
    AuditAction,
    AuditOutcome,
    AuditRecord,
    Completion,
    Json,
    Origin,
)
from shared.domain.vocabulary.errors import AzureError, InvalidInput
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.window import MaintenanceWindow
from shared.ports.azure import Aks, Clock, Retry
from shared.reconcile.cluster.reconcile import CALLS_OF_AN_ATTEMPT
from shared.reconcile.ground.audit_log import AuditLog
from shared.reconcile.ground.claim import ClusterClaims
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.pacer import ShardPacer


class ChangeRefused(Exception):
    """naptime does not make the change; nothing was written since the last look."""

    reason = "Refused"


class ConditionFailed(ChangeRefused):
    """If-Match or If-None-Match does not hold of what ARM says; `tag` is the ETag that does."""

    reason = "ConditionFailed"

    def __init__(self, tag: str | None) -> None:
        """Take the ETag of what is there; None if nothing is."""
        there = f"its ETag is {tag}" if tag else "there is none"
        super().__init__(f"The schedule is not in the state that the request asks for: {there}.")
        self.tag = tag


@dataclass(frozen=True, slots=True)
class ChangeWorld:
    """What changing a schedule needs."""

    aks: Aks
    clock: Clock
    retry: Retry
    pacer: ShardPacer
    claims: ClusterClaims
    memory: ClusterMemory
    given_up: GivenUpRecords
    audit: AuditLog
    desired: Desired
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What one attempt saw, at an instant that neither clock involved is ahead of."""

    cluster: ObservedCluster
    observed: ObservedConfiguration | None
    now: datetime

    @property
    def before(self) -> Json | None:
        """The schedule's ARM `properties`."""
        return self.observed.properties if self.observed else None

    def check(self, condition: Condition) -> None:
        """Raise `ConditionFailed` unless the condition holds of the schedule."""
        tag = entity_tag(self.observed)
        if not condition.holds(tag):
            raise ConditionFailed(tag)


@dataclass(slots=True)
class Looks:
    """The attempts at one cluster, each beginning with a look; counts the calls to ARM."""

    world: ChangeWorld
    cluster_id: ClusterId
    attempts: int = 0
    calls: int = 0
    cluster: ObservedCluster | None = None

    async def each[T](self, act: Callable[[Sight], Awaitable[T]]) -> T:
        """Look and act, again from the look where that is worth trying; raises what `act` does."""
        return await self.world.retry(partial(self._attempt, act))

    async def _attempt[T](self, act: Callable[[Sight], Awaitable[T]]) -> T:
        self.attempts += 1
        cluster = self.cluster or await self._get()
        calls = self.calls
        pacer = self.world.pacer
        async with pacer.spending(Shard.of(cluster), CALLS_OF_AN_ATTEMPT) as spending:
            try:
                return await act(await self._look(cluster))
            finally:
                spending.used = self.calls - calls

    async def _get(self) -> ObservedCluster:
        self.calls += 1
        self.cluster = await self.world.aks.get_cluster(self.cluster_id)
        return self.cluster

    async def _look(self, cluster: ObservedCluster) -> Sight:
        self.calls += 1
        listing = await self.world.aks.list_configurations(self.cluster_id)
        own = self.world.clock.now()
        now = max(own, listing.answered_at) if listing.answered_at else own
        return Sight(cluster, node_os_schedule(listing.configurations), now)


@dataclass(slots=True)
class Intent:
    """The audit record of one change: written before its first write, completed after its last."""

    log: AuditLog
    origin: Origin
    action: AuditAction
    cluster_id: ClusterId
    record: AuditRecord | None = None

    async def declare(self, before: Json | None, wanted: Json | None = None) -> None:
        """Write down what is about to be done, unless it has been for an earlier attempt."""
        if self.record is None:
            self.record = await self.log.intend(
                self.origin, self.action, self.cluster_id, before=before, wanted=wanted
            )

    async def complete(self, completion: Completion) -> None:
        """Write down what came of it, if it was declared."""
        if self.record is not None:
            await self.log.complete(self.record, completion)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Complete the record of what is refused inside, by Azure or by naptime."""
        try:
            yield
        except AzureError as error:
            failed = Completion(AuditOutcome.FAILED, error.reason.value, error.message)
            await self.complete(failed)
            raise
        except ChangeRefused as error:
            await self.complete(Completion(AuditOutcome.REFUSED, error.reason, str(error)))
            raise
        except InvalidInput as error:
            await self.complete(Completion(AuditOutcome.REFUSED, "InvalidRequest", str(error)))
            raise


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for: a window, whether advice counts, and what must hold before."""

    window: MaintenanceWindow
    force: bool = False
    condition: Condition = field(default_factory=Condition)


class AdvisedAgainst(ChangeRefused):
    """There is advice against the schedule, and it was not forced."""

    def __init__(self, judgement: Judgement, changes: tuple[Difference, ...]) -> None:
        """Take what the person should know."""
        first, *others = judgement.advice
        super().__init__(" ".join((first.message, *(other.message for other in others))))
        self.reason = first.reason.value
        self.judgement = judgement
        self.changes = changes


@dataclass(frozen=True, slots=True)
class Put:
    """What came of a wish; `configuration` is the schedule as ARM has it after it, if it has."""

    outcome: Outcome
    judgement: Judgement
    changes: tuple[Difference, ...]
    configuration: ObservedConfiguration | None
