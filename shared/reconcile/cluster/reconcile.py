"""How a reconcile of one cluster begins: with what is known of it, and what may be changed."""

from msgspec import Struct

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.outcome import Outcome
from shared.domain.fleet.shard import Shard
from shared.domain.messages.work import ReconcileCluster
from shared.domain.updates.plan import Anything
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.cluster.look import Looker, Looks
from shared.reconcile.cluster.one_pass import Pass
from shared.reconcile.cluster.own.schedule import OwnSchedule
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.policies import Wanted


class ClusterReconciler(Struct, frozen=True):
    """Makes observed match desired for one cluster at a time."""

    looker: Looker
    wanted: Wanted
    memory: ClusterMemory
    dry_run: bool = False

    async def reconcile(self, cluster_id: ClusterId, *, dry_run: bool = False) -> Outcome:
        """Reconcile one cluster, trying again what is worth trying again at once.

        What Azure refuses is an outcome as well: Deferred if trying later makes sense, otherwise
        Failed. Nothing that ARM says is raised.
        """
        one = self.pass_over(cluster_id, await self.wanted(), dry_run=dry_run)
        one.own.permit = Anything()
        await one.remember()
        return await one.reconcile()

    async def pass_of(self, work: ReconcileCluster) -> Pass:
        """Begin a reconcile from a message, with what an attempt before it has found out.

        Under a claim: what is remembered of the cluster is nobody else's to change meanwhile. A
        schedule is changed only where a plan names it, or a person has asked for this cluster.
        """
        one = self.pass_over(work.cluster_id, await self.wanted(), dry_run=False)
        asked = Anything() if work.cause is Cause.ASKED else None
        one.own.permit = work.update or asked
        one.own.run_id = work.update.run_id if work.update else ""
        await one.remember()
        one.looks.tries = work.attempt
        if work.location:
            one.looks.believed = Shard(work.cluster_id.subscription_id, work.location)
        if work.seen and work.seen.is_true_at(self.looker.clock.now()):
            one.looks.cluster, one.looks.read_at = work.seen.cluster, work.seen.read_at
        one.looks.sent += [work.sent] if work.sent else []
        return one

    def pass_over(self, cluster_id: ClusterId, desired: Desired, *, dry_run: bool) -> Pass:
        """Begin a reconcile of one cluster."""
        looks, only_looks = Looks(self.looker, cluster_id), dry_run or self.dry_run
        return Pass(desired, looks, OwnSchedule(desired), self.memory, dry_run=only_looks)
