"""What holds a message back is counted with it: by the work itself, or by its envelope."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.fleet.run_work import Baton, StartRun, parse_baton, parse_run_work
from shared.domain.fleet.shard import Shard
from shared.domain.messages.envelope import hold_back
from shared.domain.messages.outbox import PublishEvents, parse_publish_events
from shared.domain.messages.work import ReconcileCluster, parse_reconcile_cluster
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.domain.vocabulary.invalid import InvalidMessage
from shared.domain.vocabulary.reasons import Cause
from tests.unit.domain.examples import CLUSTER_ID, SUBSCRIPTION

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=3)
WORK = ReconcileCluster(CLUSTER_ID, Cause.CLUSTER_WRITTEN, EARLIER, attempt=4)
BATON = Baton("202611-abc", Shard(SUBSCRIPTION, "westeurope"), 7)


def test_work_that_counts_goes_on_counting() -> None:
    """The attempts at a cluster that Azure held up and those that storage did are one count."""
    held = hold_back(WORK.to_message(), NOW)
    assert (held.since, held.attempt) == (EARLIER, 5)
    assert parse_reconcile_cluster(held.to_message()) == WORK.deferred()


def test_when_the_queue_took_it_in_is_written_down_once() -> None:
    """What a later reconcile is compared with is the first message's time, not the last one's."""
    held = hold_back(WORK.to_message(), NOW, NOW - timedelta(minutes=1))
    again = hold_back(held.to_message(), NOW, NOW)
    since = {parse_reconcile_cluster(each.text).since for each in (held, again)}
    assert since == {NOW - timedelta(minutes=1)}


def test_events_go_on_counting() -> None:
    """Events on their way to the topic have one count as well."""
    events = (CloudEvent(EventType.SCHEDULE_CREATED, "1", "s", NOW, {"n": "ä"}),)
    held = hold_back(PublishEvents(events, EARLIER, 2).to_message(), NOW)
    assert parse_publish_events(held.text) == PublishEvents(events, EARLIER, 3)


@pytest.mark.parametrize("text", [BATON.to_message(), StartRun("202611-abc").to_message()])
def test_of_other_work_the_envelope_counts(text: str) -> None:
    """A baton or the start of a run is the same work however often it was held back."""
    held = hold_back(text, NOW)
    assert (held.since, held.attempt) == (NOW, 2)
    again = hold_back(held.text, NOW + timedelta(minutes=1))
    assert (again.since, again.attempt) == (NOW, 3)
    assert json.loads(again.text)["work"] == json.loads(text)["work"]
    parse = parse_baton if "generation" in text else parse_run_work
    assert parse(again.text) == parse(text)


@pytest.mark.parametrize(
    "held", [None, 3, {}, {"since": "x", "attempt": 2}, {"attempt": True}, {"attempt": -1}]
)
def test_an_odd_count_begins_anew(held: object) -> None:
    """What somebody else has written into the envelope makes no error of another kind."""
    message = json.dumps(json.loads(BATON.to_message()) | {"held": held})
    assert hold_back(message, NOW).since == NOW


@given(st.text() | st.sampled_from(['{"v":1}', '{"v":1,"work":3}', "[]", "null"]))
def test_what_is_no_message_is_not_held_back(text: str) -> None:
    """Only what naptime could have written comes back; the rest is refused."""
    with pytest.raises(InvalidMessage):
        hold_back(text, NOW)
