"""ARM's bodies are read when they come, and never again."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import pytest

from shared.domain.deciding.wish import Wish
from shared.domain.messages.audit import Caller, Origin
from shared.domain.window.body import read_window
from tests.clusters import cluster, cluster_id, schedule
from tests.service_world import World

ORIGIN = Origin(Caller("ops@example.com", "id-1"), "0f0e0d0c-0b0a-4908-8706-050403020100")
SIBLINGS = ("default", "aksManagedAutoUpgradeSchedule")


@dataclass
class Readings:
    """How many windows were read from bodies."""

    count: int = 0


@contextmanager
def counted() -> Iterator[Readings]:
    """Count each reading of a window, whoever asks for it and under whatever name."""
    readings = Readings()

    def note(frame: FrameType, event: str, _: object) -> None:
        readings.count += event == "call" and frame.f_code is read_window.__code__

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield readings
    finally:
        sys.setprofile(before)


def a_world(*, has_schedule: bool) -> World:
    """Make a world with one cluster, whose other configurations are there in any case."""
    world = World()
    world.aks.add(cluster())
    for name in SIBLINGS:
        world.aks.set_schedule(cluster_id(), schedule("Friday"), name)
    if has_schedule:
        world.aks.set_schedule(cluster_id(), schedule("Wednesday"))
    return world


@pytest.mark.parametrize(("has_schedule", "answers"), [(True, 2), (False, 1)])
async def test_put_reads_each_answer_once(*, has_schedule: bool, answers: int) -> None:
    """A person's PUT reads the listed schedule once and the accepted one once; siblings never."""
    world = a_world(has_schedule=has_schedule)
    wish = Wish(read_window(schedule("Thursday", startDate=None)))
    with counted() as readings:
        await world.putter.put(cluster_id(), wish, ORIGIN)
    assert readings.count == answers


async def test_reconcile_reads_each_answer_once() -> None:
    """A schedule that is there is read once, and one that naptime makes once when accepted."""
    for has_schedule in (True, False):
        world = a_world(has_schedule=has_schedule)
        with counted() as readings:
            await world.reconcile()
        assert readings.count == 1


async def test_view_reads_each_answer_once() -> None:
    """The page of one cluster reads the listed schedule once, for all that it shows of it."""
    world = a_world(has_schedule=True)
    with counted() as readings:
        await world.viewer.look(cluster_id())
    assert readings.count == 1
