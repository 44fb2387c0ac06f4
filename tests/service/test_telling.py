"""What naptime tells the world of: written, found, failed, ended; at least once."""

from copy import replace
from datetime import timedelta

import pytest

from shared.domain.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    ConnectionFailed,
    Paced,
    Rejected,
    Throttled,
)
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import RunScope
from shared.domain.messages.outbox import PublishEvents, parse_publish_events
from shared.domain.messages.told import Occasion
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.domain.window.body import write_window
from tests.clusters import SUBSCRIPTION, cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.service_world import World


def told(world: World) -> list[tuple[str, str]]:
    """Give the types of the published events, and what they are about, in order."""
    return [
        (event.type.rpartition(".")[2], event.subject.rpartition("/")[2])
        for event in world.topic.events
        if not event.subject.startswith("runs/")
    ]


async def test_a_schedule_that_was_created_for_an_event() -> None:
    """The event has the cluster, the window, its start, why, and the cause; no run."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    outcome = await world.reconcile()
    await world.run()
    (event,) = world.topic.events
    assert event.type == "Naptime.ScheduleCreated"
    assert event.subject == str(cluster_id())
    assert outcome.window
    assert event.data == {
        "clusterId": str(cluster_id()),
        "reason": "ScheduleMissing",
        "message": outcome.message,
        "window": write_window(outcome.window),
        "nextStart": "2026-11-22T01:00:00Z",
        "runId": None,
        "cause": "ClusterWritten",
        "rule": "settings",
        "policyHash": None,
    }


async def test_a_schedule_that_was_created_in_a_run() -> None:
    """The same from a run, with its id; and the end of the run, with its counts."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    record = await world.sweep()
    (created,) = world.topic.of("ScheduleCreated")
    assert (created.data["runId"], created.data["cause"]) == (record.run.id, "Swept")
    (ended,) = world.topic.of("FleetRunCompleted")
    assert (ended.id, ended.subject) == (record.run.id, f"runs/{record.run.id}")
    assert ended.data["outcomes"] == {"Created": 1}
    assert ended.data["reasons"] == {"ScheduleMissing": 1}
    assert (ended.data["unreadableSubscriptions"], ended.data["stoppedShards"]) == (0, 0)


async def test_a_compliant_cluster_is_nothing_to_tell() -> None:
    """Where nothing had to be done nothing is told but the end of the run."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), schedule("Saturday"))
    await world.sweep()
    assert [event.type for event in world.topic.events] == ["Naptime.FleetRunCompleted"]


async def operations(clusters: int, *, has_topic: bool) -> int:
    """Count the operations of a run over compliant clusters, calls to Azure included."""
    world = World(has_topic=has_topic, pace=Pace(1000, 100), crowd_size=1000)
    for number in range(clusters):
        name = f"aks-{number}"
        world.aks.add(cluster(name))
        world.aks.set_schedule(cluster_id(name), schedule("Saturday"))
    before = world.life.operations
    await world.sweep()
    return world.life.operations - before


async def test_telling_costs_compliant_clusters_nothing() -> None:
    """A run over compliant clusters costs its one event more than without a topic, in all."""
    extra = [
        await operations(clusters, has_topic=True) - await operations(clusters, has_topic=False)
        for clusters in (1, 40)
    ]
    # Onto the queue, and to the topic.
    assert extra == [2, 2]


async def test_a_dry_run_tells_only_that_it_has_ended() -> None:
    """Nothing was written, so nothing is told of clusters."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    await world.sweep(RunScope(dry_run=True))
    assert told(world) == []
    (ended,) = world.topic.of("FleetRunCompleted")
    assert ended.data["scope"] == RunScope(dry_run=True).to_json()


async def test_without_a_topic_nothing_is_enqueued() -> None:
    """Nobody listens, so nothing is kept for anybody."""
    world = World()
    world.aks.add(cluster())
    await world.sweep()
    await world.reconcile()
    assert world.event_queue.messages == []
    assert world.topic.requests == 0


@pytest.mark.parametrize("times", [1, 3])
async def test_a_finding_is_told_once(times: int) -> None:
    """A schedule that a person should look at is told of once, not in each run."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    monthly = {"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 1}}
    world.aks.set_schedule(cluster_id(), schedule(schedule=monthly))
    for _ in range(times):
        await world.sweep()
        await world.reconcile()
        world.clock.advance(timedelta(days=1))
    assert told(world) == [("ScheduleNeedsAttention", "aks-1")]
    (event,) = world.topic.of("ScheduleNeedsAttention")
    assert event.data["reason"] == "LongerThanWeekly"


async def test_a_finding_that_came_back_is_told_again() -> None:
    """What was mended and is wrong once more is news."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    for properties in ({}, schedule("Saturday"), {}):
        world.aks.set_schedule(cluster_id(), properties)
        await world.sweep()
        world.clock.advance(timedelta(days=1))
    assert told(world) == [("ScheduleNeedsAttention", "aks-1")] * 2
    first, second = world.topic.of("ScheduleNeedsAttention")
    assert first.id != second.id


