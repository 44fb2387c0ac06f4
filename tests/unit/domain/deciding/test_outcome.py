import json
from datetime import timedelta

from shared.domain.deciding.decision import Finding
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.body import write_window
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
        "window": write_window(SUNDAYS),
        "nextStart": "2026-11-29T01:00:00Z",
        "attempts": 1,
        "calls": 2,
        "dryRun": False,
        "retryAfterSeconds": None,
        "rule": None,
        "policyHash": None,
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
