from datetime import datetime

from shared.domain.fleet.run_records import RunRecord
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.cloud_event import CloudEvent

FLEET_RUN_COMPLETED = "Naptime.FleetRunCompleted"


MOST_LOCATIONS = 100


def run_completed(record: RunRecord, now: datetime) -> CloudEvent:
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
    }
    return CloudEvent(FLEET_RUN_COMPLETED, run.id, f"runs/{run.id}", now, data)


def _count(found: object) -> int:
    return len(found) if isinstance(found, list) else 0