async def test_what_could_not_be_read_meanwhile_forgets_no_finding() -> None:
    """A run that came to no end with a cluster does not make its findings news again."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), {})
    await world.sweep()
    world.aks.faults += [Fault("list", lambda: Rejected("no"))]
    await world.sweep()
    await world.sweep()
    assert told(world) == [("ScheduleNeedsAttention", "aks-1"), ("ScheduleFailed", "aks-1")]


def crowd(world: World, size: int = 4) -> None:
    """Give a fleet whose clusters all start on Saturday, each in a resource group of its own."""
    for number in range(size):
        made = world.aks.add(cluster(f"aks-{number}", group=f"rg-{number}"))
        world.aks.set_schedule(made, schedule("Saturday"))


async def test_a_crowded_start_is_told_once() -> None:
    """One event tells of the start, and none of its clusters, however many runs find it."""
    world = World(has_topic=True, crowd_size=3)
    crowd(world)
    await world.sweep()
    assert told(world) == []
    for _ in range(9):
        world.clock.advance(timedelta(days=1))
        await world.sweep()
    (event,) = world.topic.of("ScheduleNeedsAttention")
    assert event.subject == f"subscriptions/{SUBSCRIPTION}/locations/westeurope"
    assert event.data["reason"] == "WindowsCrowded"
    assert event.data["clusterId"] is None
    assert str(event.data["message"]).startswith("4 clusters of ")
    assert event.id.endswith(str(event.data["nextStart"]))


async def test_a_crowd_that_comes_back_is_told_again() -> None:
    """Eight days after the last start that was crowded it is news once it is again."""
    world = World(has_topic=True, crowd_size=3)
    crowd(world)
    for day in ("Saturday", "Monday", "Saturday"):
        world.aks.set_schedule(ClusterId.of(SUBSCRIPTION, "rg-3", "aks-3"), schedule(day))
        for _ in range(16):
            world.clock.advance(timedelta(days=1))
            await world.sweep()
    first, second = world.topic.of("ScheduleNeedsAttention")
    assert first.id != second.id


async def test_a_dry_run_tells_of_no_crowd() -> None:
    """A dry run names the crowd in its record; the run after it tells of it."""
    world = World(has_topic=True, crowd_size=3)
    crowd(world)
    await world.sweep()
    record = await world.sweep(RunScope(dry_run=True))
    assert len(record.summary["crowdedStarts"]) == 1
    assert world.topic.of("ScheduleNeedsAttention") == []
    await world.sweep()
    assert len(world.topic.of("ScheduleNeedsAttention")) == 1


async def test_what_was_given_up_is_told() -> None:
    """A write that can never work is told of with what Azure said."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    world.aks.faults += [Fault("put", lambda: Rejected("not like that", status=400))]
    await world.reconcile()
    await world.run()
    (event,) = world.topic.of("ScheduleFailed")
    assert event.data["reason"] == "RejectedByAzure"
    assert "not like that" in str(event.data["message"])


async def test_a_failure_is_told_once_until_it_is_over() -> None:
    """A cluster that fails in each run is told of once; after a success a failure is news."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    for fails in (True, True, False, True):
        if fails:
            world.aks.faults += [Fault("list", lambda: Rejected("no"))]
        await world.sweep()
    assert [kind for kind, _ in told(world)].count("ScheduleFailed") == 2


async def test_what_is_spent_is_told() -> None:
    """Work that was tried for a day in vain is given up, and told of."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    world.aks.refuses = lambda _verb, _where: AzureUnavailable("no")
    await world.ask()
    await world.run()
    (event,) = world.topic.of("ScheduleFailed")
    assert event.data["reason"] == "AzureUnavailable"


async def test_a_person_is_told_of_like_anybody() -> None:
    """Whoever else writes reports with the same words: `OutcomeTeller` takes any outcome."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    outcome = await world.reconciler.reconcile(cluster_id())
    occasion = Occasion.asked(Cause.ASKED, world.clock.now())
    await world.worker.teller.tell(outcome, occasion)
    await world.run()
    assert told(world) == [("ScheduleCreated", "aks-1")]


async def test_a_queue_that_does_not_answer_stops_no_work() -> None:
    """An event that cannot be kept is logged; the cluster is guarded, and the run ends."""
    world = World(has_topic=True)
    world.aks.add(cluster("aks-1"))
    world.aks.add(cluster("aks-2"))
    world.event_queue.fails = 100
    await world.reconcile("aks-1")
    record = await world.sweep()
    assert record.finished_at
    assert world.aks.schedule(cluster_id("aks-2"))
    assert world.topic.requests == 0


@pytest.mark.parametrize("error", [Throttled, AzureUnavailable, AccessDenied])
async def test_events_wait_for_the_topic(error: type[AzureError]) -> None:
    """A topic that does not take events for hours gets them in the end, once."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    over = world.clock.now() + timedelta(hours=20)
    world.topic.refuses = lambda _: error("no") if world.clock.now() < over else None
    await world.reconcile()
    await world.run()
    assert told(world) == [("ScheduleCreated", "aks-1")]
    assert world.topic.requests < 60


