"""What naptime wrote, and somebody changed: let go, told once, and never touched again."""

from copy import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.deciding.wish import Wish
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Reason
from tests.clusters import cluster, cluster_id, schedule
from tests.service.test_policies import ANY, PERSON
from tests.service_world import SUNDAY_NIGHT, World
from tests.unit.domain.policy.examples import RINGS

PAGE = PageAsked(size=10)


async def owned(*, has_topic: bool = True, desired: Desired | None = None) -> World:
    """Give a world with a cluster that has a schedule of naptime's."""
    world = World(has_topic=has_topic, desired=desired)
    world.aks.add(cluster())
    await world.reconcile()
    await world.run()
    return world


def puts(world: World) -> int:
    """Count the writes."""
    return len([call for call in world.aks.calls if call.verb == "put"])


async def made_by(world: World) -> str | None:
    """Say what the cluster's own page and the list say; both the same."""
    shown = (await world.viewer.look(cluster_id()))["madeBy"]
    (listed,) = (await world.fleet.clusters(None, {}, PAGE)).items
    assert listed["madeBy"] == shown
    return shown


async def test_a_change_is_told_once() -> None:
    """By the event; ten later looks are silent, and nothing is ever written."""
    world = await owned()
    before = puts(world)
    world.aks.set_schedule(cluster_id(), schedule())
    outcome = await world.reconcile()
    assert (outcome.kind, outcome.reason) == (OutcomeKind.UNCHANGED, Reason.UP_TO_DATE)
    for _ in range(10):
        world.clock.advance(timedelta(days=1))
        await world.reconcile()
    await world.run()
    (event,) = world.topic.of("ScheduleLetGo")
    assert event.data["reason"] == "ScheduleLetGo"
    assert event.data["clusterId"] == str(cluster_id())
    assert puts(world) == before
    assert await made_by(world) == "somebody else"


async def test_changed_back_it_stays_somebody_elses() -> None:
    """What was let go is let go for good."""
    world = await owned()
    mine = world.aks.schedule(cluster_id())
    assert mine is not None
    assert str(await made_by(world)).startswith("naptime")
    world.aks.set_schedule(cluster_id(), schedule())
    await world.reconcile()
    properties = mine["properties"]
    assert isinstance(properties, dict)
    world.aks.set_schedule(cluster_id(), properties)
    await world.reconcile()
    await world.run()
    assert await made_by(world) == "somebody else"
    assert len(world.topic.of("ScheduleLetGo")) == 1


async def test_removed_it_is_written_anew_and_naptimes_again() -> None:
    """A change of that one is told again, for it is another write.

    The rule's window, that is, where what was seen last does not come back.
    """
    window = World().settings.desired
    world = await owned(desired=replace(window, restores=False))
    for _ in range(2):
        world.aks.set_schedule(cluster_id(), schedule())
        await world.reconcile()
        world.aks.remove_schedule(cluster_id())
        world.clock.advance(timedelta(hours=1))
        assert (await world.reconcile()).kind is OutcomeKind.CREATED
        assert str(await made_by(world)).startswith("naptime")
    await world.run()
    assert len({event.id for event in world.topic.of("ScheduleLetGo")}) == 2


async def test_a_run_lets_go_as_an_event_does() -> None:
    """Told once over three sweeps; the run counts the cluster as protected."""
    world = await owned()
    world.aks.set_schedule(cluster_id(), schedule())
    for _ in range(3):
        world.clock.advance(timedelta(days=1))
        record = await world.sweep()
        assert record.summary["reasons"] == {"UpToDate": 1}
    assert len(world.topic.of("ScheduleLetGo")) == 1
    assert await made_by(world) == "somebody else"


async def test_a_dry_run_lets_nothing_go() -> None:
    """It says what would be told; the next run that may write tells it."""
    world = await owned()
    world.aks.set_schedule(cluster_id(), schedule())
    outcome = await world.requests.reconcile(cluster_id(), dry_run=True)
    assert outcome is not None
    assert Reason.SCHEDULE_LET_GO in {finding.reason for finding in outcome.findings}
    await world.run()
    assert world.topic.of("ScheduleLetGo") == []
    await world.reconcile()
    await world.run()
    assert len(world.topic.of("ScheduleLetGo")) == 1


async def test_a_person_who_asks_naptime_is_nobody_else() -> None:
    """A schedule that a person puts through naptime, while a run is under way, is not let go."""
    world = await owned()
    await world.start()
    await world.until_batons()
    longer = replace(SUNDAY_NIGHT, duration_hours=8)
    await world.putter.put(cluster_id(), Wish(longer, force=True), PERSON)
    await world.run_and_mind()
    assert world.topic.of("ScheduleLetGo") == []
    assert await made_by(world) == "a person through naptime"


@pytest.mark.parametrize("steps", range(20))
async def test_a_worker_that_dies_tells_it_all_the_same(steps: int) -> None:
    """Wherever the worker dies, it is told, under one id however often."""
    world = await owned()
    world.aks.set_schedule(cluster_id(), schedule())
    await world.ask()
    world.life.left = world.life.operations + steps
    await world.run_and_mind(for_at_most=timedelta(hours=2))
    assert len({event.id for event in world.topic.of("ScheduleLetGo")}) == 1
    assert await made_by(world) == "somebody else"


async def test_a_stale_offset_is_counted_listed_and_told_once() -> None:
    """From the change of the clocks on, in runs, in the list, and by one event."""
    world = World(has_topic=True)
    await world.policies.put(RINGS, "somebody", ANY)
    world.aks.add(cluster())
    await world.reconcile()
    world.clock.move_to(datetime(2027, 4, 1, tzinfo=UTC))
    for _ in range(3):
        world.clock.advance(timedelta(days=1))
        record = await world.sweep()
        assert record.summary["reasons"] == {"OffsetStale": 1}
    asked = {"reason": Reason.OFFSET_STALE.value}
    (listed,) = (await world.fleet.clusters(None, asked, PAGE)).items
    assert [finding["reason"] for finding in listed["findings"]] == ["OffsetStale", "Outdated"]
    assert "2027-03-28T01:00:00Z" in listed["message"]
    (event,) = world.topic.of("ScheduleNeedsAttention")
    assert event.data["reason"] == "OffsetStale"
