"""Somebody removes what naptime makes, again and again: put back each time, told once."""

import json
from datetime import timedelta

import pytest

from shared.domain.messages.touches import Touches
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.shown.clusters import known_with
from tests.clusters import OWN_CLIENT_ID, cluster, cluster_id, schedule
from tests.payloads import schedule_deleted, schedule_written
from tests.service_world import World

TERRAFORM = "1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"
PERSON = "0a1b2c3d-0000-4000-8000-00000000beef"
REASON = Reason.KEEPS_BEING_REMOVED
_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_SCOPE = "http://schemas.microsoft.com/identity/claims/scope"

type Json = dict[str, object]


def event(world: World, text: str, number: int, **claims: object) -> str:
    """Give an event an id of its own, the time of now, and further claims."""
    body = json.loads(text)
    body["id"], body["eventTime"] = f"event-{number}", world.clock.now().isoformat()
    body["data"]["claims"].update(claims)
    return json.dumps(body)


async def removed(world: World, number: int, app_id: str | None = TERRAFORM, **claims: str) -> None:
    """Have somebody remove the schedule, and the event of it come."""
    world.aks.remove_schedule(cluster_id())
    text = schedule_deleted(cluster_id(), app_id)
    await world.events.receive(event(world, text, number, **claims))
    await world.run(for_at_most=timedelta(minutes=1))


async def a_world(*, dry_run: bool = False) -> World:
    """Give a world with one cluster that naptime has protected."""
    world = World(has_topic=True, dry_run=dry_run)
    world.aks.add(cluster())
    await world.reconcile()
    return world


def told(world: World) -> list[str]:
    """Give what was told of it."""
    found = world.topic.of("ScheduleNeedsAttention")
    return [str(each.data["message"]) for each in found if each.data["reason"] == REASON]


async def test_four_removals_within_an_hour() -> None:
    """It is back each time within seconds, and told once, by whom."""
    world = await a_world()
    for number in range(4):
        world.clock.advance(timedelta(minutes=15))
        before = world.clock.now()
        await removed(world, number)
        assert world.aks.schedule(cluster_id())
        assert world.aks.accepted_writes[-1].at - before < timedelta(seconds=10)
    assert len(world.aks.accepted_writes) == 5
    (message,) = told(world)
    assert message.startswith("The schedule was removed 3 times in 30 minutes, always by")
    assert f"always by application {TERRAFORM}; if that is Terraform, see docs/" in message
    assert world.removed_again == [(cluster_id(), 3), (cluster_id(), 4)]


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "1600-12-31T23:59:59Z", "1970-01-01T00:00Z"]
)
async def test_what_is_said_to_be_of_long_ago_is_put_back_and_counts_for_nothing(at: str) -> None:
    """An event with a time that no clock had is a hint like any other, and no removal of today."""
    world = await a_world()
    world.aks.remove_schedule(cluster_id())
    body = json.loads(event(world, schedule_deleted(cluster_id(), TERRAFORM), 1))
    assert (await world.events.receive(json.dumps(body | {"eventTime": at}))).accepted
    await world.run(for_at_most=timedelta(minutes=1))
    assert world.aks.schedule(cluster_id())
    assert (await world.viewer.look(cluster_id()))["lastRemoved"] is None


async def test_claims_that_come_as_text() -> None:
    """Who removes it is known from them as well, and naptime's own write is nobody's change."""
    world = await a_world()
    for number in range(3):
        world.aks.remove_schedule(cluster_id())
        body = json.loads(event(world, schedule_deleted(cluster_id(), TERRAFORM), number))
        body["data"]["claims"] = json.dumps(body["data"]["claims"])
        await world.events.receive(json.dumps(body))
        await world.run(for_at_most=timedelta(minutes=1))
    (message,) = told(world)
    assert f"always by application {TERRAFORM}" in message
    own = json.loads(schedule_written(cluster_id(), OWN_CLIENT_ID))
    own["data"]["claims"] = json.dumps(own["data"]["claims"])
    assert (await world.events.receive(json.dumps(own))).what == "own write"


async def test_it_is_shown() -> None:
    """The list finds the cluster by it, and the view says who removed the schedule last."""
    world = await a_world()
    for number in range(3):
        await removed(world, number)
    at = world.clock.now()
    live = await world.viewer.look(cluster_id())
    assert live["decision"]
    assert [found["reason"] for found in live["decision"]["findings"]][-1] == REASON
    last = live["lastRemoved"]
    assert last
    assert (last["by"], last["kind"]) == (TERRAFORM, "application")
    assert last["at"] <= at.isoformat()
    page = await world.fleet.clusters(None, known_with(None, REASON, None), PageAsked())
    (shown,) = page.items
    assert REASON in [found["reason"] for found in shown["findings"]]
    looked = await world.fleet.clusters(None, {}, PageAsked(), attention=True)
    assert len(looked.items) == 1


