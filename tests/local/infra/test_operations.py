"""docs/operations.md: a section for each alert, and queries on what is really sent."""

import re

import pytest

from local.infra_check.agreement import AppFacts, wrong_query
from local.infra_check.policy_tables import ALERT, METRIC_ALERT
from local.infra_check.values import at, read_snapshots, shown
from tests.local.infra.app_facts import ROOT, app_facts
from tests.local.infra.faults import EVENT_FUNCTIONS

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
QUERIES = re.findall(r"```kusto\n(.*?)```", PAGE, re.DOTALL)
APP: AppFacts = app_facts(EVENT_FUNCTIONS)


def described() -> list[str]:
    """Give the description of each rule, on logs and on metrics."""
    deployed = read_snapshots()["defaults"]
    bodies = [one.body for one in deployed if one.kind in {ALERT, METRIC_ALERT}]
    return [shown(at(body, "properties.description")) for body in bodies]


def test_each_alert_has_its_section() -> None:
    """What an alert says leads to a section of this page, and every section belongs to an alert."""
    linked = {text.rpartition("docs/operations.md#")[2] for text in described()}
    assert linked == set(SECTIONS)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_says_what_to_do(name: str) -> None:
    """What it means, how to look, what to do, how to replay."""
    parts = re.findall(r"^\*\*(\w+)\.\*\*", SECTIONS[name], re.MULTILINE)
    assert parts == ["Means", "Look", "Do", "Replay"]


@pytest.mark.parametrize("query", QUERIES)
def test_queries_ask_for_what_is_sent(query: str) -> None:
    """Each query on the page names what the app sends, in the table that it is in."""
    table = query.split("\n", 1)[0]
    if table == "AegDeliveryFailureLogs":
        return  # Event Grid's own
    assert list(wrong_query(query, APP)) == []


def test_links_lead_somewhere() -> None:
    """Links inside the page name sections of it."""
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= set(SECTIONS)
