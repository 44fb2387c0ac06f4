"""Each alert is fired once, by its trouble: its own KQL over what the exporter sent."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.queue.aio import QueueClient

from local.demo.surroundings import clean_environment
from local.infra_check.policy_tables import ALERT
from local.infra_check.values import Value, at, of_kind, read_snapshots, shown
from tests.clusters import SUBSCRIPTION, cluster
from tests.docs.pages import PAGES
from tests.policies import owning, weekday
from tests.telemetry.ingestion import Ingestion, listening
from tests.telemetry.running import (
    PATIENCE_SECONDS,
    REMOVER,
    TELEMETRY,
    Running,
    running,
    until,
)
from tests.telemetry.tables import Tables, of

ROOT = Path(__file__).parents[2]
SNAPSHOTS = read_snapshots()
CROWD = [f"crowd-{number:02}" for number in range(25)]


def rules(snapshot: str) -> Mapping[str, Value]:
    """Give the rules on logs of a snapshot, by their names without the installation's."""
    bodies = of_kind(SNAPSHOTS[snapshot], ALERT)
    return {shown(at(body, "name")).split("-", 2)[2]: at(body, "properties") for body in bodies}


RULES = rules("every-option")


def query_of(rule: Value) -> str:
    """Give a rule's query, narrowed to its window as Azure Monitor does."""
    query = shown(at(rule, "criteria.allOf.0.query")).strip()
    hours = {"PT30M": "30m", "PT1H": "1h", "PT2H": "2h", "PT6H": "6h", "P1D": "1d", "P2D": "2d"}
    table, _, rest = query.partition("\n")
    window = hours[shown(at(rule, "windowSize"))]
    return f"{table}\n| where TimeGenerated > ago({window})\n{rest}"


def fires(tables: Tables, name: str, snapshot: str = "every-option") -> bool:
    """Say whether a rule, if it is on, finds a row."""
    rule = rules(snapshot)[name]
    return at(rule, "enabled") is True and bool(tables.ask(query_of(rule)))


@pytest.fixture(scope="module")
async def bad_day(tmp_path_factory: pytest.TempPathFactory) -> Ingestion:
    """Azure answers 429 to a crowd of calls, and somebody else writes to naptime's queue."""
    async with running(tmp_path_factory.mktemp("bad-day")) as naptime:
        for name in CROWD:
            # A bucket each: after a 429 the others of one location would wait.
            await naptime.azure.put(cluster(name, location=name.replace("-", "")), events=False)
        await naptime.azure.order("throttled-by-aks", method="PUT", times=25, retryAfter=1)
        await naptime.run_everything()
        async with QueueClient.from_connection_string(naptime.storage, "naptime-clusters") as queue:
            # The host makes none: a queue is there once somebody has used it.
            with contextlib.suppress(ResourceExistsError):
                await queue.create_queue()
            await queue.send_message("e30=")

            async def taken() -> bool:
                return (await queue.get_queue_properties()).approximate_message_count == 0

            await until(taken)
        await an_approval(naptime)
    return naptime.ingestion


async def an_approval(naptime: Running) -> None:
    """Have the policy want another window, ask for a run where one of the crowd is, approve it."""
    await naptime.put_policy(owning(weekday(4), "at_most = 0\n"))
    waiting = await naptime.ended(
        await naptime.run_over(subscriptionId=SUBSCRIPTION, locations=["crowd00"])
    )
    assert waiting["state"] == "NeedsApproval"
    plan = cast("dict[str, object]", waiting["updatePlan"])
    answer = await naptime.post(f"runs/{waiting['runId']}/approve", {"planHash": plan["planHash"]})
    assert isinstance(answer, dict)
    done = await naptime.ended(str(answer["runId"]))
    assert cast("dict[str, int]", done["outcomes"])["Updated"] == 1


@pytest.fixture(scope="module")
async def dry_day(tmp_path_factory: pytest.TempPathFactory) -> Ingestion:
    """Live through the first hour: a dry run, and a role that has not reached a subscription."""
    folder = tmp_path_factory.mktemp("dry-day")
    async with running(folder, NAPTIME_DRY_RUN="true") as naptime:
        for name in CROWD[:3]:
            await naptime.azure.put(cluster(name), events=False)
        await naptime.azure.order("forbidden", times=2)
        await naptime.run_everything()
        await naptime.run_everything()
    return naptime.ingestion


@pytest.fixture(scope="module")
async def every_line() -> AsyncIterator[Ingestion]:
    """Every line of the log once, the bugs among them, through the real exporter."""
    async with listening() as ingestion:
        key = "InstrumentationKey=00000000-0000-4000-8000-000000000001"
        ends = f"IngestionEndpoint={ingestion.url};LiveEndpoint={ingestion.url}"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.telemetry.every_line", f"{key};{ends}"),
            env={**clean_environment(), **TELEMETRY},
            cwd=ROOT,
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.wait() == 0
        yield ingestion


