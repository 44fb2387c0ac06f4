"""One canonical line per reconcile, with nothing unparsed in it."""

import logging

import pytest

from shared.domain.outcome import Outcome, OutcomeKind
from shared.domain.reasons import Reason
from shared.domain.work import Cause
from shared.telemetry import log_outcome, quieten_sdks
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
        log_outcome(outcome(kind, "no\nrole\x1b[31m"), Cause.ASKED)
    (record,) = caplog.records
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
