"""What a run that changes schedules may change, cluster by cluster: its order, made out."""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.observed import ObservedCluster
from shared.domain.fleet.run import Run
from shared.domain.updates.plan import Planned, UpdateKind, UpdateOrder, chosen
from shared.domain.updates.put_back import PutBack
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.fleet.store import RunStore
from shared.reconcile.fleet.updates.plans import PlanReader
from shared.reconcile.ground.memory import KNOWN, ClusterMemory
from shared.reconcile.ground.policies import Wanted

type Permit = Callable[[ObservedCluster, datetime], Planned | None]
"""Says what may be changed of a cluster as it is listed, at an aware instant; None: nothing."""


class Permits(Struct, frozen=True):
    """What a run may change in a subscription, and which clusters are named by its plan.

    What the clocks ask for is found as clusters are listed: it names none.
    """

    of: Permit
    named: frozenset[ClusterId] = frozenset()


class Orders(Struct, frozen=True):
    """Makes out what a run may change; what a row says here is looked at anew before the write."""

    store: RunStore
    memory: ClusterMemory
    plans: PlanReader
    wanted: Wanted

    async def of(self, run: Run, subscription_id: str) -> Permits | None:
        """Give what it may change in a subscription; None for a run that changes nothing."""
        order = run.updates
        if order is None:
            return None
        if order.kind is UpdateKind.REVERT:
            back = await self.to_put_back(order, subscription_id)
            return _planned({each: found.planned for each, found in back.items()}, subscription_id)
        if order.run_id:
            plan = await self.plans.of(order.run_id)
            return _planned(chosen(plan, order.kind, run.started_at), subscription_id)
        return await self._for_clocks(subscription_id, await self.wanted(run.policy_hash))

    async def to_put_back(
        self, order: UpdateOrder, subscription_id: str
    ) -> Mapping[ClusterId, PutBack]:
        """Give what stood before the last updates, of those that a run made and nobody changed."""
        runs = await self._updaters(order.run_id)
        return {
            known.id: back
            async for known in self.memory.of_subscription(subscription_id)
            if known.is_known and (back := PutBack.of(known.written, runs))
        }

    async def _updaters(self, run_id: str) -> frozenset[str]:
        """Name the runs that carried out what a run has planned, and itself."""
        stored = await self.store.run(run_id)
        record = stored.record if stored else None
        followers = (record.followed_by, record.approved_run) if record else ()
        return frozenset({run_id, *followers} - {""})

    async def _for_clocks(self, subscription_id: str, desired: Desired) -> Permits:
        known = {
            each.key.removeprefix(KNOWN): each
            async for each in self.memory.of_subscription(subscription_id)
            if each.written and each.written.is_naptimes
        }

        def permit(cluster: ObservedCluster, now: datetime) -> Planned | None:
            row = known.get(cluster.id.hash)
            if row is None:
                return None
            use = desired.policy.choose(cluster, now).use
            found = desired.drift(cluster.id, use, row.written, row.window, now)
            return Planned.of(found.to_json()) if found and found.clocks else None

        return Permits(permit)


def _planned(plan: Mapping[ClusterId, Planned], subscription_id: str) -> Permits:
    named = frozenset(each for each in plan if each.subscription_id == subscription_id)
    return Permits(lambda cluster, _: plan.get(cluster.id), named)
