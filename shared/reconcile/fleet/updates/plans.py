"""The plan of a run: read from what it has settled, where each cluster has its drift."""

from collections.abc import Mapping

from msgspec import Struct

from shared.domain.deciding.own.drift import DriftJson
from shared.domain.fleet.batch import Batch, having
from shared.domain.updates.plan import Plan, Planned
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.fleet.store import RunStore, batches_of, end_of

BATCHES_AT_ONCE = 10


class PlanReader(Struct, frozen=True):
    """Reads plans; they are kept as long as their runs."""

    store: RunStore

    async def of(self, run_id: str) -> Plan:
        """Give all that a run that is over would change; of every shard, and each cluster once."""
        found = {each: Planned.of(drift) for each, drift in (await self.drifts(run_id)).items()}
        return {each: planned for each, planned in found.items() if planned}

    async def drifts(self, run_id: str) -> Mapping[ClusterId, DriftJson]:
        """Give every drift that a run that is over has found, to be changed by itself or not."""
        _, shards = await self.store.parts(run_id)
        counted = {batches_of(each.shard, each.listing) for each in shards.values()}
        drifts: dict[ClusterId, DriftJson] = {}
        key, outdated = "", having(None, Reason.OUTDATED)
        while found := await self.store.batches_of_run(run_id, BATCHES_AT_ONCE, key, outdated):
            for batch in found:
                if batch.key.removesuffix(end_of(batch)) in counted:
                    drifts |= _drifts(batch)
            key = found[-1].key
        return drifts


def _drifts(batch: Batch) -> dict[ClusterId, DriftJson]:
    shown = [each.shown for each in batch.settled.values()]
    return {ClusterId.parse(each["clusterId"]): each["drift"] for each in shown if "drift" in each}
