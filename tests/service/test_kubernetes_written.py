"""The schedule of Kubernetes upgrades, made where it is asked for: beside the other, never over."""

from copy import replace
from datetime import timedelta

import pytest

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.observed import observe_configuration
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import (
    AzureError,
    AzureUnavailable,
    ConnectionFailed,
    DeniedByPolicy,
    OperationInProgress,
)
from shared.domain.policy.choose import Policy, SameWindow
from shared.settings import read_settings
from tests.clusters import cluster_id, schedule
from tests.fakes.aks import Call, Fault
from tests.service.test_kubernetes import AUTO_UPGRADE, REASON, upgraded
from tests.service_world import ENVIRONMENT, World

HALF_AN_HOUR = timedelta(minutes=30)
OWN = {"properties": schedule("Saturday")}


def desired() -> Desired:
    """Ask for the same window for both."""
    return read_settings({**ENVIRONMENT, "NAPTIME_KUBERNETES_WINDOW": "same"}).desired


def a_world(*, dry_run: bool = False) -> World:
    """Give a world that is asked for it, with one cluster that has neither schedule."""
    world = World(has_topic=True, desired=desired(), dry_run=dry_run)
    world.aks.add(upgraded())
    return world


def other(world: World) -> dict[str, object] | None:
    """Give the schedule of Kubernetes upgrades, as ARM has it."""
    return world.aks.configurations.get(cluster_id(), {}).get(AUTO_UPGRADE.lower())


def verbs(world: World) -> list[str]:
    """Give the calls about the cluster's configurations, in their order."""
    return [call.verb for call in world.aks.calls if call.verb in {"list", "put"}]


def is_ahead(call: Call) -> bool:
    """Say whether a written window starts half an hour after the write at least."""
    assert call.window
    start = call.window.next_start(call.at)
    return start is not None and start.start - call.at >= HALF_AN_HOUR


async def test_both_are_missing() -> None:
    """Two PUTs, each right after a LIST of its own, both half an hour ahead, in one window."""
    world = a_world()
    outcome = await world.reconcile()
    await world.run()
    assert verbs(world) == ["list", "put", "list", "put"]
    first, second = world.aks.accepted_writes
    assert is_ahead(first)
    assert is_ahead(second)
    assert first.window
    assert second.window
    assert replace(first.window, start_date=None) == replace(second.window, start_date=None)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.CREATED, "ScheduleMissing")
    assert outcome.kubernetes
    assert outcome.kubernetes.kind is OutcomeKind.CREATED
    assert [event.type.rpartition(".")[2] for event in world.topic.events] == [
        *("ScheduleCreated", "KubernetesScheduleCreated"),
    ]


@pytest.mark.parametrize("refused", [1, 2])
@pytest.mark.parametrize("error", [DeniedByPolicy, OperationInProgress, AzureUnavailable])
async def test_one_of_the_two_is_refused(refused: int, error: type[AzureError]) -> None:
    """The other stands, the outcome says which; what is worth it is tried again, and then made."""
    world = a_world()
    terminal = error is DeniedByPolicy
    puts = iter(range(1, 100))
    accept = world.aks.refuses

    def refuses(verb: str, where: str) -> AzureError | None:
        if verb == "put" and (next(puts) == refused):
            return error("no")
        return accept("put", where) if verb == "put" else None

    world.aks.refuses = refuses
    await world.ask()
    await world.run(for_at_most=timedelta(seconds=1))
    outcome = world.outcomes[-1][0]
    if terminal and refused == 1:
        assert outcome.kind is OutcomeKind.FAILED
        assert other(world)
    elif terminal:
        assert (outcome.kind, outcome.reason) == (OutcomeKind.CREATED, "ScheduleMissing")
        assert outcome.kubernetes
        assert outcome.kubernetes.kind is OutcomeKind.FAILED
        assert outcome.kubernetes.reason == "DeniedByPolicy"
        assert REASON in [found.reason for found in outcome.findings]
        assert world.aks.schedule(cluster_id())
        assert other(world) is None
    await world.run()
    if not terminal:
        assert world.aks.schedule(cluster_id())
        assert other(world)
        last = world.outcomes[-1][0]
        assert last.kind is not OutcomeKind.FAILED
        assert REASON not in [found.reason for found in last.findings]


