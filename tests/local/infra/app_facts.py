"""What the app has, read from the app itself: the other side of the agreement with infra/."""

import ast
import re
from functools import cache
from pathlib import Path

from local.host.worker import Worker
from local.infra_check.agreement import AppFacts
from shared.domain.messages import cluster_events
from shared.domain.vocabulary.cloud_event import EventType
from shared.domain.vocabulary.reason_texts import REASONS
from shared.settings import read_settings
from shared.telemetry import custom_events, figures, lines
from tests.docs.test_tables import Recording

ROOT = Path(__file__).parents[3]


def settings_read() -> set[str]:
    """Give every setting that the code asks for, when it runs and when it is loaded."""
    least = {
        "NAPTIME_SUBSCRIPTIONS": "11111111-1111-1111-1111-111111111111",
        "AzureWebJobsStorage__accountName": "acc",
    }
    environment = Recording(least)
    read_settings(environment)
    return set(environment.asked) | set(schedules_read())


def schedules_read() -> dict[str, str]:
    """Give the schedules that are read where decorators are applied, with their defaults."""
    found: dict[str, str] = {}
    for path in (ROOT / "functions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            source = ast.unparse(node) if isinstance(node, ast.BoolOp) else ""
            if match := re.fullmatch(r"os\.environ\.get\('(\w+)'\) or '([^']*)'", source):
                found[match[1]] = match[2]
    return found


@cache
def app_facts(event_functions: frozenset[str]) -> AppFacts:
    """Put the facts together; which functions there are only the worker library can tell."""
    types = {*cluster_events.PARSERS, EventType.NODE_IMAGE_RELEASED.lower()}
    spelt = {
        getattr(cluster_events, name)
        for name in (
            "WRITE_SUCCESS",
            "WRITE_FAILURE",
            "DELETE_SUCCESS",
            "ACTION_FAILURE",
            "CREATED_OR_UPDATED",
        )
    } | {EventType.NODE_IMAGE_RELEASED}
    assert {each.lower() for each in spelt} == types
    return AppFacts(
        event_functions=event_functions,
        event_types=frozenset(spelt),
        operations=frozenset(
            {
                *(operation for _, operation in cluster_events.OPERATIONS),
                # Any action that fails, but for what only reads; and the tags of clusters alone.
                f"{cluster_events.MANAGED_CLUSTERS}/".lower(),
                f"about /providers/{cluster_events.MANAGED_CLUSTERS}/".lower(),
            }
        ),
        settings=frozenset(settings_read()),
        events={one.name: one.facts for one in custom_events.EVENTS},
        metrics={one.name: one.dimensions for one in figures.METRICS},
        lines={line.what: (line.table, line.facts) for line in lines.LINES},
        reasons=frozenset(reason.value for reason in REASONS),
    )


def registered(worker: Worker) -> frozenset[str]:
    """Give the functions that wait for events, as the worker library has indexed them."""
    return frozenset(
        name
        for name, function in worker.functions.items()
        if function.trigger.type == "eventGridTrigger"
    )
