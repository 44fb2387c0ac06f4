"""Whatever a cluster's owner writes, what naptime makes of it is short, and stops nobody else."""

import pytest

from shared.domain.deciding.decision import LONGEST_FINDING, Finding
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import Rejected
from shared.domain.vocabulary.reasons import Reason
from tests.clusters import Json, cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.service_world import World

LONGEST_PROPERTY = 32_768
"""Characters that a property of a table's row takes."""

LONG = "x" * 100_000
MANY = range(500)
ODD_SPANS = [{"start": f"{number}.1.2026", "end": "later"} for number in MANY]
SPANS = [{"start": f"20{number % 90 + 10}-01-01", "end": "2099-12-31"} for number in MANY]

SCHEDULES: dict[str, Json] = {
    "spans in an unreadable form": schedule(notAllowedDates=ODD_SPANS),
    "spans that are no objects": schedule(notAllowedDates=[LONG, *MANY]),
    "spans that can be read": schedule(notAllowedDates=SPANS),
    "long texts": schedule(day=LONG, start=LONG, utcOffset=LONG, startDate=LONG),
    "unknown kinds": schedule(schedule={f"kind{number}{LONG[:500]}": {} for number in MANY}),
    "one long kind": schedule(schedule={LONG: {"intervalWeeks": 1}}),
}


def longest_value(world: World) -> int:
    """Give the length of the longest text in any row of any table."""
    return max(
        len(value)
        for table in world.tables.tables.values()
        for row in table.stored.values()
        for value in row.values.values()
        if isinstance(value, str)
    )


def with_neighbour() -> World:
    """Make a world with the cluster in question, and one without a schedule beside it."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    world.aks.add(cluster("aks-2"))
    return world


@pytest.mark.parametrize("body", SCHEDULES.values(), ids=SCHEDULES.keys())
async def test_a_window_of_any_length(body: Json) -> None:
    """A run ends over any window, tells of it in a short text, and protects the neighbour."""
    world = with_neighbour()
    world.aks.set_schedule(cluster_id(), body)
    record = await world.sweep()
    assert record.finished_at
    assert world.aks.schedule(cluster_id("aks-2"))
    assert not world.bugs
    found = {outcome.cluster_id.name: outcome for outcome, _ in world.outcomes}
    assert found["aks-1"].kind is OutcomeKind.UNCHANGED
    assert all(len(finding.message) <= 1000 for finding in found["aks-1"].findings)
    assert len(found["aks-1"].message) <= 1000
    assert longest_value(world) < LONGEST_PROPERTY
    events = [event for event in world.topic.events if event.subject == str(cluster_id())]
    assert all(len(str(event.data["message"])) <= 1000 for event in events)


def test_a_finding_is_cut_where_it_is_made() -> None:
    """Whatever a check has to say, rows and events have room for it."""
    finding = Finding(Reason.WINDOW_UNREADABLE, LONG)
    assert len(finding.message) == LONGEST_FINDING


async def test_a_cluster_with_long_texts() -> None:
    """Tags, channels, states and names of any length in a cluster's body end no run."""
    world = with_neighbour()
    body = cluster(tags={f"{number}{LONG[:600]}": LONG for number in MANY}, channel=LONG)
    properties = body["properties"]
    assert isinstance(properties, dict)
    properties["provisioningState"] = properties["nodeResourceGroup"] = LONG
    properties["autoUpgradeProfile"] = {
        "nodeOSUpgradeChannel": "None" + LONG,
        "upgradeChannel": LONG,
    }
    world.aks.add({**body, "location": "westeurope" + LONG, "sku": {"name": LONG}})
    record = await world.sweep()
    assert record.finished_at
    assert world.aks.schedule(cluster_id("aks-2"))
    assert not world.bugs
    assert longest_value(world) < LONGEST_PROPERTY


async def test_a_long_refusal() -> None:
    """A refusal with a message of any length is recorded in a short text."""
    world = with_neighbour()
    world.aks.faults.append(Fault("put", lambda: Rejected(LONG, status=400, code=LONG)))
    await world.sweep()
    (given_up,) = world.all_given_up()
    assert len(given_up.message) <= 1000
    assert len(given_up.azure_code) <= 100
    assert longest_value(world) < LONGEST_PROPERTY
