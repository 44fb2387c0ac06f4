"""What stands beside the clusters of the made-up fleet: a plan that waits, and what went wrong."""

from collections.abc import Iterator
from copy import replace
from datetime import datetime, time, timedelta
from itertools import batched, groupby

from shared.domain.deciding.conditions import changes_between
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.own.drift import Drift
from shared.domain.deciding.written import canonical
from shared.domain.fleet.batch import CLUSTERS_A_BATCH, Batch, SettledCluster
from shared.domain.fleet.last_known import LastKnown
from shared.domain.fleet.run import Run, RunScope, RunState, new_run_id
from shared.domain.fleet.run_records import RunRecord
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.messages.callers import CallerKind, EventCaller
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.touches import Touch, Touches, TouchKind
from shared.domain.policy.updates import UpdateRules
from shared.domain.updates.plan import Planned, Verdict
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.recurrence import Weekday, Weekly
from shared.fleetwork import Fleetwork
from shared.reconcile.fleet.store import SHARD, batches_of
from tests.page.a_fleet import MadeUp, made_up

TERRAFORM = EventCaller("1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9", CallerKind.APPLICATION)


async def remembered_beside(world: Fleetwork, now: datetime, count: int) -> RunRecord:
    """Have the tables hold a run that waits, three removals and two given up; gives the run."""
    made = list(made_up(count, now))
    for each in made[4:5]:
        touches = [Touch(now - timedelta(days=day), TouchKind.REMOVED, TERRAFORM) for day in (9, 2)]
        await world.memory.note_touches(each.observed.id, Touches.heard(touches).to_values())
    for each in made:
        if each.known.outcome.reason is Reason.ACCESS_DENIED:
            await world.given_up.put(_given_up(each, now))
    return await _waiting(world, made, now - timedelta(hours=3))


def _given_up(made: MadeUp, now: datetime) -> GivenUp:
    advice, at = REASONS[Reason.ACCESS_DENIED].you_can, now - timedelta(hours=2)
    said, code = made.known.outcome.message, "AuthorizationFailed"
    return GivenUp(made.observed.id, "AccessDenied", said, advice, at, 5, "{}", azure_code=code)


async def _waiting(world: Fleetwork, made: list[MadeUp], at: datetime) -> RunRecord:
    run = Run(new_run_id(at, "1" * 16), Cause.SWEPT, RunScope(), at)
    drifted = sorted(_drifted(made, at), key=lambda each: _shard_of(each).key)
    found = {each.cluster_id: each.drift for each in drifted if each.drift}
    plans = {key: Planned.of(drift.to_json()) for key, drift in found.items()}
    plan = {key: planned for key, planned in plans.items() if planned}
    for _, group in groupby(drifted, key=lambda each: _shard_of(each).key):
        some = list(group)
        shard = _shard_of(some[0])
        finished = ShardRecord(
            run.id,
            shard,
            Cause.SWEPT,
            dry_run=False,
            known=0,
            pending=0,
            listing=1,
            finished=True,
        )
        rows = {SHARD + shard.key: finished.to_values()}
        await world.store._table(run.id).merge(run.id, rows)
        await world.store.insert_batches(run.id, _batches(shard, some, at))
    verdict = Verdict.on(plan, UpdateRules(owned=True), owned=len(made))
    record = RunRecord(
        run,
        RunState.NEEDS_APPROVAL,
        started=True,
        finished_at=at + timedelta(minutes=4),
        summary={"updatePlan": verdict.to_json()},
    )
    await world.store.insert_run(record)
    return record


def _shard_of(outcome: Outcome) -> Shard:
    return Shard(
        outcome.cluster_id.subscription_id, outcome.cluster.location if outcome.cluster else ""
    )


def _batches(shard: Shard, some: list[Outcome], at: datetime) -> Iterator[Batch]:
    for number, few in enumerate(batched(some, CLUSTERS_A_BATCH, strict=False)):
        settled = {
            f"c{place:02}": SettledCluster(LastKnown(outcome, at, at).shown)
            for place, outcome in enumerate(few)
        }
        yield Batch(f"{batches_of(shard, 1)}{number:06}", settled)


def _drifted(made: list[MadeUp], at: datetime) -> Iterator[Outcome]:
    """Have what is naptime's own in production move to Saturday night, and a little later."""
    for each in made:
        outcome = each.known.outcome
        if outcome.kind is not OutcomeKind.CREATED or each.observed.tags["env"] != "prod":
            continue
        assert outcome.window
        before = replace(outcome.window, start_date=None)
        after = replace(before, recurrence=Weekly(1, Weekday.SATURDAY), start_time=time(23, 30))
        drift = Drift(
            canonical(before, at),
            canonical(after, at),
            after,
            changes_between(before, after),
            clocks=False,
            update=True,
        )
        yield replace(outcome, kind=OutcomeKind.UNCHANGED, reason=Reason.OUTDATED, drift=drift)
