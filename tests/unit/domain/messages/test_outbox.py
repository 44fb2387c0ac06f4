"""Events on their way to the topic: packed, written, read again, refused."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.messages.envelope import MAX_MESSAGE_BYTES, seal
from shared.domain.messages.outbox import MOST_BYTES, PublishEvents, packed, parse_publish_events
from shared.domain.messages.work import PATIENCE
from shared.domain.vocabulary.cloud_event import CloudEvent
from shared.domain.vocabulary.errors import InvalidMessage
from tests.unit.domain.examples import at

NOW = at("2026-11-21 12:00")


def event(number: int = 0, padding: int = 0) -> CloudEvent:
    """Give an event of some length."""
    return CloudEvent("Naptime.Some", f"id-{number}", "subject", NOW, {"text": "x" * padding})


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


def test_nothing_is_no_message() -> None:
    """Without an event there is no message."""
    assert list(packed([], NOW)) == []


def test_a_long_event_is_alone() -> None:
    """An event that is longer than a message should be takes no other with it."""
    works = list(packed([event(0), event(1, MOST_BYTES), event(2)], NOW))
    assert [len(work.events) for work in works] == [1, 1, 1]


def test_the_patience_is_a_day() -> None:
    """Work is spent a day after it was asked for, whatever the attempt."""
    work = PublishEvents((event(),), NOW).again()
    assert work.attempt == 2
    assert not work.is_spent(NOW + PATIENCE - timedelta(seconds=1))
    assert work.is_spent(NOW + PATIENCE)


GOOD = {"type": "T", "id": "1", "subject": "s", "time": "2026-11-21T12:00:00Z", "data": {}}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"events": None}, "work.events"),
        ({"events": []}, "work.events"),
        ({"events": {}}, "work.events"),
        ({"events": [1]}, "work.events[0]"),
        ({"events": [GOOD, {**GOOD, "id": 1}]}, "work.events[1].id"),
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
        "type": "Naptime.Some",
        "source": "urn:naptime:app",
        "id": "id-0",
        "time": "2026-11-21T12:00:00Z",
        "subject": "subject",
        "datacontenttype": "application/json",
        "data": {"text": ""},
    }
