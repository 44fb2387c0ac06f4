"""Events on their way to the topic: packed, written, read again, refused."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.messages.envelope import MAX_MESSAGE_BYTES, seal
from shared.domain.messages.given_up import LONGEST_TEXT
from shared.domain.messages.outbox import MOST_BYTES, PublishEvents, packed, parse_publish_events
from shared.domain.messages.work import PATIENCE
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.domain.vocabulary.invalid import InvalidMessage
from tests.unit.domain.examples import CLUSTER_ID, SUBSCRIPTION, at

NOW = at("2026-11-21 12:00")


def event(number: int = 0, padding: int = 0) -> CloudEvent:
    """Give an event of some length."""
    return CloudEvent(
        EventType.SCHEDULE_CREATED, f"id-{number}", "subject", NOW, {"text": "x" * padding}
    )


@given(
    lengths=st.lists(st.integers(0, 3000), min_size=1, max_size=40), attempt=st.integers(1, 1000)
)
def test_events_come_through_whole_and_in_order(lengths: list[int], attempt: int) -> None:
    """However events are packed, each comes out of exactly one message, as it went in."""
    events = [event(number, length) for number, length in enumerate(lengths)]
    works = list(packed(events, NOW))
    read = [
        parse_publish_events(PublishEvents(work.events, NOW, attempt).to_message())
        for work in works
    ]
    assert [found for work in read for found in work.events] == events
    assert {work.attempt for work in read} == {attempt}
    for work in works:
        assert len(work.to_message()) < MAX_MESSAGE_BYTES * 3 / 4


def test_without_an_event_there_is_no_message() -> None:
    """Without an event there is no message."""
    assert list(packed([], NOW)) == []


def test_a_long_event_takes_no_other_with_it() -> None:
    """An event that fits into no message is told without its window, and with a link to look at."""
    window = {"notAllowedDates": ["x" * 100] * 1000}
    data = {"clusterId": str(CLUSTER_ID), "reason": "Requested", "window": window}
    long = CloudEvent(EventType.SCHEDULE_CREATED, "id-1", str(CLUSTER_ID), NOW, data)
    works = list(packed([event(0), long, event(2)], NOW))
    told = [each for work in works for each in work.events]
    assert [each.id for each in told] == ["id-0", "id-1", "id-2"]
    assert told[1].data == {
        **data,
        "window": None,
        "link": f"/api/clusters/{SUBSCRIPTION}/rg-prod/aks-nap-01",
    }


@given(
    st.dictionaries(
        st.sampled_from(["clusterId", "window", "message", "reason"]),
        st.integers(0, 3 * MOST_BYTES).map(lambda length: "ä" * length),
    )
)
@settings(max_examples=30, deadline=None)
def test_whatever_is_long_every_event_fits(data: dict[str, object]) -> None:
    """However long the members of an event are, its message fits into the queue and the table."""
    long = CloudEvent(EventType.SCHEDULE_FAILED, "id-1", "subject", NOW, data)
    (work,) = packed([long], NOW)
    assert 2 * len(work.to_message()) <= LONGEST_TEXT
    assert parse_publish_events(work.to_message()) == work


def test_the_patience_is_a_day() -> None:
    """Work is spent a day after it was asked for, whatever the attempt."""
    work = PublishEvents((event(),), NOW).again()
    assert work.attempt == 2
    assert not work.is_spent(NOW + PATIENCE - timedelta(seconds=1))
    assert work.is_spent(NOW + PATIENCE)


GOOD = {
    "type": "Naptime.ScheduleCreated",
    "id": "1",
    "subject": "s",
    "time": "2026-11-21T12:00:00Z",
    "data": {},
}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"events": None}, "work.events"),
        ({"events": []}, "work.events"),
        ({"events": {}}, "work.events"),
        ({"events": [1]}, "work.events[0]"),
        ({"events": [GOOD, {**GOOD, "id": 1}]}, "work.events[1].id"),
        ({"events": [{**GOOD, "type": "Microsoft.Foreign"}]}, "work.events[0].type"),
        ({"events": [{**GOOD, "type": "Naptime.Forged"}]}, "work.events[0].type"),
        ({"events": [{**GOOD, "time": "soon"}]}, "work.events[0].time"),
        ({"events": [{**GOOD, "data": []}]}, "work.events[0].data"),
        ({"events": [{**GOOD, "source": "x"}]}, "work.events[0].source"),
        ({"attempt": 0}, "work.attempt"),
        ({"askedAt": "now"}, "work.askedAt"),
        ({"more": 1}, "work.more"),
    ],
)
def test_what_naptime_did_not_write(changes: dict[str, object], field: str) -> None:
    """A message that naptime did not write is refused, with the field named."""
    work = {"events": [GOOD], "askedAt": "2026-11-21T12:00:00Z", "attempt": 1, **changes}
    with pytest.raises(InvalidMessage) as refused:
        parse_publish_events(seal(work))
    assert field in [problem.field for problem in refused.value.problems]


def test_the_cloud_event() -> None:
    """An event is written as CloudEvents 1.0 asks for."""
    assert json.loads(json.dumps(event().to_json("urn:naptime:app"))) == {
        "specversion": "1.0",
        "type": "Naptime.ScheduleCreated",
        "source": "urn:naptime:app",
        "id": "id-0",
        "time": "2026-11-21T12:00:00Z",
        "subject": "subject",
        "datacontenttype": "application/json",
        "data": {"text": ""},
    }
