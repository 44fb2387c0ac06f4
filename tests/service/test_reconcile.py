"""From a message to a schedule: decisions applied, over fakes that remember."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import ConnectionFailed, OperationInProgress, Throttled
from shared.domain.vocabulary.ids import parse_scope
from shared.domain.vocabulary.reasons import Reason
from tests.clusters import cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.fakes.clock import FakeClock
from tests.policies import always
from tests.service_world import SUNDAY_NIGHT, World

HALF_AN_HOUR = timedelta(minutes=30)


async def test_creates_the_default_window() -> None:
    """A NAP cluster without a schedule gets the default window, with three calls."""
    world = World()
    world.aks.add(cluster())
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.CREATED
    assert outcome.reason is Reason.SCHEDULE_MISSING
    assert outcome.next_start == datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert [call.verb for call in world.aks.calls] == ["get", "list", "put"]
    assert outcome.calls == 3
    assert world.aks.schedule(cluster_id()) == {
        "name": "aksManagedNodeOSUpgradeSchedule",
        "properties": {
            "maintenanceWindow": {
                "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
                "durationHours": 4,
                "utcOffset": "+00:00",
                "startTime": "01:00",
                "startDate": "2026-11-21",
            }
        },
    }


@pytest.mark.parametrize("mode", ["Manual", None])
async def test_leaves_clusters_without_nap_alone(mode: str | None) -> None:
    """A cluster without NAP costs one read and is not touched."""
    world = World()
    world.aks.add(cluster(mode=mode))
    outcome = await world.reconcile()
    assert (outcome.kind, outcome.reason) == (OutcomeKind.SKIPPED, Reason.NOT_AUTO_PROVISIONED)
    assert [call.verb for call in world.aks.calls] == ["get"]


async def test_nap_turned_on_later() -> None:
    """When NAP is turned on by an update, the update's event brings the schedule."""
    world = World()
    world.aks.add(cluster(mode="Manual"))
    await world.reconcile()
    world.aks.add(cluster(mode="Auto"))
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.CREATED


@pytest.mark.parametrize(
    "name",
    [
        "aksManagedNodeOSUpgradeSchedule",
        "aksmanagednodeosupgradeschedule",
        "AKSMANAGEDNODEOSUPGRADESCHEDULE",
    ],
)
@pytest.mark.parametrize(
    "properties",
    [
        schedule(),
        schedule(startDate="2123-01-01"),
        schedule(durationHours=99),
        {},
        {"maintenanceWindow": {"schedule": {"hourly": {}}}},
    ],
)
async def test_never_touches_somebodys_schedule(name: str, properties: dict[str, object]) -> None:
    """A schedule of that name stays as it is, whatever its casing and its values."""
    world = World()
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), properties, name)
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.UNCHANGED
    assert not world.aks.calls_of("put")
    assert world.aks.schedule(cluster_id()) == {"name": name, "properties": properties}


async def test_never_touches_siblings() -> None:
    """Other configurations of the cluster are neither counted as the schedule nor changed."""
    world = World()
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), schedule(), "aksManagedAutoUpgradeSchedule")
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.CREATED
    sibling = world.aks.configurations[cluster_id()]["aksmanagedautoupgradeschedule"]
    assert sibling["properties"] == schedule()


async def test_schedule_removed_comes_back() -> None:
    """A schedule that somebody deletes is there again after the event of the deletion."""
    world = World()
    world.aks.add(cluster())
    await world.reconcile()
    world.aks.remove_schedule(cluster_id())
    world.clock.advance(timedelta(minutes=5))
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.CREATED


@pytest.mark.parametrize("tags", [{"naptime": "off"}, {"NapTime": "OFF"}])
async def test_tag_excludes(tags: dict[str, str]) -> None:
    """The tag naptime=off, in any casing, leaves the cluster alone after one read."""
    world = World()
    world.aks.add(cluster(tags=tags))
    outcome = await world.reconcile()
    assert (outcome.kind, outcome.reason) == (OutcomeKind.SKIPPED, Reason.EXCLUDED)


@pytest.mark.parametrize("scope", [str(cluster_id()), str(cluster_id()).split("/providers")[0]])
async def test_setting_excludes(scope: str) -> None:
    """NAPTIME_EXCLUDE leaves a cluster, or a resource group's clusters, alone."""
    world = World(desired=Desired(always(SUNDAY_NIGHT), excluded=(parse_scope(scope.upper()),)))
    world.aks.add(cluster())
    outcome = await world.reconcile()
    assert (outcome.kind, outcome.reason) == (OutcomeKind.SKIPPED, Reason.EXCLUDED)


