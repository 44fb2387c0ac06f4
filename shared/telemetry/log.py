"""What naptime writes to the log: one canonical line per reconcile, with nothing unparsed in it."""

import json
import logging
from typing import cast

from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.batch import PendingCluster
from shared.domain.fleet.run_records import RunRecord
from shared.domain.images.age import AgesRead
from shared.domain.messages.audit import AuditRecord
from shared.domain.vocabulary.errors import InvalidInput
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.reasons import Cause
from shared.telemetry.names import API_WRITE_RECORDED, EVENT_NAME, PROPERTY_PREFIX, Event

logger = logging.getLogger("naptime")

DETAIL_LIMIT = 500

AGES_PERMISSION = "reading them needs Microsoft.Compute/virtualMachines/read"
"""Resource Graph leaves out what may not be read, without an error."""

_LEVELS = {OutcomeKind.DEFERRED: logging.WARNING, OutcomeKind.FAILED: logging.ERROR}


def quieten_sdks() -> None:
    """Keep the SDKs' own lines out of the log.

    azure-core logs every request with its URL at INFO, and the worker's root logger is at INFO,
    so each call would become a row in Application Insights.
    """
    logging.getLogger("azure.core").setLevel(logging.WARNING)
    logging.getLogger("azure.identity").setLevel(logging.WARNING)


def log_outcome_in_run(outcome: Outcome, cause: Cause) -> None:
    """Write the canonical line of a cluster in a run; where nothing had to be done, for debugging.

    A run over ten thousand clusters would otherwise be as many rows in Application Insights.
    """
    quiet = outcome.kind in {OutcomeKind.UNCHANGED, OutcomeKind.SKIPPED}
    log_outcome(outcome, cause, logging.DEBUG if quiet else None)


def log_run(record: RunRecord) -> None:
    """Write the line of a run that has finished."""
    shown = record.summary
    facts: dict[str, object] = {
        "runId": record.run.id,
        "cause": record.run.cause.value,
        "outcomes": json.dumps(shown["outcomes"], separators=(",", ":")),
        "calls": shown["calls"],
        "throttled": shown["throttled"],
        "unreadableSubscriptions": len(cast("list[object]", shown["unreadableSubscriptions"])),
        "stoppedShards": len(cast("list[object]", shown["stoppedShards"])),
        "crowdedStarts": len(shown["crowdedStarts"]),
    }
    wrong = facts["unreadableSubscriptions"] or facts["stoppedShards"]
    log_facts(logging.WARNING if wrong else logging.INFO, "run finished", facts)


def log_ages(read: AgesRead) -> None:
    """Write the line of one reading of all machines."""
    facts = read.to_facts()
    if read.nothing_to_see:
        facts["detail"] = f"no machine of {read.clusters} clusters can be seen; {AGES_PERMISSION}"
    wrong = read.failures or read.nothing_to_see
    log_facts(logging.WARNING if wrong else logging.INFO, "image ages read", facts)


def log_bug(cluster: PendingCluster, error: Exception) -> None:
    """Write the line, with the stack, of a cluster that naptime failed on for no known reason."""
    facts: dict[str, object] = {"clusterId": cluster.cluster.id, "why": type(error).__name__}
    log_facts(logging.ERROR, "failed on a cluster", facts, error)


def log_left_out(subscription_id: str, error: InvalidInput) -> None:
    """Write the line of a cluster that a listing holds, and whose id naptime cannot read."""
    facts: dict[str, object] = {"subscriptionId": subscription_id, "why": str(error)}
    log_facts(logging.WARNING, "cluster left out", facts)


def log_bug_in_location(location: str, error: Exception) -> None:
    """Write the line, with the stack, of a location whose images naptime failed to look at."""
    facts: dict[str, object] = {"location": location, "why": type(error).__name__}
    log_facts(logging.ERROR, "failed on a location", facts, error)


def log_outcome(outcome: Outcome, cause: Cause, level: int | None = None) -> None:
    """Write the canonical line of one reconcile; a failure is an error, a deferral a warning."""
    facts: dict[str, object] = {
        "clusterId": str(outcome.cluster_id),
        "outcome": outcome.kind.value,
        "reason": outcome.reason.value,
        "cause": cause.value,
        "attempts": outcome.attempts,
        "calls": outcome.calls,
        "dryRun": outcome.dry_run,
        "nextStart": outcome.next_start.isoformat() if outcome.next_start else None,
        "detail": one_line(outcome.message, DETAIL_LIMIT),
    }
    log_facts(level or _LEVELS.get(outcome.kind, logging.INFO), "reconciled", facts)


def log_audit(record: AuditRecord) -> None:
    """Send the custom event of a command over HTTP, once it has come to an end."""
    facts: dict[str, object] = {
        "caller": record.origin.caller.name,
        "action": record.action.value,
        "clusterId": str(record.cluster_id) if record.cluster_id else None,
        "outcome": record.completion.outcome.value,
        "correlationId": record.origin.correlation_id,
    }
    log_event(API_WRITE_RECORDED, facts)


def log_facts(
    level: int, what: str, facts: dict[str, object], error: Exception | None = None
) -> None:
    """Write one line, `what key=value ...`, with the same facts as the record's own fields."""
    if not logger.isEnabledFor(level):
        # A run would make ten thousand lines of what needed nothing, and throw them away.
        return
    logger.log(level, "%s %s", what, _line(facts), extra=_properties(facts), exc_info=error)


def log_event(event: Event, facts: dict[str, object]) -> None:
    """Send a custom event of the table, whose facts these are; it is a line of the log as well."""
    extra = {EVENT_NAME: event.name, **_properties(facts)}
    logger.info("%s %s", event.name, _line(facts), extra=extra)


def _line(facts: dict[str, object]) -> str:
    return " ".join(f"{key}={_shown(value)}" for key, value in facts.items() if value is not None)


def _properties(facts: dict[str, object]) -> dict[str, object]:
    """Give the record's own fields; what the exporter would render by itself is text already."""
    known = {key: value for key, value in facts.items() if value is not None}
    return {f"{PROPERTY_PREFIX}{key}": _plain(value) for key, value in known.items()}


def _plain(value: object) -> object:
    if isinstance(value, bool | int | float | str):
        return one_line(value, DETAIL_LIMIT) if isinstance(value, str) else value
    return one_line(str(value), DETAIL_LIMIT)


def _shown(value: object) -> str:
    text = one_line(str(value), DETAIL_LIMIT)
    return f'"{text.replace('"', "'")}"' if " " in text else text