@pytest.mark.parametrize(
    "name", ["cluster-unprotected", "work-given-up", "access-denied", "shard-stopped"]
)
async def test_a_day_of_refusals_fires(sent: Ingestion, name: str) -> None:
    """Ten refused writes and a subscription that cannot be read are told by their alerts."""
    assert fires(of(sent), name)


@pytest.mark.parametrize("name", ["throttled", "failed-for-no-known-reason"])
async def test_a_bad_day_fires(bad_day: Ingestion, name: str) -> None:
    """Many 429s, and a message that is none of naptime's, are told by their alerts."""
    assert fires(of(bad_day), name)


async def test_what_waits_for_an_approval_fires_until_it_has_it(bad_day: Ingestion) -> None:
    """A run whose changes wait is told by its alert, which ends with the approved run."""
    ends = [each for each in bad_day.envelopes if "Naptime.RunFinished" in str(each)]
    waiting, approved = Ingestion(), Ingestion()
    waiting.envelopes, approved.envelopes = ends[:-1], ends
    assert fires(of(waiting), "approval-waiting")
    assert not fires(of(approved), "approval-waiting")


async def test_a_tug_of_war_fires(sent: Ingestion) -> None:
    """The third removal by somebody else is told by its alert, with the id and without a name."""
    tables = of(sent)
    assert fires(tables, "keeps-being-removed")
    (row,) = tables.ask(query_of(RULES["keeps-being-removed"]))
    assert REMOVER in str(row)
    assert "A. Person" not in str(sent.envelopes)


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("failed on a cluster", True),
        ("failed on a location", True),
        ("events lost", True),
        ("message given up", True),
        ("event refused", False),
        ("work dropped", False),
    ],
)
async def test_every_line_of_a_bug_fires(
    every_line: Ingestion, line: str, *, is_told: bool
) -> None:
    """Each of them alone, from the table that the exporter puts it in, is the alarm for bugs."""
    alone = Ingestion()
    alone.envelopes = [
        each for each in every_line.envelopes if f'"{line}' in str(each).replace("'", '"')
    ]
    assert len(alone.envelopes) == 1
    assert fires(of(alone), "failed-for-no-known-reason") == is_told


async def test_no_finished_run_in_26_hours_raises_an_alarm(sent: Ingestion) -> None:
    """Without a finished run in 26 hours there is an alarm; with one there is none."""
    assert fires(Tables(), "no-finished-sweep")
    assert not fires(of(sent), "no-finished-sweep")
    assert fires(of(sent, -timedelta(hours=27)), "no-finished-sweep")


def test_every_rule_is_fired_by_a_test() -> None:
    """No rule is left without its trouble."""
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in RULES if source.count(f'"{name}"') == 0] == []
    assert len(RULES) == 9


async def test_nothing_fires_in_the_first_hour_of_a_dry_run(dry_day: Ingestion) -> None:
    """Whoever has just deployed is told nothing while roles still spread."""
    tables = of(dry_day)
    finished = 'AppEvents\n| where Name == "Naptime.RunFinished"'
    unreadable = "| where toint(Properties.naptime_unreadableSubscriptions) > 0"
    assert tables.ask(f"{finished}\n{unreadable}")
    assert [name for name in RULES if fires(tables, name, "defaults")] == []


_TABLE = re.compile(r"(?:App[A-Z]\w+|AegDeliveryFailureLogs|resources|union )")


def queries() -> list[tuple[str, str]]:
    """Give every query of the pages: those in blocks, and those in a line of a table."""
    found: list[tuple[str, str]] = []
    for page in sorted(PAGES):
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"```kusto\n(.*?)```", text, re.DOTALL)
        spans = [each.replace("\\|", "|") for each in re.findall(r"`([^`\n]+)`", text)]
        spans += re.findall(r'graph query -q "([^"]+)"', text.replace("\\|", "|"))
        asked = [each for each in spans if _TABLE.match(each) and "|" in each]
        found += [(f"{page.name}-{number}", each) for number, each in enumerate([*blocks, *asked])]
    return found


@pytest.mark.parametrize(("name", "query"), queries())
def test_queries_of_the_pages_run(name: str, query: str) -> None:
    """Each is Kusto's language and names columns that its tables are documented to have."""
    assert name
    Tables().ask(query)


@pytest.mark.parametrize(
    "query",
    [
        "AppEvents\n| summarise count()",
        'AppTraces\n| where OuterMessage == "x"',
        "AppEvent\n| count",
        "AppEvents\n| where Name ===  1",
    ],
)
def test_a_query_that_azure_would_refuse_is_refused(query: str) -> None:
    """A misspelt operator, a column of another table and a table that is none do not pass."""
    with pytest.raises(Exception, match=r"."):
        Tables().ask(query)
