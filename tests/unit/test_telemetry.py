"""One canonical line per reconcile, with nothing unparsed in it."""

import logging
from copy import replace
from datetime import UTC, datetime

import pytest

from shared.domain.deciding.observed import observe_cluster
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.errors import AccessDenied
from shared.domain.fleet.batch import PendingCluster
from shared.domain.fleet.run import Run, RunScope
from shared.domain.fleet.run_records import RunRecord, RunSummaryJson
from shared.domain.fleet.unreadable import UnreadableJson
from shared.domain.images.age import AgesRead
from shared.domain.messages.audit import (
    AuditAction,
    AuditOutcome,
    AuditRecord,
    Caller,
    Completion,
    Origin,
)
from shared.domain.messages.callers import CallerKind, EventCaller
from shared.domain.messages.touches import Touch, TouchKind
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.telemetry import custom_events, lines
from shared.telemetry.log import quieten_sdks
from shared.telemetry.reports import (
    report_ages,
    report_audit,
    report_bug,
    report_bug_in_location,
    report_in_run,
    report_put,
    report_removed_again,
)
from shared.telemetry.run_reports import report_run
from tests.clusters import cluster as a_cluster
from tests.clusters import cluster_id


def outcome(kind: OutcomeKind, message: str) -> Outcome:
    """Give an outcome."""
    return Outcome(
        cluster_id=cluster_id(),
        kind=kind,
        reason=Reason.ACCESS_DENIED,
        message=message,
        findings=(),
        window=None,
        next_start=None,
        attempts=1,
        calls=2,
    )


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (OutcomeKind.CREATED, "INFO"),
        (OutcomeKind.UNCHANGED, "INFO"),
        (OutcomeKind.DEFERRED, "WARNING"),
        (OutcomeKind.FAILED, "ERROR"),
    ],
)
def test_one_line(kind: OutcomeKind, level: str, caplog: pytest.LogCaptureFixture) -> None:
    """An outcome is one line with its facts; a deferral is a warning, a failure an error."""
    with caplog.at_level(logging.INFO, "naptime"):
        report_put(outcome(kind, "no\nrole\x1b[31m"), Cause.ASKED)
    record = caplog.records[0]
    assert record.levelname == level
    line = record.getMessage()
    assert f"outcome={kind.value} reason=AccessDenied cause=Asked attempts=1 calls=2" in line
    assert "\n" not in line
    assert "\x1b" not in line
    assert getattr(record, "naptime_clusterId") == str(cluster_id())  # noqa: B009 - a log field


