"""The events that tell of a fleet: that a run has ended, and which starts are crowded."""

from collections.abc import Iterator
from datetime import datetime

from shared.domain.fleet.crowding import Crowd
from shared.domain.fleet.run import Run, RunState
from shared.domain.fleet.run_records import RunRecord, RunSummaryJson
from shared.domain.updates.plan import VerdictJson
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType, Json

MOST_LOCATIONS = 100
"""So many of a run's locations are named in its event, which has to fit into a queue message."""


def ended(record: RunRecord, now: datetime) -> Iterator[CloudEvent]:
    """Give what is to be told of a run that has ended."""
    yield _run_completed(record, now)
    verdict = record.summary.get("updatePlan")
    if record.state is RunState.NEEDS_APPROVAL and verdict:
        yield _approval_needed(record.run, verdict, now)


def _approval_needed(run: Run, verdict: VerdictJson, now: datetime) -> CloudEvent:
    """Give what asks for an approval: once a day for the same plan, whichever run has found it."""
    identity = f"{verdict['planHash']}/{instants.in_utc(now):%Y-%m-%d}"
    data: Json = {"runId": run.id, "cause": run.cause.value, **verdict}
    return CloudEvent(EventType.APPROVAL_NEEDED, identity, f"runs/{run.id}", now, data)


def _run_completed(record: RunRecord, now: datetime) -> CloudEvent:
    """Give what tells that a run has ended, with its counts."""
    run, summary = record.run, record.summary
    scope = run.scope.to_json()
    scope["locations"] = list(run.scope.locations[:MOST_LOCATIONS])
    counts = {name: summary.get(name) for name in ("outcomes", "reasons", "calls", "throttled")}
    data = {
        **run.to_json(),
        "scope": scope,
        "finishedAt": instants.to_text(record.finished_at or now),
        **counts,
        "unreadableSubscriptions": _count(summary.get("unreadableSubscriptions")),
        "stoppedShards": _count(summary.get("stoppedShards")),
        "crowdedStarts": _count(summary.get("crowdedStarts")),
        "leftOutOfPlan": _left_out(record.summary),
        "needsApproval": record.state is RunState.NEEDS_APPROVAL,
    }
    return CloudEvent(EventType.FLEET_RUN_COMPLETED, run.id, f"runs/{run.id}", now, data)


def crowd_found(crowd: Crowd, run: Run, now: datetime) -> CloudEvent:
    """Give what tells of a crowded start, in the form of a schedule's; it is about no cluster."""
    found, shard = crowd.to_json(), crowd.shard
    identity = f"{shard.subscription_id}/{shard.location}/{found['reason']}/{found['start']}"
    subject = f"subscriptions/{shard.subscription_id}/locations/{shard.location}"
    data: Json = {
        "clusterId": None,
        "reason": found["reason"].value,
        "message": found["message"],
        "window": None,
        "nextStart": found["start"],
        "runId": run.id,
        "cause": run.cause.value,
        "rule": None,
        "policyHash": run.policy_hash or None,
    }
    return CloudEvent(EventType.SCHEDULE_NEEDS_ATTENTION, identity, subject, now, data)


def _left_out(summary: RunSummaryJson) -> int:
    return summary["findingCounts"]["leftOutOfPlan"] if "findingCounts" in summary else 0


def _count(found: object) -> int:
    return len(found) if isinstance(found, list) else 0
