"""What a person says of the plans of runs: that one is carried out, or that it is put back."""

from collections.abc import Mapping
from copy import replace
from datetime import datetime
from typing import TypedDict

from msgspec import Struct

from shared.domain.fleet.run import Run, RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.messages.audit import AuditAction, AuditOutcome, Completion, Origin
from shared.domain.updates.plan import Plan, UpdateKind, UpdateOrder, plan_hash
from shared.domain.updates.put_back import PutBack, PutBackClusterJson
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import month_of
from shared.reconcile.fleet.ask import RunAsker
from shared.reconcile.fleet.store import RunStore, Stored
from shared.reconcile.fleet.updates.orders import Orders
from shared.reconcile.ground.audit_log import AuditLog

MOST_NAMED = 200
"""Clusters that an answer names; all of them are counted."""


class NothingToApprove(Exception):
    """The run waits for nobody's approval; `approved_run` is the one that somebody approved."""

    def __init__(self, approved_run: str) -> None:
        if approved_run:
            super().__init__(f"it was approved already: run {approved_run}")
        else:
            super().__init__("the run has planned nothing that needs approval")
        self.approved_run = approved_run


class OtherPlan(Exception):
    """The plan is not the one that was meant; `plan_hash` is that of what there is."""

    def __init__(self, plan: str) -> None:
        super().__init__(f"the plan is {plan}")
        self.plan_hash = plan


class PutBackJson(TypedDict):
    """What would be put back, by the hash that says so; the first of the clusters are named."""

    runId: str
    planHash: str
    updates: int
    clusters: list[PutBackClusterJson]


class PlanApprover(Struct, frozen=True):
    """Answers `POST /runs/{id}/approve` and `POST /runs/{id}/revert`."""

    store: RunStore
    asker: RunAsker
    orders: Orders
    audit: AuditLog
    subscriptions: frozenset[str]

    async def approve(self, run_id: str, planned: str, origin: Origin) -> Run | None:
        """Begin the run that carries out exactly what a run has planned; None: no such run.

        Raises NothingToApprove and OtherPlan. The same approval twice is the same run.
        """
        stored = await self._run(run_id)
        if stored is None:
            return None
        wanted = {"runId": run_id, "planHash": planned}
        record = await self.audit.intend(origin, AuditAction.APPROVE_RUN, wanted=wanted)
        try:
            run = await self._approved(stored, planned)
        except (NothingToApprove, OtherPlan) as error:
            await self.audit.complete(record, Completion(AuditOutcome.REFUSED, message=str(error)))
            raise
        await self.audit.complete(record, Completion(AuditOutcome.STARTED, after={"runId": run.id}))
        return run

    async def _approved(self, stored: Stored[RunRecord], planned: str) -> Run:
        record = stored.record
        verdict = record.summary.get("updatePlan")
        if record.state is not RunState.NEEDS_APPROVAL or verdict is None:
            raise NothingToApprove(record.approved_run)
        if verdict["planHash"] != planned:
            raise OtherPlan(verdict["planHash"])
        run = await self._begin(record.run, UpdateKind.APPROVED, stored.read_at, "")
        # Begun before it is said: a crash in between leaves it to be approved again, to one run.
        approved = replace(record, state=RunState.FINISHED, approved_run=run.id)
        await self.store.replace_run(stored, approved)
        return run

    async def _begin(self, of: Run, kind: UpdateKind, now: datetime, word: str) -> Run:
        run = of.followed(UpdateOrder(kind, of.id), now, word)
        await self.asker.begin(run)
        return run

    async def try_out(self, run_id: str) -> PutBackJson | None:
        """Say what a revert would put back, as the rows have it; None: no such run."""
        stored = await self._run(run_id)
        if stored is None:
            return None
        back = await self._back(stored.record.run)
        return {
            "runId": run_id,
            "planHash": plan_hash(_plan_of(back)),
            "updates": len(back),
            "clusters": [back[each].to_json(each) for each in sorted(back)[:MOST_NAMED]],
        }

    async def revert(self, run_id: str, planned: str, origin: Origin) -> Run | None:
        """Begin the run that puts back what stood before; None: no such run. Raises OtherPlan."""
        stored = await self._run(run_id)
        if stored is None:
            return None
        wanted = {"runId": run_id, "planHash": planned}
        record = await self.audit.intend(origin, AuditAction.REVERT_RUN, wanted=wanted)
        found = plan_hash(_plan_of(await self._back(stored.record.run)))
        if found != planned:
            error = OtherPlan(found)
            await self.audit.complete(record, Completion(AuditOutcome.REFUSED, message=str(error)))
            raise error
        run = await self._begin(stored.record.run, UpdateKind.REVERT, stored.read_at, planned)
        await self.audit.complete(record, Completion(AuditOutcome.STARTED, after={"runId": run.id}))
        return run

    async def _back(self, run: Run) -> dict[ClusterId, PutBack]:
        order = UpdateOrder(UpdateKind.REVERT, run.id)
        only = run.scope.subscription_id
        found: dict[ClusterId, PutBack] = {}
        for subscription_id in [only] if only else sorted(self.subscriptions):
            found |= await self.orders.to_put_back(order, subscription_id)
        return found

    async def _run(self, run_id: str) -> Stored[RunRecord] | None:
        # A table's client is made only for a month that has one: ids are whatever people send.
        month = month_of(run_id)
        known = month is not None and month in await self.store.months()
        return await self.store.run(run_id) if known else None


def _plan_of(back: Mapping[ClusterId, PutBack]) -> Plan:
    return {each: found.planned for each, found in back.items()}
