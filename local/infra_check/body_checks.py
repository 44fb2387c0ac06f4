"""Policies that are more than one value at one path: a check of a body for each type."""

from collections.abc import Callable, Iterator

from local.infra_check.policy_tables import (
    ALERT,
    DEAD_LETTERS,
    DEFINITION,
    DIAGNOSTICS,
    FREQUENCIES,
    KNOWN_ACTIONS,
    LOG_CATEGORIES,
    LOST_EVENTS,
    METRIC_ALERT,
    SITE,
    WINDOWS,
)
from local.infra_check.values import Value, at, shown, strings_in


def _wrong_definition(body: Value) -> Iterator[str]:
    for action in strings_in(at(body, "properties.permissions.0.actions")):
        if action not in KNOWN_ACTIONS:
            yield f"{action} is no action that naptime may have"


def _wrong_subscription(body: Value) -> Iterator[str]:
    retry = at(body, "properties.retryPolicy")
    for name, most in (("maxDeliveryAttempts", 30), ("eventTimeToLiveInMinutes", 1440)):
        given = at(retry, name)
        if not isinstance(given, int) or not 1 <= given <= most:
            yield f"retryPolicy.{name} must be 1 to {most}, not {shown(given)}"
    filters = at(body, "properties.filter.advancedFilters")
    listed = filters if isinstance(filters, list) else []
    values = [value for each in listed for value in strings_in(at(each, "values"))]
    # Event Grid's own limits: 25 filters, 25 values in all of them, 512 characters each.
    if len(listed) > 25 or len(values) > 25 or any(len(value) > 512 for value in values):  # noqa: PLR2004 - as above
        yield "advancedFilters are more than Event Grid takes"
    if not strings_in(at(body, "properties.filter.includedEventTypes")):
        yield "filter.includedEventTypes must name the types"
    kept = at(body, "properties.deadLetterWithResourceIdentity")
    container = at(kept, "deadLetterDestination.properties.blobContainerName")
    if kept is not None and container != DEAD_LETTERS:
        yield f"deadLetterWithResourceIdentity must keep them in the container {DEAD_LETTERS}"


def _wrong_alert(body: Value) -> Iterator[str]:
    query = shown(at(body, "properties.criteria.allOf.0.query")).strip()
    if not query.startswith(
        ("AppEvents\n", "AppMetrics\n", "AppTraces\n", "union AppTraces, AppExceptions\n")
    ):
        yield "an alert must be on events, metrics or log lines: spans are sampled"
    window = shown(at(body, "properties.windowSize"))
    if window not in WINDOWS:
        yield f"windowSize {window} is none that log alerts take"
    frequency = shown(at(body, "properties.evaluationFrequency"))
    if frequency not in FREQUENCIES:
        yield f"evaluationFrequency {frequency} is none that log alerts take"
    severity = at(body, "properties.severity")
    if severity not in range(5):
        yield f"severity must be 0 to 4, not {shown(severity)}"


def _wrong_metric_alert(body: Value) -> Iterator[str]:
    metric = shown(at(body, "properties.criteria.allOf.0.metricName"))
    if metric not in LOST_EVENTS:
        yield f"{metric} is no metric that tells of lost events"


def _wrong_diagnostics(body: Value) -> Iterator[str]:
    logs = at(body, "properties.logs")
    for each in logs if isinstance(logs, list) else []:
        category = shown(at(each, "category"))
        if category not in LOG_CATEGORIES or at(each, "enabled") is not True:
            yield f"{category} is no log of failures, or is turned off"


def _wrong_config(body: Value) -> Iterator[str]:
    if not shown(at(body, "name")).endswith("/authsettingsV2"):
        return
    validation = at(body, "properties.globalValidation")
    if "/runtime/webhooks/eventgrid" not in strings_in(at(validation, "excludedPaths")):
        yield "excludedPaths must let Event Grid in: it has no token for this registration"
    for path in ("platform.enabled", "globalValidation.requireAuthentication"):
        if at(body, f"properties.{path}") is not True:
            yield f"{path} must be True"


BODY_CHECKS: dict[str, Callable[[Value], Iterator[str]]] = {
    DEFINITION: _wrong_definition,
    "Microsoft.EventGrid/topics/eventSubscriptions": _wrong_subscription,
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": _wrong_subscription,
    ALERT: _wrong_alert,
    METRIC_ALERT: _wrong_metric_alert,
    DIAGNOSTICS: _wrong_diagnostics,
    f"{SITE}/config": _wrong_config,
}
