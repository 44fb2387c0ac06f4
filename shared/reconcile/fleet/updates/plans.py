"""The plan of a run: read from what it has settled, where each cluster has its drift."""

from dataclasses import dataclass

from shared.domain.fleet.batch import Batch, having
from shared.domain.updates.plan import Plan, Planned
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.fleet.store import RunStore, batches_of, end_of

BATCHES_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class PlanReader:
    """Reads plans; they are kept as long as their runs."""

    store: RunStore

    async def of(self, run_id: str) -> Plan:
        """Give all that a run that is over would change; of every shard, and each cluster once."""
        _, shards = await self.store.parts(run_id)
        counted = {batches_of(each.shard, each.listing) for each in shards.values()}
        plan: dict[ClusterId, Planned] = {}
        key, outdated = "", having(None, Reason.OUTDATED)
        while found := await self.store.batches_of_run(run_id, BATCHES_AT_ONCE, key, outdated):
            for batch in found:
                if batch.key.removesuffix(end_of(batch)) in counted:
                    plan |= _planned(batch)
            key = found[-1].key
        return plan


def _planned(batch: Batch) -> dict[ClusterId, Planned]:
    shown = [each.shown for each in batch.settled.values()]
    found = ((each["clusterId"], Planned.of(each["drift"])) for each in shown if "drift" in each)
    return {ClusterId.parse(cluster_id): planned for cluster_id, planned in found if planned}
