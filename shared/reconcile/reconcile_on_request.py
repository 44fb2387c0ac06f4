"""A person asks for one cluster: at once if possible, otherwise by the queue."""

from dataclasses import dataclass

from shared.domain.cluster_id import ClusterId
from shared.domain.outcome import Outcome
from shared.domain.work import Cause, ReconcileCluster
from shared.reconcile.claim_soon import claim_soon
from shared.reconcile.do_cluster_work import ClusterWorker


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
        claim = await claim_soon(worker.records, worker.clock, cluster_id)
        if claim is None:
            await worker.queue.send(work)
            return None
        return await worker.do_claimed(claim, work)