async def test_it_is_over_after_thirty_days() -> None:
    """It is not shown any more then, the rows are removed, and one removal more is no finding."""
    world = await a_world()
    for number in range(3):
        await removed(world, number)
    world.clock.advance(timedelta(days=31))
    await world.sweep()
    live = await world.viewer.look(cluster_id())
    assert live["decision"]
    assert [found["reason"] for found in live["decision"]["findings"]] == ["UpToDate"]
    assert live["lastRemoved"]
    page = await world.fleet.clusters(None, known_with(None, REASON, None), PageAsked())
    assert page.items == []
    await removed(world, 4)
    assert len(told(world)) == 1
    for number in (5, 6):
        await removed(world, number)
    assert len(told(world)) == 2


async def test_the_same_event_counts_once() -> None:
    """Event Grid sends at least once, in any order; three copies are one removal."""
    world = await a_world()
    for _ in range(3):
        await removed(world, 1)
    assert told(world) == []
    known = await world.memory.recall(cluster_id())
    assert known
    assert len(known.touches.all) == 1


async def test_an_event_that_comes_again_late_is_told_of_no_more() -> None:
    """Of the first removal it is known that it was not one too many, however many followed."""
    world = await a_world()
    first = event(world, schedule_deleted(cluster_id(), TERRAFORM), 0)
    for number in range(3):
        await removed(world, number)
        world.clock.advance(timedelta(minutes=1))
    assert world.removed_again == [(cluster_id(), 3)]
    await world.events.receive(first)
    await world.run(for_at_most=timedelta(minutes=1))
    assert world.removed_again == [(cluster_id(), 3)]
    assert len(told(world)) == 1


async def test_several_at_once_are_counted_all() -> None:
    """Events that one look at the cluster answers count each."""
    world = await a_world()
    world.aks.remove_schedule(cluster_id())
    for number in range(3):
        text = schedule_deleted(cluster_id(), TERRAFORM)
        await world.events.receive(event(world, text, number))
    await world.run(for_at_most=timedelta(minutes=5))
    assert len(told(world)) == 1


async def test_who_it_was() -> None:
    """An application by its id, a person by that of the object; never a name; own ones not."""
    world = await a_world()
    person = {"appid": PERSON[::-1], _OBJECT_ID: PERSON.upper(), _SCOPE: "user_impersonation"}
    await removed(world, 1, **person)
    await removed(world, 2, OWN_CLIENT_ID)
    await removed(world, 3, None)
    await removed(world, 4, TERRAFORM)
    known = await world.memory.recall(cluster_id())
    assert known
    assert [str(each.by) for each in known.touches.all] == [
        f"object {PERSON}",
        "None",
        f"application {TERRAFORM}",
    ]
    stored = str(world.tables.of("naptimeclusters").stored)
    assert "A. Person" not in stored
    assert "203.0.113.7" not in stored
    (message,) = told(world)
    assert "most often by" in message


async def test_changes_are_noted_and_no_tug() -> None:
    """Somebody who changes the schedule is heeded: noted as a change, and never told as a tug."""
    world = await a_world()
    for number in range(4):
        world.aks.set_schedule(cluster_id(), schedule("Saturday"))
        text = schedule_written(cluster_id(), TERRAFORM)
        await world.events.receive(event(world, text, number))
        await world.run(for_at_most=timedelta(minutes=1))
    known = await world.memory.recall(cluster_id())
    assert known
    assert {each.what.value for each in known.touches.all} == {"Changed"}
    assert told(world) == []
    assert known.touches.last_removed_json() is None


async def test_a_dry_run_tells_nobody() -> None:
    """Where every write is stopped it is shown, and told once naptime writes."""
    world = await a_world(dry_run=True)
    for number in range(3):
        await removed(world, number)
    assert (told(world), world.removed_again) == ([], [])
    live = await world.viewer.look(cluster_id())
    assert live["decision"]
    assert REASON in [found["reason"] for found in live["decision"]["findings"]]


async def test_a_cluster_that_is_left_alone() -> None:
    """Where naptime puts nothing back there is no tug."""
    world = World(has_topic=True)
    world.aks.add(cluster(tags={"naptime": "off"}))
    for number in range(4):
        await removed(world, number)
    assert told(world) == []


async def test_an_event_costs_no_more_than_it_did() -> None:
    """What somebody did is written down with the mark that the event leaves, in one request."""
    world = await a_world()
    before = world.life.operations
    await world.events.receive(event(world, schedule_deleted(cluster_id(), TERRAFORM), 1))
    with_touch = world.life.operations - before
    before = world.life.operations
    await world.events.receive(event(world, schedule_deleted(cluster_id(), OWN_CLIENT_ID), 2))
    assert world.life.operations - before == with_touch


def test_nothing_is_found_of_nothing() -> None:
    """A cluster that nobody else touched has no last removal and no finding."""
    world = World()
    assert Touches().last_removed_json() is None
    assert Touches().finding(world.clock.now()) is None
