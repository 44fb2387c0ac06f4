"""That infra/ and the app speak of the same things: functions, events, settings, actions, names.

What the app has is given from outside (`AppFacts`), by whoever can load it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local.infra_check.actions import ALWAYS, OPTIONAL
from local.infra_check.check import Folder
from local.infra_check.evaluate import Evaluation
from local.infra_check.policy import Placed, app_settings
from local.infra_check.policy_tables import ALERT, DEFINITION
from local.infra_check.syntax import Finding, Kind
from local.infra_check.values import Value, at, shown, strings_in

PLATFORM = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "the exporter",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "the exporter",
    "AZURE_AUTHORITY_HOST": "azure-identity",
    "AZURE_TOKEN_CREDENTIALS": "azure-identity",
    "AzureWebJobsStorage__blobServiceUri": "the Functions host",
    "AzureWebJobsStorage__credential": "the Functions host",
    "OTEL_TRACES_SAMPLER": "OpenTelemetry",
    "OTEL_TRACES_SAMPLER_ARG": "OpenTelemetry",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "the worker",
}
"""Settings that somebody else than naptime reads, and who."""

LEFT_OUT = {
    "AzureWebJobsStorage",
    "AzureWebJobsStorage__accountName",
    "WEBSITE_AUTH_ENABLED",
    "WEBSITE_SITE_NAME",
}
"""Settings that naptime reads and infra/ leaves out: other forms, and what the platform sets."""


@dataclass(frozen=True, slots=True)
class AppFacts:
    """What the app has: each is held to the app itself by tests/local/infra."""

    event_functions: frozenset[str]
    event_types: frozenset[str]
    operations: frozenset[str]
    settings: frozenset[str]
    events: Mapping[str, tuple[str, ...]]
    """Custom events and log lines with their facts, metrics with their dimensions."""
    metrics: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, tuple[str, ...]]
    reasons: frozenset[str]


def check_agreement(folder: Folder, resources: list[Placed], app: AppFacts) -> list[Finding]:
    """Give everything in which infra/ and the app differ; `resources` as `placed` gives them."""
    told = [one.body for one in resources if one.kind.endswith("/eventSubscriptions")]
    return [
        *_differences("the event functions", _destinations(told), app.event_functions),
        *_differences("the event types", _filtered(told, "includedEventTypes"), app.event_types),
        *_differences("the operations", _operations(told), app.operations),
        *_differences(
            "the app settings",
            frozenset(app_settings(folder)),
            app.settings - LEFT_OUT | PLATFORM.keys(),
        ),
        *_wrong_actions(folder),
        *_wrong_queries(resources, app),
    ]


def _differences(what: str, there: frozenset[str], wanted: frozenset[str]) -> Iterator[Finding]:
    for name in sorted(there - wanted):
        yield Finding("infra", f"{what}: {name} is deployed, and the app does not have it")
    for name in sorted(wanted - there):
        yield Finding("infra", f"{what}: the app has {name}, and it is not deployed")


def _destinations(told: list[Value]) -> frozenset[str]:
    path = "properties.destination.properties.resourceId"
    ids = [shown(at(body, path)) for body in told]
    return frozenset(each.rpartition("/functions/")[2] for each in ids)


def _filtered(told: list[Value], name: str) -> frozenset[str]:
    return frozenset(s for body in told for s in strings_in(at(body, f"properties.filter.{name}")))


def _operations(told: list[Value]) -> frozenset[str]:
    """Give the operations that filters let through, and what else they ask for.

    Of a filter on the subject that is what it is about; a filter on another key gives its key.
    """
    found: set[str] = set()
    for body in told:
        filters = at(body, "properties.filter.advancedFilters")
        for each in filters if isinstance(filters, list) else []:
            match shown(at(each, "key")):
                case "data.operationName":
                    found.update(strings_in(at(each, "values")))
                case "data.resourceInfo.type":
                    found.update(f"{kind}/write" for kind in strings_in(at(each, "values")))
                case "subject":
                    found.update(f"about {part}" for part in strings_in(at(each, "values")))
                case other:
                    found.add(f"a filter on {other}")
    # Event Grid compares strings without case.
    return frozenset(name.lower() for name in found)


def role_actions(folder: Folder, parameters: Mapping[str, Value]) -> frozenset[str]:
    """Give the actions of the role with some parameters of watch.bicep set, the rest by default."""
    file = folder["watch.bicep"]
    work = Evaluation(file, folder)
    defaults = {
        name: work.value(each.value)
        for name, each in file.parameters.items()
        if each.value is not None
    }
    work = Evaluation(file, folder, {**defaults, **parameters})
    bodies = [
        body
        for each in file.of(Kind.RESOURCE)
        if each.literal.startswith(f"{DEFINITION}@")
        for body in work.bodies(each)
    ]
    path = "properties.permissions.0.actions"
    return frozenset(action for body in bodies for action in strings_in(at(body, path)))


def _wrong_actions(folder: Folder) -> Iterator[Finding]:
    by_default = role_actions(folder, {})
    yield from _differences("the actions of the role", by_default, frozenset(ALWAYS))
    for parameter, more in OPTIONAL.items():
        added = role_actions(folder, {parameter: True}) - by_default
        yield from _differences(f"the actions by {parameter}", added, frozenset(more))


def _wrong_queries(resources: list[Placed], app: AppFacts) -> Iterator[Finding]:
    for one in resources:
        if one.kind == ALERT:
            query = shown(at(one.body, "properties.criteria.allOf.0.query"))
            yield from (Finding(one.where, what) for what in wrong_query(query, app))


def wrong_query(query: str, app: AppFacts) -> Iterator[str]:
    """Say which names in a query on AppEvents, AppMetrics or AppTraces the app does not send."""
    table = query.split("\n", 1)[0].strip()
    known = {"AppEvents": app.events, "AppMetrics": app.metrics}.get(table, app.lines)
    one, several = r'\b(?:Name ==|Message startswith) ("[^"]*")', r"\bName in \(([^)]*)\)"
    asked = re.findall(f"{one}|{several}", query)
    named = [name for each in asked for name in re.findall(r'"([^"]*)"', "".join(each))]
    if not named:
        yield f"a query on {table} names nothing that the app sends"
    yield from (f"the app sends no {name} to {table}" for name in named if name not in known)
    facts = {fact for name in named for fact in known.get(name, ())}
    prefix = "" if table == "AppMetrics" else "naptime_"
    for fact in re.findall(r"\bProperties\.(\w+)", query):
        if fact.removeprefix(prefix) not in facts or not fact.startswith(prefix):
            yield f"{', '.join(named)} has no property {fact}"
    for listed in re.findall(r"Properties\.reason in \(([^)]*)\)", query):
        for reason in re.findall(r'"([^"]*)"', listed):
            if reason not in app.reasons:
                yield f"{reason} is not a reason"