def test_sdk_lines_stay_out() -> None:
    """The SDKs' line for every request is not written, whatever the root logger's level."""
    quieten_sdks()
    name = "azure.core.pipeline.policies.http_logging_policy"
    assert not logging.getLogger(name).isEnabledFor(logging.INFO)


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (OutcomeKind.UNCHANGED, "DEBUG"),
        (OutcomeKind.SKIPPED, "DEBUG"),
        (OutcomeKind.CREATED, "INFO"),
        (OutcomeKind.FAILED, "ERROR"),
    ],
)
def test_a_run_is_quiet_about_what_is_well(
    kind: OutcomeKind, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten thousand clusters with nothing to do are not ten thousand lines."""
    with caplog.at_level(logging.DEBUG, "naptime"):
        report_in_run(outcome(kind, "x"), Cause.SWEPT)
    assert caplog.records[0].levelname == level


UNREADABLE: UnreadableJson = {
    "subscriptionId": "a",
    "reason": "AccessDenied",
    "message": "no role",
    "advice": "assign it",
    "azureCode": None,
    "since": None,
    "nextTryAt": None,
}


@pytest.mark.parametrize(("unreadable", "level"), [([], "INFO"), ([UNREADABLE], "WARNING")])
def test_the_end_of_a_run_is_one_line(
    unreadable: list[UnreadableJson], level: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A run that could not read everything is a warning; one that could is not."""
    run = Run("202611-a", Cause.SWEPT, RunScope(), datetime(2026, 11, 21, tzinfo=UTC))
    summary: RunSummaryJson = {
        "outcomes": {"Created": 2},
        "reasons": {"ScheduleMissing": 2},
        "calls": 5,
        "throttled": 0,
        "unreadableSubscriptions": unreadable,
        "stoppedShards": [],
        "crowdedStarts": [],
    }
    with caplog.at_level(logging.DEBUG, "naptime"):
        report_run(RunRecord(run, summary=summary), dry_run=True)
    record = caplog.records[0]
    assert record.levelname == level
    assert "runId=202611-a" in record.getMessage()


@pytest.mark.parametrize(
    ("read", "level", "said"),
    [
        (AgesRead(clusters=2, machines=3), "INFO", "machines=3"),
        (AgesRead(), "INFO", "clusters=0"),
        (AgesRead(reasons={"NodeImageOld": 1}), "INFO", 'findings={"NodeImageOld":1}'),
        (AgesRead(failures=[AccessDenied("no")]), "WARNING", "reason=AccessDenied detail=no"),
        (AgesRead(clusters=2), "WARNING", "Microsoft.Compute/virtualMachines/read"),
        (
            AgesRead(clusters=2, machines=1, failures=[AccessDenied("no")]),
            "WARNING",
            "AccessDenied",
        ),
    ],
)
def test_a_reading_of_ages_is_one_line(
    read: AgesRead, level: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A reading that failed, or that saw no machine at all, is a warning."""
    with caplog.at_level(logging.DEBUG, "naptime"):
        report_ages(read)
    (record,) = caplog.records
    assert record.levelname == level
    assert said in record.getMessage()


def test_a_bug_is_logged_with_its_stack(caplog: pytest.LogCaptureFixture) -> None:
    """What naptime failed on for no known reason is an error with the cluster and the stack."""
    cluster = PendingCluster(observe_cluster(a_cluster()))
    report_bug(cluster, ZeroDivisionError("division by zero"))
    (record,) = caplog.records
    assert (record.levelname, bool(record.exc_info)) == ("ERROR", True)
    assert "aks-1" in record.getMessage()


def test_a_bug_in_a_location_is_logged_with_its_stack(caplog: pytest.LogCaptureFixture) -> None:
    """The same of a location whose images naptime failed to look at."""
    report_bug_in_location("westeurope", ZeroDivisionError("division by zero"))
    (record,) = caplog.records
    assert (record.levelname, bool(record.exc_info)) == ("ERROR", True)
    assert "location=westeurope" in record.getMessage()


@pytest.mark.parametrize(
    ("failed", "released", "level"), [(0, 0, "DEBUG"), (0, 1, "INFO"), (1, 1, "WARNING")]
)
def test_a_look_for_images_is_as_loud_as_what_it_found(
    failed: int, released: int, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing new is for debugging; a location that could not be looked at is a warning."""
    with caplog.at_level(logging.DEBUG, "naptime"):
        lines.NODE_IMAGES_WATCHED.log(locations=3, released=released, failed=failed, why=None)
    assert [record.levelname for record in caplog.records] == [level]


@pytest.mark.parametrize("by", [None, EventCaller("0a1b", CallerKind.APPLICATION)])
def test_a_removal_that_is_one_too_many_is_a_custom_event(
    by: EventCaller | None, caplog: pytest.LogCaptureFixture
) -> None:
    """It says how many there were, and by whom the last of them was, if the events do."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    removals = [Touch(at, TouchKind.REMOVED), Touch(at, TouchKind.REMOVED, by)]
    with caplog.at_level(logging.INFO, "naptime"):
        report_removed_again(cluster_id(), removals)
    (record,) = caplog.records
    assert record.__dict__["microsoft.custom_event.name"] == "Naptime.ScheduleRemovedAgain"
    end = " times=2 by=0a1b byKind=application" if by else " times=2"
    assert record.getMessage().endswith(end)


def test_a_custom_event_is_a_line_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """The exporter tells an event by an attribute; facts that are there are properties."""
    with caplog.at_level(logging.INFO, "naptime"):
        custom_events.WORK_GIVEN_UP.send(
            cluster_id=cluster_id(), reason="Poisoned", azure_code=None, attempts=2, advice="Look."
        )
        custom_events.WORK_GIVEN_UP.send(
            cluster_id=None, reason="Poisoned", azure_code=None, attempts=1, advice="Look."
        )
    of_cluster, of_none = caplog.records
    assert of_cluster.getMessage().startswith("Naptime.WorkGivenUp clusterId=/sub")
    assert getattr(of_cluster, "microsoft.custom_event.name") == "Naptime.WorkGivenUp"
    assert of_cluster.__dict__["naptime_clusterId"] == str(cluster_id())
    assert "naptime_clusterId" not in of_none.__dict__


def test_a_command_is_one_custom_event(caplog: pytest.LogCaptureFixture) -> None:
    """The end of a command over HTTP is one event: who, what, on which cluster, and the outcome."""
    origin = Origin(Caller("ops@example.com"), "0f0e0d0c-0b0a-4908-8706-050403020100")
    record = AuditRecord("id", origin, AuditAction.PUT_SCHEDULE, datetime.now(UTC), cluster_id())  # noqa: TID251 - not shown
    with caplog.at_level(logging.INFO, "naptime"):
        report_audit(replace(record, completion=Completion(AuditOutcome.UPDATED)))
    (line,) = caplog.records
    assert line.__dict__["microsoft.custom_event.name"] == "Naptime.ApiWriteRecorded"
    shown = {
        name: line.__dict__[f"naptime_{name}"] for name in custom_events.API_WRITE_RECORDED.facts
    }
    assert shown == {
        "caller": "ops@example.com",
        "action": "PutSchedule",
        "clusterId": str(cluster_id()),
        "outcome": "Updated",
        "correlationId": origin.correlation_id,
    }


def test_a_property_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Nor can a property bring a line break of its own into the log."""
    with caplog.at_level(logging.INFO, "naptime"):
        lines.EVENTS_GIVEN_UP.log(events=7, why="a\nb")
    (record,) = caplog.records
    assert (record.__dict__["naptime_why"], record.__dict__["naptime_events"]) == ("a?b", 7)


def test_a_symbol_takes_its_own_facts_alone() -> None:
    """Facts that are missing, unknown or of another type fail the type check, which runs here too.

    Each of these lines is an error to mypy, which also refuses an exception that is none.
    """
    with pytest.raises(TypeError):
        lines.EVENT_REFUSED.log()  # type: ignore[call-arg]  # the fact is missing
    with pytest.raises(TypeError):
        lines.EVENT_REFUSED.log(why="a", who="b")  # type: ignore[call-arg]  # it has no such fact
    with pytest.raises(TypeError):
        lines.EVENTS_LOST.log(events=1, why="a")  # type: ignore[call-arg]  # the error is missing
    lines.EVENT_IGNORED.log(what=1, cluster_id=None)  # type: ignore[arg-type]  # no text
