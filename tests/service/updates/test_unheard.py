"""Creations that nothing was heard of: whoever looks next knows whose the schedule is."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.domain.deciding.conditions import Condition
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.deciding.written import Author
from shared.domain.errors import ConnectionFailed
from shared.domain.vocabulary.reasons import Reason
from tests.clusters import cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.service.test_policies import PERSON
from tests.service.updates.worlds import WEDNESDAY, day, fleet, put, puts
from tests.service_world import World

AKS = cluster_id("aks-0")
QUICK_TRIES = 5
"""How often a message's work is tried at once."""

type Creates = Callable[[World], Awaitable[None]]


def lost() -> ConnectionFailed:
    """Make the error of a connection that breaks before the answer."""
    return ConnectionFailed("lost")


async def by_an_event(world: World) -> None:
    """Create, and hear nothing more of Azure until the event's message has to come again."""

    def breaks() -> None:
        world.aks.faults += [Fault("list", lost)] * QUICK_TRIES

    world.aks.faults.append(Fault("put", lost, applied=True, meanwhile=breaks))
    await world.ask("aks-0")
    await until_sent(world)
    world.aks.faults.clear()


async def by_a_sweep(world: World) -> None:
    """Create, and stop where the run has yet to try it again."""
    world.aks.faults.append(Fault("put", lost, applied=True))
    await world.start()
    await until_sent(world)


async def until_sent(world: World) -> None:
    """Deliver messages until one has written something."""
    before = puts(world)
    while puts(world) == before:
        world.clock.advance(timedelta(milliseconds=100))
        await world.deliver_one()


async def author_of(world: World) -> Author | None:
    """Say for whom the schedule was written, by its record; None of one that was let go."""
    known = await world.memory.recall(AKS)
    written = known.written if known else None
    return written.by if written and not written.let_go else None


async def without_a_schedule() -> World:
    """Give a world with a cluster that is to get its first schedule."""
    world = await fleet(0)
    world.aks.add(cluster("aks-0"))
    return world


async def with_another_window_on_record() -> World:
    """Give a world in which a person deleted naptime's schedule, and the policy wants another."""
    world = await fleet(1)
    await world.deleter.delete(AKS, Condition(), PERSON)
    await put(world, WEDNESDAY)
    return world


@pytest.mark.parametrize("creates", [by_an_event, by_a_sweep])
@pytest.mark.parametrize("begin", [without_a_schedule, with_another_window_on_record])
async def test_whoever_looks_before_it_is_tried_again_knows_it_for_naptimes(
    creates: Creates, begin: Callable[[], Awaitable[World]]
) -> None:
    """It is said to be created, once, and nothing is let go; no second write is made."""
    world = await begin()
    before = puts(world)
    await creates(world)
    assert puts(world) == before + 1
    outcome = await world.requests.reconcile(AKS, dry_run=False)
    assert outcome
    assert (outcome.kind, outcome.reason) == (OutcomeKind.CREATED, Reason.SCHEDULE_MISSING)
    assert (outcome.owned, outcome.lets_go) == (True, None)
    await world.run_and_mind()
    await world.sweep()
    assert await author_of(world) is Author.NAPTIME
    assert puts(world) == before + 1
    kinds = [each.kind for each, _ in world.outcomes if each.kind is not OutcomeKind.DEFERRED]
    assert set(kinds[kinds.index(OutcomeKind.CREATED) + 1 :]) <= {OutcomeKind.UNCHANGED}


@pytest.mark.parametrize("creates", [by_an_event, by_a_sweep])
async def test_what_was_given_back_is_somebodys_to_whoever_looks_next(creates: Creates) -> None:
    """A person's Friday was removed, and came back without an answer: it is not naptime's."""
    world = await fleet(1)
    world.aks.set_schedule(AKS, schedule("Friday"))
    await world.reconcile("aks-0")
    world.aks.remove_schedule(AKS)
    await creates(world)
    assert day(world) == "Friday"
    outcome = await world.requests.reconcile(AKS, dry_run=False)
    assert outcome
    assert (outcome.kind, outcome.owned) == (OutcomeKind.CREATED, False)
    assert await author_of(world) is Author.RESTORED
    await world.run_and_mind()
    assert await author_of(world) is Author.RESTORED
