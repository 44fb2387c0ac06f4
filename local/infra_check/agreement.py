"""That infra/ and the app speak of the same things: functions, events, settings, actions, names.

What the app has is given from outside (`AppFacts`), by whoever can load it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local.infra_check.actions import ALWAYS, OPTIONAL
from local.infra_check.policy import app_settings
from local.infra_check.policy_tables import ALERT, DEFINITION
from local.infra_check.values import (
    Finding,
    Placed,
    Snapshots,
    Value,
    at,
    of_kind,
    shown,
    strings_in,
)

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
    "WEBSITE_HOSTNAME",
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
    """Custom events with their facts, metrics with their dimensions."""
    metrics: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, tuple[str, tuple[str, ...]]]
    """Lines of the log, each with its table and its facts."""
    reasons: frozenset[str]


def check_agreement(snapshots: Snapshots, app: AppFacts) -> list[Finding]:
    """Give everything in which infra/ and the app differ."""
    resources = [one for each in snapshots.values() for one in each]
    told = [one.body for one in resources if one.kind.endswith("/eventSubscriptions")]
    return [
        *_differences("the event functions", _destinations(told), app.event_functions),
        *_differences("the event types", _filtered(told, "includedEventTypes"), app.event_types),
        *_differences("the operations", _operations(told), app.operations),
        *_differences(
            "the app settings",
            frozenset(app_settings(snapshots["defaults"])),
            app.settings - LEFT_OUT | PLATFORM.keys(),
        ),
        *_wrong_actions(snapshots),
        *_wrong_queries(resources, app),
        *_silent_rules(snapshots),
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


def role_actions(resources: list[Placed]) -> frozenset[str]:
    """Give the actions of naptime's role as a snapshot deploys it."""
    path = "properties.permissions.0.actions"
    bodies = of_kind(resources, DEFINITION)
    return frozenset(action for body in bodies for action in strings_in(at(body, path)))


def _wrong_actions(snapshots: Snapshots) -> Iterator[Finding]:
    by_default = role_actions(snapshots["defaults"])
    for one in snapshots["defaults"]:
        if one.kind == DEFINITION:
            granted = role_actions([one])
            yield from _differences("the actions of the role", granted, frozenset(ALWAYS))
    added = role_actions(snapshots["every-option"]) - by_default
    more = frozenset(action for each in OPTIONAL.values() for action in each)
    yield from _differences("the actions by option", added, more)


def _silent_rules(snapshots: Snapshots) -> Iterator[Finding]:
    """Find alerts that are off without a dry run: nobody would hear of anything."""
    for body in of_kind(snapshots["every-option"], ALERT):
        if at(body, "properties.enabled") is not True:
            yield Finding(shown(at(body, "name")), "a rule that is never enabled alerts nobody")


def _wrong_queries(resources: list[Placed], app: AppFacts) -> Iterator[Finding]:
    for one in resources:
        if one.kind == ALERT:
            query = shown(at(one.body, "properties.criteria.allOf.0.query"))
            yield from (Finding(one.where, what) for what in wrong_query(query, app))


_TABLES = re.compile(r"^(?:union )?(App\w+(?:, App\w+)*)$", re.MULTILINE)
_NAMED = re.compile(
    r"\b(?:Name ==|(?P<column>Message|OuterMessage) startswith) (\"[^\"]*\")|\bName in \(([^)]*)\)"
)


def wrong_query(query: str, app: AppFacts) -> Iterator[str]:
    """Say which names in a query the app does not send, or not to the table that is asked."""
    first = _TABLES.match(query.strip())
    tables = first[1].split(", ") if first else [query.split("\n", 1)[0]]
    named: list[str] = []
    for found in _NAMED.finditer(query):
        names = re.findall(r'"([^"]*)"', found[0])
        named += names
        yield from _not_sent(names, tables, found["column"] or "", app)
    if not named:
        yield f"a query on {', '.join(tables)} names nothing that the app sends"
    known = {**app.events, **app.metrics, **{line: facts for line, (_, facts) in app.lines.items()}}
    facts = {fact for name in named for fact in known.get(name, ())}
    prefix = "" if tables == ["AppMetrics"] else "naptime_"
    for fact in re.findall(r"\bProperties\.(\w+)", query):
        if fact.removeprefix(prefix) not in facts or not fact.startswith(prefix):
            yield f"{', '.join(named)} has no property {fact}"
    for listed in re.findall(r"Properties\.reason in \(([^)]*)\)", query):
        for reason in re.findall(r'"([^"]*)"', listed):
            if reason not in app.reasons:
                yield f"{reason} is not a reason"


def _not_sent(names: list[str], tables: list[str], column: str, app: AppFacts) -> Iterator[str]:
    """Hold names to their table: a line with a stack is in AppExceptions, under OuterMessage."""
    columns = {"Message": "AppTraces", "OuterMessage": "AppExceptions"}
    for name in names:
        match column:
            case "":
                known = {"AppEvents": app.events, "AppMetrics": app.metrics}.get(tables[0], {})
                is_sent = name in known
            case _:
                table = app.lines.get(name, ("", ()))[0]
                is_sent = table == columns[column] and table in tables
        if not is_sent:
            yield f"the app sends no {name} to {', '.join(tables)}" + (
                f" as {column}" * bool(column)
            )
