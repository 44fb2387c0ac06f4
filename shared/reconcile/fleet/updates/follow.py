"""What follows a run that has found drift: the run that mends it, or the question to a person."""

from copy import replace
from datetime import datetime

from msgspec import Struct

from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.policy.updates import UpdateRules
from shared.domain.updates.plan import Plan, UpdateOrder, Verdict, chosen
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.reconcile.fleet.ask import RunAsker
from shared.reconcile.fleet.updates.plans import PlanReader
from shared.reconcile.ground.policies import Wanted

_LOOK_FOR_DRIFT = frozenset({Cause.SWEPT, Cause.ASKED})
"""Runs for an image are one for each location: a brake for each of them would be none."""


class Follower(Struct, frozen=True):
    """Judges what a run has planned when it ends, and begins what follows it by itself."""

    plans: PlanReader
    asker: RunAsker
    wanted: Wanted

    async def judged(self, closed: RunRecord, now: datetime) -> RunRecord:
        """Give the record of a run that ends, with the verdict on its plan; harmless to repeat.

        What follows is begun before the record says so: a crash in between begins it again, which
        is the same run.
        """
        rules = await self._rules(closed)
        if rules is None or not closed.summary.get("reasons", {}).get(Reason.OUTDATED.value):
            return closed
        plan = await self.plans.of(closed.run.id)
        if not plan:
            return closed
        verdict = Verdict.on(plan, rules, closed.summary.get("owned", 0))
        judged = replace(closed, summary={**closed.summary, "updatePlan": verdict.to_json()})
        return judged if closed.only_looks else await self._followed(judged, plan, verdict, now)

    async def _rules(self, closed: RunRecord) -> UpdateRules | None:
        """Give the rules of the policy that the run kept to; None where it changes nothing."""
        run = closed.run
        if run.updates or run.cause not in _LOOK_FOR_DRIFT:
            return None
        rules = (await self.wanted(run.policy_hash)).policy.updates
        return rules if rules.owned else None

    async def _followed(
        self, judged: RunRecord, plan: Plan, verdict: Verdict, now: datetime
    ) -> RunRecord:
        if verdict.needs_approval:
            judged = replace(judged, state=RunState.NEEDS_APPROVAL)
        if not chosen(plan, verdict.follows, now):
            return judged
        run, order = judged.run, UpdateOrder(verdict.follows, judged.run.id)
        follower = run.followed(order, now)
        await self.asker.begin(follower)
        return replace(judged, followed_by=follower.id)
