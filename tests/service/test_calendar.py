"""The calendar feeds, read by an implementation of RFC 5545 that is not naptime's."""

import asyncio
import threading
from datetime import UTC, date, datetime, time, timedelta

import pytest
from icalendar import Calendar
from icalendar.cal.component import Component

from shared.domain.messages.audit import Caller, Origin
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.window.recurrence import Daily, Weekday, Weekly
from shared.domain.window.window import DateSpan, MaintenanceWindow
from shared.reconcile.shown.page import feeds
from shared.reconcile.shown.page.calendar import AHEAD, MOST_NAMED, Opening, calendar
from shared.reconcile.shown.page.feeds import FEEDS_TABLE, FeedDesk, id_of
from tests.clusters import cluster_id
from tests.fakes.clock import SATURDAY_NOON, FakeClock
from tests.page.a_fleet import SUBSCRIPTIONS, made_up, remembered
from tests.service_world import World

PERSON = Origin(Caller("ops@example.com", "id-1"), "0f0e0d0c-0b0a-4908-8706-050403020100")
SUNDAYS = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4, timedelta(hours=1))


def events(text: str) -> list[Component]:
    return Calendar.from_ical(text).walk("VEVENT")


def instant(event: Component, name: str) -> datetime:
    found = event.decoded(name)
    assert isinstance(found, datetime)
    return found.astimezone(UTC)


def start_of(event: Component) -> datetime:
    return instant(event, "DTSTART")


def said(event: Component, name: str) -> str:
    return str(event.get(name))


def opening(
    name: str = "aks-1", rule: str = "prod", window: MaintenanceWindow = SUNDAYS
) -> Opening:
    return Opening(cluster_id(name), rule, window)


async def a_world(count: int) -> World:
    world = World(subscriptions=frozenset(SUBSCRIPTIONS), clock=FakeClock())
    await remembered(world, world.clock.now(), count)
    return world


async def read(desk: FeedDesk, token: str, ring: str | None = None) -> str:
    found = await desk.read(token, ring, None)
    assert found
    return found.body.decode()


async def test_a_feed_of_a_later_naptime_is_left_alone_and_can_be_revoked() -> None:
    """After a step back it is neither listed nor opened; that it can be closed is what matters."""
    world = await a_world(4)
    feed, token = await world.feeds.make("", "", PERSON)
    _, other = await world.feeds.make("", "", PERSON)
    later = {**feed.to_values(), "madeAt": "at some time"}
    world.tables.of(FEEDS_TABLE)._put("feeds", feed.id, later)
    assert [each.id for each in await world.feeds.feeds()] == [id_of(other)]
    assert await world.feeds.read(token, None, None) is None
    assert await read(world.feeds, other)
    assert await world.feeds.revoke(feed.id, PERSON)
    assert not await world.feeds.revoke(feed.id, PERSON)


async def test_events_are_the_openings_of_the_windows() -> None:
    """Each cluster is in an event for each occurrence of its window in the coming eight weeks."""
    world = await a_world(24)
    _, token = await world.feeds.make("", "", PERSON)
    found = {
        (start_of(event), name)
        for event in events(await read(world.feeds, token))
        for name in said(event, "DESCRIPTION").splitlines()
    }
    today = SATURDAY_NOON.replace(hour=0)
    expected = set()
    for made in made_up(24, SATURDAY_NOON):
        window, owner = made.known.outcome.window, made.observed.id
        for each in window.occurrences(today) if window else ():
            if each.start >= today + AHEAD:
                break
            expected.add((each.start, f"{owner.resource_group}/{owner.name}"))
    assert found == expected
    assert len(found) > 150


def test_an_event_says_when_and_who() -> None:
    """An event has its start and end in UTC, its rule, its clusters, and blocks nobody's time."""
    text = calendar([opening("b"), opening("a")], "naptime", SATURDAY_NOON)
    first, *_ = events(text)
    assert start_of(first) == datetime(2026, 11, 22, tzinfo=UTC)
    assert instant(first, "DTEND") - start_of(first) == timedelta(hours=4)
    assert said(first, "SUMMARY") == "Node OS window: prod, 2 clusters"
    assert said(first, "DESCRIPTION") == "rg-1/a\nrg-1/b"
    assert said(first, "TRANSP") == "TRANSPARENT"


def test_the_same_fleet_is_the_same_text_all_day() -> None:
    """Nothing in the calendar has the time of its making, and events keep their UIDs for weeks."""
    some = [opening(), opening("aks-2", window=MaintenanceWindow(Daily(1), time(3), 4))]
    early = calendar(some, "x", SATURDAY_NOON.replace(hour=0))
    assert calendar(some, "x", SATURDAY_NOON.replace(hour=23, minute=59)) == early
    later = {
        said(e, "UID"): start_of(e)
        for e in events(calendar(some, "x", SATURDAY_NOON + timedelta(weeks=1)))
    }
    before = {said(e, "UID"): start_of(e) for e in events(early)}
    assert len(before) == len(events(early))
    assert {uid: before[uid] for uid in before.keys() & later.keys()} == {
        uid: later[uid] for uid in before.keys() & later.keys()
    }
    assert len(before.keys() & later.keys()) > 40