async def test_events_are_given_up_after_a_day() -> None:
    """What the topic did not take for a day is in the table of what was given up."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    world.topic.refuses = lambda _: AzureUnavailable("no", retry_after=timedelta(seconds=1))
    await world.reconcile()
    await world.run()
    (given_up,) = world.all_given_up()
    assert given_up.reason == "AzureUnavailable"
    assert parse_publish_events(given_up.work).events[0].type == "Naptime.ScheduleCreated"
    assert world.event_queue.messages == []


async def test_one_bad_event_costs_no_other() -> None:
    """Where the topic takes a batch not as it is, each event is tried by itself."""
    world = World(has_topic=True)
    for name in ("aks-1", "aks-2", "aks-3"):
        world.aks.add(cluster(name))
    bad = str(cluster_id("aks-2"))
    world.topic.refuses = lambda events: (
        Rejected("bad", status=400) if any(event.subject == bad for event in events) else None
    )
    await world.sweep()
    assert sorted(told(world)) == [("ScheduleCreated", "aks-1"), ("ScheduleCreated", "aks-3")]
    (given_up,) = world.all_given_up()
    (event,) = parse_publish_events(given_up.work).events
    assert event.subject == bad


async def test_a_topic_that_is_gone_from_the_settings() -> None:
    """Events that waited for a topic that is not set any more are dropped, with a word."""
    world = World()
    message = PublishEvents(
        events=tuple((await _one_event()).topic.events), asked_at=world.clock.now()
    )
    await world.publisher.publish(message.to_message())
    assert world.topic.requests == 0
    assert world.event_queue.messages == []


async def _one_event() -> World:
    world = World(has_topic=True)
    world.aks.add(cluster())
    await world.reconcile()
    await world.run()
    return world


async def test_many_events_are_few_messages() -> None:
    """A hundred schedules of one run are told in few requests."""
    world = World(has_topic=True, pace=Pace(1000, 100))
    for number in range(100):
        world.aks.add(cluster(f"aks-{number:03}"))
    await world.sweep()
    assert len(world.topic.of("ScheduleCreated")) == 100
    assert world.topic.requests <= 8


@pytest.mark.parametrize("left", range(0, 60, 3))
async def test_killed_anywhere_the_end_of_the_run_is_told(left: int) -> None:
    """Wherever the worker dies, the end of the run is told at least once, always with one id."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    run = await world.start()
    world.life.left = world.life.operations + left
    await world.run_and_mind()
    world.life.revive()
    await world.run_and_mind()
    assert {event.id for event in world.topic.of("FleetRunCompleted")} == {run.id}


async def test_an_event_that_cannot_be_kept_costs_no_other() -> None:
    """Where one message of events is lost, those of the others are told."""
    world = World(has_topic=True)
    now = world.clock.now()
    events = [
        CloudEvent(EventType.SCHEDULE_CREATED, f"{number}", "s", now, {"m": "x" * 9000})
        for number in range(9)
    ]
    world.event_queue.fails = 1
    await world.teller.tell(events)
    await world.run()
    assert 0 < len(world.topic.events) < 9


async def test_a_long_event_is_told_all_the_same() -> None:
    """A window of thousands of spans is left out of its event, which is told with the others."""
    world = World(has_topic=True)
    data = {"clusterId": str(cluster_id()), "window": {"notAllowedDates": ["x" * 99] * 9999}}
    long = CloudEvent(EventType.SCHEDULE_CREATED, "2", "s", world.clock.now(), data)
    short = CloudEvent(EventType.SCHEDULE_CREATED, "1", "s", world.clock.now(), {})
    await world.teller.tell([short, long, replace(short, id="3")])
    await world.run()
    assert sorted(event.id for event in world.topic.events) == ["1", "2", "3"]
    assert "link" in world.topic.events[1].data


@pytest.mark.parametrize("ends_in", [Paced, AzureUnavailable])
async def test_an_unanswered_write_is_told(ends_in: type[AzureError]) -> None:
    """A write that was accepted without an answer is told once it is found, whatever came between.

    The attempt after it may not be sent at all, by naptime's own pace, or not be answered either.
    """
    world = World(has_topic=True)
    world.aks.add(cluster())
    world.aks.faults.append(Fault("put", lambda: ConnectionFailed("gone"), applied=True))
    wait = timedelta(minutes=2)
    world.aks.refuses = lambda _verb, _where: (
        ends_in("no", retry_after=wait) if world.aks.accepted_writes else None
    )
    await world.ask()
    await world.run(for_at_most=timedelta(minutes=1))
    assert world.aks.schedule(cluster_id())
    assert told(world) == []
    world.aks.refuses = lambda _verb, _where: None
    await world.run()
    assert told(world) == [("ScheduleCreated", "aks-1")]
    assert len(world.aks.calls_of("put")) == 1
