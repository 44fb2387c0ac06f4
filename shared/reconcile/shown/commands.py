"""The commands over HTTP that are no schedules, each with the record of who asked for it."""

from msgspec import Struct

from shared.domain.deciding.outcome import Outcome, OutcomeJson
from shared.domain.errors import TooManyConflicts
from shared.domain.fleet.run import RunScope
from shared.domain.messages.audit import AuditAction, AuditOutcome, Completion, Origin
from shared.domain.policy.choose import StepJson
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.domain.window.body import write_window
from shared.reconcile.cluster.replay import GivenUpReplayer
from shared.reconcile.cluster.work import RequestedReconcile
from shared.reconcile.fleet.ask import Asked, RunAsker, TooManyActive
from shared.reconcile.ground.audit_log import AuditLog


class ExplainedOutcomeJson(OutcomeJson):
    """The same with every rule that was asked; none where the cluster is not known."""

    because: list[StepJson]


def explained(outcome: Outcome) -> ExplainedOutcomeJson:
    """Show an outcome to whoever asked for it, with why the cluster has its rule."""
    steps = outcome.choice.trace if outcome.choice else ()
    return {**outcome.to_json(), "because": [step.to_json() for step in steps]}


class AuditedCommands(Struct, frozen=True):
    """What `POST /reconcile` and `POST /given-up/replay` call; a dry run leaves no record."""

    requests: RequestedReconcile
    asker: RunAsker
    replayer: GivenUpReplayer
    audit: AuditLog

    async def reconcile(
        self, cluster_id: ClusterId, origin: Origin, *, dry_run: bool
    ) -> Outcome | None:
        """Reconcile one cluster, as `RequestedReconcile` does."""
        if dry_run:
            return await self.requests.reconcile(cluster_id, dry_run=True)
        record = await self.audit.intend(origin, AuditAction.RECONCILE, cluster_id)
        outcome = await self.requests.reconcile(cluster_id, dry_run=False)
        await self.audit.complete(record, _of_outcome(outcome))
        return outcome

    async def start_run(self, scope: RunScope, origin: Origin) -> Asked:
        """Ask for a run, as `RunAsker` does."""
        if scope.dry_run:
            return await self.asker.ask(scope, Cause.ASKED)
        record = await self.audit.intend(origin, AuditAction.START_RUN, wanted=scope.to_json())
        try:
            run = await self.asker.ask(scope, Cause.ASKED)
        except (TooManyActive, TooManyConflicts) as error:
            await self.audit.complete(record, Completion(AuditOutcome.REFUSED, message=str(error)))
            raise
        outcome = AuditOutcome.JOINED if run.joined else AuditOutcome.STARTED
        await self.audit.complete(record, Completion(outcome, after={"runId": run.run.id}))
        return run

    async def replay(
        self, origin: Origin, cluster_id: ClusterId | None = None, reason: str | None = None
    ) -> int:
        """Replay one cluster, all of one reason, or everything, as `GivenUpReplayer` does."""
        wanted = None if cluster_id else {"reason": reason, "all": reason is None}
        record = await self.audit.intend(origin, AuditAction.REPLAY, cluster_id, wanted=wanted)
        if cluster_id:
            replayed = await self.replayer.replay_one(cluster_id)
        else:
            replayed = await self.replayer.replay_all(reason)
        done = Completion(AuditOutcome.REPLAYED, after={"replayed": replayed})
        await self.audit.complete(record, done)
        return replayed


def _of_outcome(outcome: Outcome | None) -> Completion:
    if outcome is None:
        message = "Somebody else is at the cluster; the work queue has the work."
        return Completion(AuditOutcome.DEFERRED, message=message)
    after = {"maintenanceWindow": write_window(outcome.window)} if outcome.window else None
    kind = AuditOutcome(outcome.kind.value)
    by = outcome.rule, outcome.policy_hash
    return Completion(kind, outcome.reason.value, outcome.message, after, *by)
