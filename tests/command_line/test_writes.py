"""Writes on a bad day, by a clock of their own: how long is waited, and for what."""

from copy import replace
from datetime import timedelta

import pytest

from naptime.asking.flags import WindowFlags
from naptime.asking.settings import settings_of
from naptime.own.fleet import OwnFleet
from naptime.own.login import silent
from naptime.own.lookout import Lookout
from naptime.own.ports import OwnPorts
from naptime.own.writes import OwnWrites
from naptime.reports.plan import plan_report
from naptime.reports.protect import protect_report
from naptime.reports.report import Tone
from shared.clients.retry import QuickRetry
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import (
    AccessDenied,
    ConnectionFailed,
    OperationInProgress,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Reason
from shared.settings import Settings
from shared.world import World
from tests.clusters import SUBSCRIPTION, cluster
from tests.command_line.looks import SUNDAY, all_well
from tests.command_line.patient_clock import PatientClock
from tests.fakes.aks import FakeAks, Fault
from tests.fakes.clock import SATURDAY_NOON


class Remembered(OwnPorts):
    """The command line's ports, over AKS in memory and a clock that only moves when it must."""

    def __init__(self) -> None:
        """Open nothing at all."""
        self.time = PatientClock()
        self.fake = FakeAks(self.time)
        super().__init__(settings_of({}, WindowFlags()))

    @property
    def clock(self) -> PatientClock:
        """The clock of the test."""
        return self.time

    @property
    def aks(self) -> FakeAks:
        """AKS in memory."""
        return self.fake

    @property
    def retry(self) -> QuickRetry:
        """The app's own."""
        return QuickRetry(self.time, self.jitter)

    def jitter(self) -> float:
        """Draw the middle."""
        return 0.5


def settings_with(settings: Settings, *subscriptions: str) -> Settings:
    """Give settings for these subscriptions."""
    return replace(settings, subscriptions=frozenset(subscriptions))


def lost() -> ConnectionFailed:
    """Give the error of an answer that never came."""
    return ConnectionFailed("no answer")


def some(ports: Remembered, count: int = 3) -> list[ClusterId]:
    """Add clusters without a schedule."""
    return [ports.fake.add(cluster(f"aks-{number}")) for number in range(count)]


def writer(ports: Remembered) -> OwnWrites:
    """Give who writes, with the default patience."""
    settings = settings_with(settings_of({}, WindowFlags()), SUBSCRIPTION)
    world = World(settings, ports, silent(Lookout()))
    return OwnWrites(world, ports, timedelta(minutes=5))


def nothing(_: object) -> None:
    """Watch without a word."""


def conflict() -> OperationInProgress:
    """Give the refusal of a cluster that is busy."""
    return OperationInProgress("busy", status=409)


async def test_a_busy_cluster_is_waited_for() -> None:
    """A cluster that is busy for two minutes gets its schedule all the same, and only once."""
    ports = Remembered()
    clusters = some(ports)
    busy, until = clusters[1], SATURDAY_NOON + timedelta(minutes=2)
    ports.fake.refuses = lambda verb, where: (
        conflict() if verb == "put" and where == busy.key and ports.time.now() < until else None
    )
    written = await writer(ports).protect(clusters, nothing)
    kinds = [each.outcome.kind for each in written if each.outcome]
    assert kinds == [OutcomeKind.CREATED] * 3
    accepted = [call.cluster_id for call in ports.fake.accepted_writes]
    assert sorted(accepted, key=str) == sorted(clusters, key=str)
    assert timedelta(minutes=2) <= ports.time.now() - SATURDAY_NOON < timedelta(minutes=10)


async def test_one_that_stays_busy_is_told_of() -> None:
    """After five minutes in which nothing moves the table says which one was not done."""
    ports = Remembered()
    clusters = some(ports)
    ports.fake.refuses = lambda verb, where: (
        conflict() if verb == "put" and where == clusters[1].key else None
    )
    written = await writer(ports).protect(clusters, nothing)
    report = protect_report(all_well(), written)
    assert (report.code, report.last) == (1, "2 of 3 schedules written; 1 not: see above.")
    assert ports.time.now() - SATURDAY_NOON < timedelta(minutes=15)
    (failed,) = [each.outcome for each in written if each.cluster_id == clusters[1]]
    assert failed
    assert failed.reason is Reason.OPERATION_IN_PROGRESS


async def test_a_missing_role_is_not_waited_for() -> None:
    """A role arrives in minutes or never: who has none is told at once."""
    ports = Remembered()
    clusters = some(ports)
    ports.fake.refuses = lambda verb, _: AccessDenied("no", status=403) if verb == "put" else None
    written = await writer(ports).protect(clusters, nothing)
    assert {each.outcome.reason for each in written if each.outcome} == {Reason.ACCESS_DENIED}
    assert ports.time.now() - SATURDAY_NOON < timedelta(minutes=1)
    assert len(ports.fake.calls_of("put")) == 3


async def test_a_schedule_made_since_the_plan_is_left_alone() -> None:
    """A schedule that somebody made since the plan is left alone, and no failure."""
    ports = Remembered()
    clusters = some(ports, 1)
    ports.fake.set_schedule(clusters[0], {"maintenanceWindow": dict(SUNDAY)})
    written = await writer(ports).protect(clusters, nothing)
    report = protect_report(all_well(), written)
    assert (report.code, report.last) == (0, "0 schedules written.")
    assert [section.title for section in report.sections] == ["needed none any more"]
    assert ports.fake.accepted_writes == []


async def test_a_lost_answer_is_looked_for() -> None:
    """A write whose answer is lost is read again before anything is written again."""
    ports = Remembered()
    clusters = some(ports, 1)
    ports.fake.faults.append(Fault("put", lost, applied=True))
    written = await writer(ports).protect(clusters, nothing)
    assert written[0].outcome
    assert written[0].outcome.kind is OutcomeKind.CREATED
    assert len(ports.fake.calls_of("put")) == 1


@pytest.mark.parametrize(
    ("lasts", "patience", "title"),
    [
        (0, 300, ""),
        (40 * 60, 300, "subscriptions could not be read"),
        (40 * 60, 10, "subscriptions could not be read"),
    ],
)
async def test_a_listing_that_never_comes_is_told_of(lasts: int, patience: int, title: str) -> None:
    """A subscription that does not answer is named; the others are planned all the same."""
    ports = Remembered()
    some(ports)
    other = "22222222-2222-2222-2222-222222222222"
    end = SATURDAY_NOON + timedelta(seconds=lasts)
    ports.fake.refuses = lambda verb, where: (
        lost() if verb == "clusters" and where == other and ports.time.now() < end else None
    )
    settings = settings_with(settings_of({}, WindowFlags()), SUBSCRIPTION, other)
    lookout = Lookout()
    world = World(settings, ports, silent(lookout))
    look = await OwnFleet(world, ports, lookout, timedelta(seconds=patience)).plan((), nothing)
    rows = look.run["clusters"]["value"]
    assert [row["outcome"] for row in rows] == ["WouldCreate"] * 3
    report = plan_report(look, detailed=False)
    assert report.code == (1 if lasts else 0)
    wrong = {section.title: section for section in report.sections if section.tone is Tone.WRONG}
    assert list(wrong) == ([title] if title else [])
    assert all(other in section.rows[0].cells[0] for section in wrong.values())


async def test_a_large_shard_takes_the_time_of_its_pace() -> None:
    """100 clusters in one place are read at 25 at once and 0.9 a second, whatever the patience."""
    ports = Remembered()
    clusters = some(ports, 100)
    settings = settings_with(settings_of({}, WindowFlags()), SUBSCRIPTION)
    lookout = Lookout()
    world = World(replace(settings, dry_run=True), ports, silent(lookout))
    look = await OwnFleet(world, ports, lookout, timedelta(minutes=1)).plan((), nothing)
    assert not look.waiting
    assert len(look.run["clusters"]["value"]) == len(clusters)
    took = ports.time.now() - SATURDAY_NOON
    bound = timedelta(seconds=(100 - 25) / 0.9)
    assert bound * 0.9 <= took <= bound * 1.6
    for first in range(0, 100, 10):
        calls = ports.fake.calls_of("list")[first:]
        span = (calls[-1].at - calls[0].at).total_seconds()
        assert len(calls) <= 25 + 0.9 * span + 2
