import json
from datetime import timedelta

from shared.domain.decision import Finding
from shared.domain.outcome import Outcome, OutcomeKind
from shared.domain.reasons import Reason
from tests.unit.domain.examples import CLUSTER_ID, SUNDAYS, at

CREATED = Outcome(
    CLUSTER_ID,
    OutcomeKind.CREATED,
    Reason.SCHEDULE_MISSING,
    "Created.",
    (Finding(Reason.SCHEDULE_MISSING, "None."),),
    SUNDAYS,
    at("2026-11-29 01:00"),
    attempts=1,
    calls=2,
)


def test_an_outcome_is_ready_for_json() -> None:
    """Keys are camelCase, instants end in Z, and the window is ARM's own."""
    assert json.loads(json.dumps(CREATED.to_json())) == {
        "clusterId": str(CLUSTER_ID),
        "outcome": "Created",
        "reason": "ScheduleMissing",
        "message": "Created.",
        "findings": [{"reason": "ScheduleMissing", "message": "None."}],
        "window": SUNDAYS.to_arm(),
        "nextStart": "2026-11-29T01:00:00Z",
        "attempts": 1,
        "calls": 2,
        "dryRun": False,
        "retryAfterSeconds": None,
    }


def test_what_is_not_known_is_null() -> None:
    """A failure has no window and no next start, and its wait is in seconds."""
    failed = Outcome(
        CLUSTER_ID,
        OutcomeKind.DEFERRED,
        Reason.THROTTLED,
        "Later.",
        (),
        None,
        None,
        attempts=3,
        calls=3,
        dry_run=True,
        retry_after=timedelta(minutes=2),
    ).to_json()
    assert (failed["window"], failed["nextStart"], failed["findings"]) == (None, None, [])
    assert (failed["retryAfterSeconds"], failed["dryRun"]) == (120.0, True)
