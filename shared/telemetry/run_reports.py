"""What is told of a run at its end: its line in the log, its event, its figures."""

from collections.abc import Mapping
from datetime import timedelta

from shared.domain.fleet.run import Run, RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.fleet.tally import ClusterState, count_states
from shared.domain.vocabulary.reasons import Reason
from shared.telemetry import custom_events, figures, lines
from shared.telemetry.log import compact
from shared.telemetry.metrics import count, record, show

SECOND = timedelta(seconds=1)


def report_run(finished: RunRecord, *, dry_run: bool) -> None:
    """Tell of a run that has come to its end; `dry_run` is the setting that stops every write."""
    only_looked = dry_run or finished.run.scope.dry_run
    states = count_states(finished.summary["reasons"], dry_run=only_looked)
    _say_run(finished)
    _send_run(finished, states, dry_run=only_looked)
    if not only_looked:
        _count_run(finished, states)


def _say_run(finished: RunRecord) -> None:
    summary = finished.summary
    lines.RUN_FINISHED.log(
        run_id=finished.run.id,
        cause=finished.run.cause.value,
        outcomes=compact(summary["outcomes"]),
        calls=summary["calls"],
        throttled=summary["throttled"],
        unreadable_subscriptions=len(summary["unreadableSubscriptions"]),
        stopped_shards=len(summary["stoppedShards"]),
        crowded_starts=len(summary["crowdedStarts"]),
    )


def _send_run(finished: RunRecord, states: Mapping[ClusterState, int], *, dry_run: bool) -> None:
    run, summary = finished.run, finished.summary
    custom_events.RUN_ENDED.send(
        run_id=run.id,
        cause=run.cause.value,
        scope=_scope(run),
        dry_run=dry_run,
        duration_seconds=round(_lasted(finished), 3),
        clusters=sum(states.values()),
        protected=states[ClusterState.PROTECTED],
        needs_attention=states[ClusterState.NEEDS_ATTENTION],
        unconfirmed=states[ClusterState.UNCONFIRMED],
        left_out=states[ClusterState.LEFT_OUT],
        calls=summary["calls"],
        throttled=summary["throttled"],
        unreadable_subscriptions=len(summary["unreadableSubscriptions"]),
        stopped_shards=len(summary["stoppedShards"]),
        crowded_starts=len(summary["crowdedStarts"]),
        updates=run.updates.kind.value if run.updates else None,
        updates_waiting=_updates_waiting(finished),
    )


def _count_run(finished: RunRecord, states: Mapping[ClusterState, int]) -> None:
    run, summary = finished.run, finished.summary
    dimensions = {"cause": run.cause.value, "scope": _scope(run)}
    record(figures.RUN_DURATION, dimensions, _lasted(finished))
    for subscription in summary["unreadableSubscriptions"]:
        count(figures.UNREADABLE, {"reason": subscription["reason"]})
    for shard in summary["stoppedShards"]:
        count(figures.STOPPED, {"reason": shard["reason"]})
    if run.looks_at_everything:
        for state, number in states.items():
            show(figures.CLUSTERS, {"state": state.value}, number)
        show(figures.CROWDED, {}, len(summary["crowdedStarts"]))
        show(figures.DRIFTED, {}, summary["reasons"].get(Reason.OUTDATED.value, 0))
        show(figures.UPDATES_WAITING, {}, _updates_waiting(finished))


def _scope(run: Run) -> str:
    return "Everything" if run.looks_at_everything else "Part"


def _lasted(finished: RunRecord) -> float:
    """Give the seconds from asking for a run to its end."""
    started_at = finished.run.started_at
    return ((finished.finished_at or started_at) - started_at) / SECOND


def _updates_waiting(finished: RunRecord) -> int:
    """Count the updates that somebody has to approve before they are made."""
    if finished.state is not RunState.NEEDS_APPROVAL:
        return 0
    return finished.summary["updatePlan"]["updates"]
