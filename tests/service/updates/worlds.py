"""Worlds with schedules of naptime's own, and policies that want others."""

from datetime import UTC, datetime, timedelta

from shared.domain.deciding.observed import observe_configuration
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.run import Run, RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.window.recurrence import Weekly
from tests.clusters import cluster, cluster_id
from tests.fakes.clock import FakeClock
from tests.service.test_policies import ANY
from tests.service_world import World

FRIDAY = datetime(2026, 11, 27, 16, tzinfo=UTC)

HEAD = "version = 1\n"
RULES = """
[[rules]]
name = "everything"
window = "{window}"
"""
SUNDAYS = """
[windows.sunday]
on = "Sunday"
start = "02:00"
hours = 4
zone = "Europe/Berlin"
"""
WEDNESDAYS = """
[windows.wednesday]
on = "Wednesday"
start = "22:00"
hours = 4
zone = "Europe/Berlin"
"""
OWNED = '\n[update]\nschedules = "owned"\n'


def policy(*, window: str = "sunday", update: str = OWNED) -> str:
    """Give a policy that has everything in one window."""
    return f"{HEAD}{SUNDAYS}{WEDNESDAYS}{RULES.format(window=window)}{update}"


NEVER_WEDNESDAY = policy(window="wednesday", update="")
SUNDAY, WEDNESDAY = policy(), policy(window="wednesday")


async def fleet(clusters: int, text: str = SUNDAY, *, has_topic: bool = True) -> World:
    """Give a world in which naptime has written the schedules of some clusters."""
    world = World(clock=FakeClock(FRIDAY), has_topic=has_topic)
    await put(world, text)
    for number in range(clusters):
        world.aks.add(cluster(f"aks-{number}"))
    await world.sweep()
    world.outcomes.clear()
    return world


async def put(world: World, text: str) -> None:
    """Put a policy in force."""
    await world.policies.put(text, "somebody", ANY)
    world.clock.advance(timedelta(minutes=1))


def puts(world: World) -> int:
    """Count the writes that ARM accepted."""
    return len(world.aks.accepted_writes)


def day(world: World, name: str = "aks-0") -> str:
    """Give the day of the week that a cluster's schedule has in Azure."""
    body = world.aks.schedule(cluster_id(name))
    assert body
    window = observe_configuration(body).schedule.window
    assert window
    assert isinstance(window.recurrence, Weekly)
    return window.recurrence.day_of_week.value


def days(world: World) -> list[str]:
    """Give the days of all schedules."""
    return [day(world, each.name) for each in sorted(world.aks.configurations)]


def updated(world: World) -> list[Outcome]:
    """Give the outcomes that changed something."""
    return [outcome for outcome, _ in world.outcomes if outcome.kind is OutcomeKind.UPDATED]


async def record(world: World, run_id: str) -> RunRecord:
    """Read a run's record."""
    stored = await world.store.run(run_id)
    assert stored
    return stored.record


async def planned(world: World) -> Run:
    """Do a run to its end, and nothing yet of the run that carries out what it has planned."""
    run = await world.start()
    while (await record(world, run.id)).state is RunState.ACTIVE:
        world.clock.advance(timedelta(milliseconds=100))
        await world.deliver_one()
    return run
