"""One column of a row has another form, as a later version may write it: nobody is stopped."""

import json
from copy import replace
from datetime import timedelta
from typing import cast

import pytest

from shared.domain.messages.audit import Caller, Origin
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.rows import Row, Value, Values
from shared.reconcile.ground.claim import CLUSTERS_TABLE
from shared.reconcile.ground.pacer import SHARDS_TABLE
from tests.clusters import cluster_id
from tests.service.updates.worlds import fleet
from tests.service_world import World

COLUMNS = ("lastOutcome", "schedule", "autoUpgrade", "tags", "written", "previous", "lastWindow")
IN_OUTCOME = ("outcome", "reason", "message", "findings", "recordedAt")
ODD: tuple[Value, ...] = (
    *("null", "[1]", "5", "later", '{"form": 2}', True),
    '{"window": {"schedule": {"hourly": {}}}}',
    '{"schedule": {"hourly": {}}, "durationHours": 4, "startTime": "01:00"}',
)
LATER_WORD = "LaterReason"
ODDER: tuple[object, ...] = (None, 5, [1], {}, [{"reason": 5, "message": None}], "later")


def place(world: World) -> tuple[str, str]:
    """Find where the row of the second cluster is."""
    rows = world.tables.of(CLUSTERS_TABLE).stored
    return next(
        where
        for where, row in rows.items()
        if row.text("clusterId") == str(cluster_id("aks-1")) and "lastOutcome" in row.values
    )


def change(world: World, name: str, value: Value) -> Row:
    """Put a value into a column of that row."""
    rows, where = world.tables.of(CLUSTERS_TABLE).stored, place(world)
    rows[where] = replace(rows[where], values={**rows[where].values, name: value})
    return rows[where]


async def is_fine(world: World) -> None:
    """See that the others are listed, drawn, and protected again."""
    listed = await world.fleet.clusters(None, {}, PageAsked())
    others = {str(cluster_id("aks-0")), str(cluster_id("aks-2"))}
    assert others <= {each["clusterId"] for each in listed.items}
    page = json.loads((await world.fleet_page.data()).body)
    assert len(page["clusters"]) >= 2
    world.aks.remove_schedule(cluster_id("aks-0"))
    await world.sweep()
    assert world.aks.schedule(cluster_id("aks-0"))
    assert not world.bugs


@pytest.mark.parametrize("column", COLUMNS)
async def test_an_odd_column(column: str) -> None:
    """Whatever stands in it, the list and the page show the others, and a sweep protects them."""
    for value in ODD:
        world = await fleet(3)
        change(world, column, value)
        await is_fine(world)


@pytest.mark.parametrize("member", IN_OUTCOME)
async def test_an_odd_member_of_an_outcome(member: str) -> None:
    """The same holds for what came of the cluster last, which is one column."""
    for value in ODDER:
        world = await fleet(3)
        row = world.tables.of(CLUSTERS_TABLE).stored[place(world)]
        outcome = cast("dict[str, object]", json.loads(row.text("lastOutcome")))
        change(world, "lastOutcome", json.dumps({**outcome, member: value}))
        await is_fine(world)


async def test_a_reason_of_a_later_version_is_shown_by_its_name() -> None:
    """Such a row can be read: the list and the page have the cluster, with that reason."""
    world = await fleet(3)
    row = world.tables.of(CLUSTERS_TABLE).stored[place(world)]
    outcome = {**json.loads(row.text("lastOutcome")), "reason": LATER_WORD}
    change(world, "lastOutcome", json.dumps(outcome))
    listed = await world.fleet.clusters(None, {}, PageAsked())
    assert LATER_WORD in [each["reason"] for each in listed.items]
    page = json.loads((await world.fleet_page.data()).body)
    assert len(page["clusters"]) == 3
    assert [LATER_WORD, "A later version of naptime found it."] in [
        each[:2] for each in page["reasons"]
    ]


@pytest.mark.parametrize("column", ["tokens", "leaseGeneration"])
@pytest.mark.parametrize("value", ["later", "NaN", "[]", True])
async def test_an_odd_pace(column: str, value: Value) -> None:
    """A shard whose row has no number of tokens has none yet: its clusters are written soon."""
    world = await fleet(1)
    rows = world.tables.of(SHARDS_TABLE).stored
    until = world.clock.now() + timedelta(minutes=5)
    for where, row in rows.items():
        odd: Values = {
            "leaseRun": "202611-1",
            "leaseGeneration": 1,
            "leaseUntil": until,
            column: value,
        }
        rows[where] = replace(row, values={**row.values, **odd})
    world.aks.remove_schedule(cluster_id("aks-0"))
    await world.sweep()
    assert world.aks.schedule(cluster_id("aks-0"))


@pytest.mark.parametrize("value", ["null", "[]", "5", "later", -1])
async def test_an_odd_summary_of_a_run(value: Value) -> None:
    """The other runs are listed."""
    world = await fleet(1)
    first = (await world.runs.runs({}, PageAsked())).items[0]["runId"]
    await world.sweep()
    rows = world.tables.of(f"naptimeruns{first[:6]}").stored
    where = next(where for where in rows if where[1] == first)
    rows[where] = replace(rows[where], values={**rows[where].values, "summary": value})
    assert first not in [run["runId"] for run in (await world.runs.runs({}, PageAsked())).items]
    assert len((await world.runs.runs({}, PageAsked())).items) == 1


@pytest.mark.parametrize("column", ["wanted", "before", "after"])
@pytest.mark.parametrize("value", ["[]", "5", "later", -1])
async def test_an_odd_record_of_a_command(column: str, value: Value) -> None:
    """The other records are listed."""
    world = await fleet(2)
    origin = Origin(Caller(), "00000000-0000-0000-0000-000000000001")
    for name in ("aks-0", "aks-1"):
        await world.commands.reconcile(cluster_id(name), origin, dry_run=False)
    (table,) = (each for each in world.tables.tables if each.startswith("naptimeaudit"))
    rows = world.tables.of(table).stored
    where, row = next(iter(rows.items()))
    rows[where] = replace(row, values={**row.values, column: value})
    assert len((await world.audit.page({}, PageAsked())).items) == 1