def test_what_is_not_certain_is_tentative() -> None:
    """An opening that reaches into a not-allowed date is tentative; ambiguous windows have none."""
    blocked = DateSpan(date(2026, 11, 24), date(2026, 11, 24))
    window = MaintenanceWindow(Weekly(1, Weekday.MONDAY), time(22), 4, not_allowed_dates=(blocked,))
    ambiguous = MaintenanceWindow(Weekly(2, Weekday.MONDAY), time(3), 4)
    found = events(
        calendar([opening(window=window), opening("b", window=ambiguous)], "x", SATURDAY_NOON)
    )
    assert [said(event, "STATUS") for event in found][:2] == ["TENTATIVE", "CONFIRMED"]
    assert all("rg-1/b" not in said(event, "DESCRIPTION") for event in found)


@pytest.mark.parametrize(
    "rule",
    [
        *("a;b,c\\d", "Ringe für alle: ä" * 12),
        *("BEGIN:VEVENT\r\nSUMMARY:x", "x\rBEGIN:VEVENT", "x\x00\x1b[31m\u202e"),
    ],
)
def test_text_from_outside_is_text(rule: str) -> None:
    """Whatever a rule is called, lines have 75 octets at most and the name comes back as text."""
    text = calendar([opening(rule=rule)], rule, SATURDAY_NOON)
    lines = text.split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    assert all(line.isprintable() for line in lines)
    assert len(events(text)) == 8
    shown = said(events(text)[0], "SUMMARY")
    assert shown.startswith(f"Node OS window: {one_line(rule, 500)[:90]}")


def test_a_crowd_is_counted_and_not_all_named() -> None:
    """An event names 25 clusters, and says how many more there are."""
    some = [
        Opening(ClusterId.of(SUBSCRIPTIONS[0], "rg", f"c-{n:03}"), "prod", SUNDAYS)
        for n in range(60)
    ]
    first, *_ = events(calendar(some, "x", SATURDAY_NOON))
    lines = said(first, "DESCRIPTION").splitlines()
    assert (len(lines), lines[-1]) == (MOST_NAMED + 1, "and 35 more")
    assert "60 clusters" in said(first, "SUMMARY")


async def test_a_feed_shows_what_it_is_for_and_no_more() -> None:
    """A feed of one rule and subscription has theirs alone, whatever else an address asks for."""
    world = await a_world(60)
    ring = "everything else"
    _, token = await world.feeds.make(ring, SUBSCRIPTIONS[0], PERSON)
    text = await read(world.feeds, token, ring)
    wanted = {
        made.observed.id.name
        for made in made_up(60, SATURDAY_NOON)
        if made.known.outcome.rule == ring
        and made.known.outcome.window
        and made.observed.id.subscription_id == SUBSCRIPTIONS[0]
    }
    shown = {
        line.rpartition("/")[2]
        for event in events(text)
        for line in said(event, "DESCRIPTION").splitlines()
    }
    assert shown == wanted
    assert await world.feeds.read(token, "test", None) is None
    assert await world.feeds.read(token, None, SUBSCRIPTIONS[1]) is None


async def test_others_go_on_while_a_calendar_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second of arithmetic for ten thousand clusters is done beside the event loop."""
    world, at = await a_world(4), list[threading.Thread]()

    def written(*given: object) -> str:
        at.append(threading.current_thread())
        return calendar(*given)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(feeds, "calendar", written)
    _, token = await world.feeds.make("", "", PERSON)
    first, *others = await asyncio.gather(*(read(world.feeds, token) for _ in range(20)))
    assert events(first)
    assert set(others) == {first}
    assert len(at) == 1, "all who ask at once share one reading"
    assert threading.current_thread() not in at


async def test_a_token_is_kept_by_nobody_and_can_be_revoked() -> None:
    """The table has no token in it; a wrong one opens nothing, nor does one that was revoked."""
    world = await a_world(5)
    feed, token = await world.feeds.make("", "", PERSON)
    other, _ = await world.feeds.make("", "", PERSON)
    stored = repr(world.tables.of(FEEDS_TABLE).stored)
    assert token not in stored
    assert feed.id in stored
    assert await world.feeds.read(token[:-1] + "x", None, None) is None
    assert await world.feeds.read(feed.id, None, None) is None
    assert {each.id for each in await world.feeds.feeds()} == {feed.id, other.id}
    assert await world.feeds.revoke(feed.id, PERSON)
    assert await world.feeds.read(token, None, None) is None
    assert not await world.feeds.revoke(feed.id, PERSON)
    assert [each.id for each in await world.feeds.feeds()] == [other.id]
    acts = [(each.action.value, each.origin.caller.name) for each in world.audited]
    assert acts == [("MakeFeed", "ops@example.com")] * 2 + [("RevokeFeed", "ops@example.com")]
