"""What naptime writes to the log: one canonical line per reconcile, with nothing unparsed in it."""

import logging

from shared.domain.outcome import Outcome, OutcomeKind
from shared.domain.plain_text import one_line
from shared.domain.work import Cause

logger = logging.getLogger("naptime")

DETAIL_LIMIT = 500

_LEVELS = {OutcomeKind.DEFERRED: logging.WARNING, OutcomeKind.FAILED: logging.ERROR}


def quieten_sdks() -> None:
    """Keep the SDKs' own lines out of the log.

    azure-core logs every request with its URL at INFO, and the worker's root logger is at INFO,
    so each call would become a row in Application Insights.
    """
    logging.getLogger("azure.core").setLevel(logging.WARNING)
    logging.getLogger("azure.identity").setLevel(logging.WARNING)


def log_outcome(outcome: Outcome, cause: Cause) -> None:
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
    log_facts(_LEVELS.get(outcome.kind, logging.INFO), "reconciled", facts)


def log_facts(level: int, what: str, facts: dict[str, object]) -> None:
    """Write one line, `what key=value ...`, with the same facts as the record's own fields."""
    line = " ".join(f"{key}={_shown(value)}" for key, value in facts.items() if value is not None)
    logger.log(level, "%s %s", what, line, extra={f"naptime_{k}": v for k, v in facts.items()})


def _shown(value: object) -> str:
    text = one_line(str(value), DETAIL_LIMIT)
    return f'"{text.replace('"', "'")}"' if " " in text else text