async def test_only_the_other_is_missing() -> None:
    """The node OS schedule is left alone, and the other takes its window, whoever made that."""
    world = a_world()
    world.aks.set_schedule(cluster_id(), schedule("Saturday"))
    outcome = await world.reconcile()
    assert (outcome.kind, outcome.reason) == (OutcomeKind.UNCHANGED, "UpToDate")
    (write,) = world.aks.accepted_writes
    assert is_ahead(write)
    there = observe_configuration(
        {"name": "aksManagedNodeOSUpgradeSchedule", "properties": schedule("Saturday")}
    ).schedule.window
    assert write.window
    assert there
    assert replace(write.window, start_date=None) == replace(there, start_date=None)
    await world.run()
    assert world.topic.of("ScheduleNeedsAttention") == []


async def test_an_answer_that_is_lost_is_no_second_write() -> None:
    """What was accepted without an answer is seen by the next attempt, and told of as made."""
    world = a_world()
    world.aks.set_schedule(cluster_id(), schedule("Saturday"))
    world.aks.faults.append(Fault("put", lambda: ConnectionFailed("no answer"), applied=True))
    outcome = await world.reconcile()
    assert len(world.aks.accepted_writes) == 1
    assert outcome.kubernetes
    assert outcome.kubernetes.kind is OutcomeKind.CREATED
    await world.run()
    assert len(world.topic.of("KubernetesScheduleCreated")) == 1


@pytest.mark.parametrize("name", [AUTO_UPGRADE, AUTO_UPGRADE.lower(), AUTO_UPGRADE.upper()])
@pytest.mark.parametrize("properties", [schedule("Saturday"), {}, {"maintenanceWindow": "?"}])
async def test_never_over_one_that_is_there(name: str, properties: dict[str, object]) -> None:
    """One that exists by name stays as it is, whatever is in it."""
    world = a_world()
    world.aks.set_schedule(cluster_id(), schedule("Saturday"))
    world.aks.set_schedule(cluster_id(), properties, name)
    await world.reconcile()
    await world.sweep()
    assert world.aks.accepted_writes == []


async def test_somebody_makes_it_meanwhile() -> None:
    """What appears between the two writes is found by the second look, and left."""
    world = a_world()

    def slip_in() -> None:
        world.aks.set_schedule(cluster_id(), schedule("Saturday"), AUTO_UPGRADE)

    world.aks.faults.append(Fault("put", lambda: AzureUnavailable("?"), meanwhile=slip_in))
    await world.reconcile()
    assert len(world.aks.accepted_writes) == 1
    assert other(world) == {"name": AUTO_UPGRADE, "properties": schedule("Saturday")}


@pytest.mark.parametrize("channel", ["none", "node-image"])
async def test_where_it_is_not_needed(channel: str) -> None:
    """A cluster whose Kubernetes is upgraded by hand gets none."""
    world = a_world()
    world.aks.add(upgraded(channel=channel))
    await world.reconcile()
    assert len(world.aks.accepted_writes) == 1
    assert other(world) is None


async def test_off_by_default() -> None:
    """Unless it is asked for it is reported, and not made."""
    world = World()
    world.aks.add(upgraded())
    await world.reconcile()
    assert other(world) is None


async def test_a_run_leaves_it_to_the_queue() -> None:
    """A run writes what its calls were drawn for; the queue makes the other one right after."""
    world = a_world()
    record = await world.sweep()
    assert record.summary["reasons"] == {"ScheduleMissing": 1}
    assert other(world)
    assert len(world.aks.accepted_writes) == 2
    assert all(map(is_ahead, world.aks.accepted_writes))
    assert len(world.topic.of("KubernetesScheduleCreated")) == 1
    assert world.topic.of("ScheduleNeedsAttention") == []
    known = await world.memory.recall(cluster_id())
    assert known
    assert known.last_outcome["reason"] == "UpToDate"
    before = len(world.aks.calls)
    await world.sweep()
    assert [call.verb for call in world.aks.calls[before:]] == ["clusters", "list"]


async def test_a_dry_run_says_what_it_would_do() -> None:
    """Nothing is written, and both windows are shown."""
    world = a_world(dry_run=True)
    outcome = await world.reconcile()
    await world.sweep()
    assert world.aks.accepted_writes == []
    shown = outcome.to_json()
    assert shown["kubernetes"]["outcome"] == "WouldCreate"
    assert shown["kubernetes"]["window"] == shown["window"]


def test_the_settings_own_policy() -> None:
    """The setting is part of the one rule that the settings make."""
    (rule,) = desired().policy.rules
    assert rule.kubernetes == SameWindow()
    (rule,) = read_settings(ENVIRONMENT).desired.policy.rules
    assert rule.kubernetes is None
    assert isinstance(desired().policy, Policy)
