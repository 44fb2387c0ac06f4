"""A person asks for one cluster: at once if possible, otherwise by the queue."""

from dataclasses import dataclass

from shared.domain.claims import Busy, Claim
from shared.domain.cluster_id import ClusterId
from shared.domain.outcome import Outcome
from shared.domain.work import Cause, ReconcileCluster
from shared.reconcile.do_cluster_work import ClusterWorker

CLAIM_TRIES = 20
CLAIM_WAIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RequestedReconcile:
    """Answers `POST /reconcile` for one cluster."""

    worker: ClusterWorker

    async def reconcile(self, cluster_id: ClusterId, *, dry_run: bool) -> Outcome | None:
        """Give the outcome; None where somebody else is at the cluster, and the queue has the work.

        A dry run claims nothing, leaves no record and is never put on the queue.
        """
        worker = self.worker
        if dry_run:
            return await worker.reconciler.reconcile(cluster_id, dry_run=True)
        work = ReconcileCluster(cluster_id, Cause.ASKED, worker.clock.now())
        claim = await self._claim(cluster_id)
        if claim is None:
            await worker.queue.send(work)
            return None
        return await worker.do_claimed(claim, work)

    async def _claim(self, cluster_id: ClusterId) -> Claim | None:
        """Claim the cluster, waiting for whoever is at it, for about 20 seconds."""
        for _ in range(CLAIM_TRIES):
            claim = await self.worker.records.claim(cluster_id, None)
            if isinstance(claim, Claim):
                return claim
            if isinstance(claim, Busy):
                await self.worker.clock.sleep(CLAIM_WAIT_SECONDS)
        return None