async def test_cluster_gone() -> None:
    """A cluster that is gone when its event arrives is skipped, and nothing is given up."""
    world = World()
    outcome = await world.reconcile()
    assert (outcome.kind, outcome.reason) == (OutcomeKind.SKIPPED, Reason.CLUSTER_GONE)
    assert not world.all_given_up()


async def test_cluster_gone_between_the_reads() -> None:
    """A cluster that goes between its read and the LIST is skipped as gone."""
    world = World()
    world.aks.add(cluster())
    fault = Fault("list", lambda: ConnectionFailed("lost"), meanwhile=world.aks.clusters.clear)
    world.aks.faults.append(fault)
    outcome = await world.reconcile()
    assert outcome.reason is Reason.CLUSTER_GONE


async def test_creating_is_deferred_until_created() -> None:
    """A cluster that is still being created is looked at again until it is there."""
    world = World()
    world.aks.add(cluster(state="Creating"))
    await world.ask()
    await world.run(for_at_most=timedelta(minutes=2))
    assert {outcome.reason for outcome, _ in world.outcomes} == {Reason.CLUSTER_CREATING}
    world.aks.add(cluster(state="Succeeded"))
    outcome = (await world.run())[-1]
    assert outcome.kind is OutcomeKind.CREATED


async def test_dry_run_writes_nothing() -> None:
    """NAPTIME_DRY_RUN decides, says what it would do, and writes nothing."""
    world = World(dry_run=True)
    world.aks.add(cluster())
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.WOULD_CREATE
    assert outcome.dry_run
    assert not world.aks.calls_of("put")


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 22, 0, 40, tzinfo=UTC),
        datetime(2026, 11, 22, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
        datetime(2026, 11, 22, 4, 59, 59, tzinfo=UTC),
    ],
)
async def test_too_near_means_next_week(now: datetime) -> None:
    """20 or 30 minutes before the window, or inside it, the write starts next week."""
    world = World(clock=FakeClock(now))
    world.aks.add(cluster())
    outcome = await world.reconcile()
    assert outcome.next_start == datetime(2026, 11, 29, 1, tzinfo=UTC)


async def test_throttling_across_the_boundary_plans_again() -> None:
    """A 429 whose Retry-After pushes the write too near the window moves it to next week."""
    world = World(clock=FakeClock(datetime(2026, 11, 22, 0, 19, tzinfo=UTC)))
    world.aks.add(cluster())
    wait = timedelta(seconds=45)
    world.aks.faults.append(Fault("put", lambda: Throttled("slow down", retry_after=wait)))
    outcome = await world.reconcile()
    assert outcome.next_start == datetime(2026, 11, 29, 1, tzinfo=UTC)
    accepted = world.aks.accepted_writes[0]
    assert accepted.window
    start = accepted.window.next_start(accepted.at)
    assert start
    assert start.start - accepted.at >= HALF_AN_HOUR


@pytest.mark.parametrize(("own", "arms"), [(5, 25), (25, 5)], ids=["ARM ahead", "ARM behind"])
async def test_the_later_of_two_clocks_counts(own: int, arms: int) -> None:
    """Whichever clock is ahead, ARM's or the worker's, the lead time counts from it."""
    world = World(clock=FakeClock(datetime(2026, 11, 22, 0, own, tzinfo=UTC)))
    world.aks.clock = FakeClock(datetime(2026, 11, 22, 0, arms, tzinfo=UTC))
    world.aks.add(cluster())
    outcome = await world.reconcile()
    assert outcome.next_start == datetime(2026, 11, 29, 1, tzinfo=UTC)


async def test_somebody_makes_a_schedule_between_attempts() -> None:
    """A schedule that somebody makes after our failed attempt stays theirs."""
    world = World()
    world.aks.add(cluster())
    fault = Fault(
        "put",
        lambda: OperationInProgress("Updating", status=409),
        meanwhile=lambda: world.aks.set_schedule(cluster_id(), schedule()),
    )
    world.aks.faults.append(fault)
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.UNCHANGED
    body = world.aks.schedule(cluster_id())
    assert body
    assert body["properties"] == schedule()
    assert not world.aks.accepted_writes


async def test_a_write_that_was_applied_without_an_answer() -> None:
    """A time-out after ARM applied the write ends in Created, with exactly one accepted write."""
    world = World()
    world.aks.add(cluster())
    world.aks.faults.append(Fault("put", lambda: ConnectionFailed("timed out"), applied=True))
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.CREATED
    assert len(world.aks.accepted_writes) == 1
    assert [call.verb for call in world.aks.calls] == ["get", "list", "put", "list"]
