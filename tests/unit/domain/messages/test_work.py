import json
from copy import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.deciding.observed import REPLICATION
from shared.domain.messages.seen import SeenCluster
from shared.domain.messages.work import (
    PATIENCE,
    ReconcileCluster,
    delay_before,
    is_spent,
    parse_reconcile_cluster,
)
from shared.domain.updates.plan import Planned
from shared.domain.vocabulary.instants import from_text, to_text
from shared.domain.vocabulary.invalid import InvalidMessage
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.recurrence import Weekday, Weekly
from shared.domain.window.window import MaintenanceWindow
from tests.unit.domain.examples import CLUSTER_ID, MINUTE, at, cluster
from tests.unit.domain.strategies import instants

ASKED_AT = at("2026-11-22 07:08:09")
WORK = ReconcileCluster(
    CLUSTER_ID,
    Cause.SCHEDULE_DELETED,
    ASKED_AT,
    2,
    "event-1",
    since=at("2026-11-22 07:09:09"),
    event_at=at("2026-11-22 07:08:08"),
)
SECOND = timedelta(seconds=1)


def message(**changes: object) -> str:
    body = json.loads(WORK.to_message())
    body["work"].update(changes)
    return json.dumps(body)


def test_the_message_is_a_versioned_envelope() -> None:
    """The queue's message holds everything, compact, under a version."""
    assert WORK.to_message() == (
        '{"v":1,"work":{"clusterId":"' + str(CLUSTER_ID) + '","cause":"ScheduleDeleted",'
        '"askedAt":"2026-11-22T07:08:09Z","attempt":2,"eventId":"event-1",'
        '"since":"2026-11-22T07:09:09Z","eventAt":"2026-11-22T07:08:08Z"}}'
    )


def test_a_window_without_an_answer_travels_with_the_work() -> None:
    """What was sent and not answered is in the next attempt's message, and in no other."""
    window = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4, start_date=date(2026, 12, 1))
    assert "sent" not in WORK.deferred().to_message()
    again = parse_reconcile_cluster(WORK.deferred(sent=window).to_message())
    assert again.sent == window
    assert again.deferred().sent == window
    with pytest.raises(InvalidMessage):
        parse_reconcile_cluster(message(sent={"schedule": 3}))


SEEN = SeenCluster(cluster(tags={"a": "b"}), ASKED_AT)


def test_what_was_read_of_a_cluster_travels_with_the_work() -> None:
    """So that an attempt within a minute need not read it again."""
    again = WORK.deferred(SEEN, paced=True)
    assert parse_reconcile_cluster(again.to_message()).seen == SEEN


@pytest.mark.parametrize(
    "odd",
    [{"readAt": "yesterday"}, {"readAt": None}, {"location": 3}, {"nap": "yes"}, {"nap": None}],
)
def test_what_makes_no_sense_of_a_cluster_is_read_anew(odd: dict[str, object]) -> None:
    """What an attempt keeps for the next one saves a call, and refuses no work."""
    assert parse_reconcile_cluster(message(seen={**SEEN.to_json(), **odd})).seen is None


UPDATE: dict[str, object] = {"before": "a", "after": "b", "runId": "202611-x", "back": False}


def test_what_a_plan_lets_be_changed_travels_with_the_work() -> None:
    """By the hashes of what is there and of what is wanted, and the run that may do so."""
    assert parse_reconcile_cluster(message(update=None)).update is None
    found = parse_reconcile_cluster(message(update=UPDATE))
    assert found.update == Planned("a", "b", run_id="202611-x")
    assert parse_reconcile_cluster(found.to_message()) == found


@given(
    st.builds(
        ReconcileCluster,
        st.just(CLUSTER_ID),
        st.sampled_from(Cause),
        instants,
        st.integers(1, 1000),
        st.none() | st.text(min_size=1, max_size=50),
        st.none() | instants,
        st.none() | instants,
    )
)
@settings(max_examples=100, deadline=None)
def test_a_message_reads_back(work: ReconcileCluster) -> None:
    """What was put on the queue is what comes off it."""
    assert parse_reconcile_cluster(work.to_message()) == work


def test_a_message_may_leave_out_what_is_not_known_yet() -> None:
    """The event, its time, and when the queue took the first message in, can be absent."""
    found = parse_reconcile_cluster(message(eventId=None, since=None, eventAt=None))
    assert found == replace(WORK, event_id=None, since=None, event_at=None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"clusterId": "/subscriptions/x"}, "work.clusterId"),
        ({"clusterId": 1}, "work.clusterId"),
        ({"clusterId": None}, "work.clusterId"),
        ({"cause": "Whim"}, "work.cause"),
        ({"cause": []}, "work.cause"),
        ({"askedAt": "2026-11-22T07:08:09"}, "work.askedAt"),
        ({"askedAt": "0001-01-01T00:00:00+14:00"}, "work.askedAt"),
        ({"askedAt": "today"}, "work.askedAt"),
        ({"attempt": 0}, "work.attempt"),
        ({"attempt": True}, "work.attempt"),
        ({"attempt": "2"}, "work.attempt"),
        ({"eventId": 3}, "work.eventId"),
        ({"since": "yesterday"}, "work.since"),
        ({"force": True}, "work.force"),
        ({"update": []}, "work.update"),
        ({"update": {**UPDATE, "before": None}}, "work.update.before"),
        ({"update": {**UPDATE, "after": 3}}, "work.update.after"),
        ({"update": {**UPDATE, "runId": ""}}, "work.update.runId"),
        ({"update": {**UPDATE, "back": 1}}, "work.update.back"),
        ({"update": {**UPDATE, "force": True}}, "work.update.force"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], field: str) -> None:
    """A message that naptime would not write is refused, with the field named."""
    with pytest.raises(InvalidMessage) as caught:
        parse_reconcile_cluster(message(**changes))
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"v":1}',
        '{"v":1,"work":[]}',
        WORK.to_message().replace('"v":1', '"v":2'),
        WORK.to_message().replace('"v":1', '"v":1,"id":"x"'),
        '{"v":1,"work":"' + "x" * 65_536 + '"}',
    ],
    ids=lambda text: text[:16],
)
def test_a_wrong_envelope_is_refused(text: str) -> None:
    """Another version, another shape or too much text is not work."""
    with pytest.raises(InvalidMessage):
        parse_reconcile_cluster(text)


@given(st.text())
@settings(max_examples=50, deadline=None)
def test_no_text_makes_another_error(text: str) -> None:
    """Any text is work or an invalid message."""
    with pytest.raises(InvalidMessage):
        parse_reconcile_cluster(text)


def test_deferred_work_counts_its_attempts_and_keeps_its_start() -> None:
    """The next attempt is counted; when it was first asked for does not change."""
    assert WORK.deferred() == replace(WORK, attempt=3)


@pytest.mark.parametrize(
    ("attempt", "retry_after", "slow", "jitter", "seconds"),
    [
        (1, None, False, 0.0, 30),
        (2, None, False, 0.0, 30),
        (2, None, False, 1.0, 37.5),
        (3, None, False, 0.0, 60),
        (7, None, False, 0.0, 960),
        (8, None, False, 0.0, 1800),
        (8, None, False, 1.0, 1800),
        (9999, None, False, 0.5, 1800),
        (2, None, True, 0.0, 300),
        (3, None, True, 0.0, 600),
        (5, None, True, 0.0, 1800),
        (2, 10, False, 0.0, 30),
        (2, 45, False, 0.0, 45),
        (9, 7200, False, 0.0, 7200),
        (2, 10**6, False, 0.0, 21600),
    ],
)
def test_delays_grow_within_bounds(
    attempt: int,
    retry_after: int | None,
    slow: bool,  # noqa: FBT001 - a column of the table
    jitter: float,
    seconds: float,
) -> None:
    """30 s doubling to 30 minutes, or from 5 minutes; what Azure asks for is the lower bound."""
    asked = None if retry_after is None else timedelta(seconds=retry_after)
    assert delay_before(attempt, asked, slow=slow, jitter=jitter) == seconds * SECOND


def test_patience_lasts_a_day() -> None:
    """Work is spent 24 hours after it was first asked for, whatever its attempts."""
    assert not is_spent(WORK, Reason.THROTTLED, ASKED_AT + PATIENCE - SECOND)
    assert is_spent(WORK, Reason.THROTTLED, ASKED_AT + PATIENCE)


def test_patience_with_a_replica_that_lags_is_short() -> None:
    """A 404 on the write of a cluster that was just read is tried for ten minutes."""
    reason = Reason.WRITE_TARGET_GONE
    assert not is_spent(WORK, reason, ASKED_AT + REPLICATION - SECOND)
    assert is_spent(WORK, reason, ASKED_AT + REPLICATION)


@pytest.mark.parametrize(
    ("cause", "event_at", "exists_at"),
    [
        (Cause.CLUSTER_WRITTEN, None, ASKED_AT),
        (Cause.CLUSTER_WRITTEN, ASKED_AT - 5 * SECOND, ASKED_AT - 5 * SECOND),
        (Cause.CLUSTER_WRITTEN, ASKED_AT + PATIENCE, ASKED_AT),
        (Cause.SCHEDULE_DELETED, None, ASKED_AT),
        (Cause.SWEPT, None, ASKED_AT),
        (Cause.ASKED, ASKED_AT, None),
        (Cause.REPLAYED, None, None),
    ],
)
def test_events_and_listings_say_that_a_cluster_exists(
    cause: Cause, event_at: datetime | None, exists_at: datetime | None
) -> None:
    """Work behind which is an event or a listing says when the cluster was; a person does not."""
    assert replace(WORK, cause=cause, event_at=event_at).exists_at == exists_at


def test_instants_are_written_in_utc_with_z() -> None:
    """An instant of another zone is written in UTC, and one of no zone not at all."""
    assert to_text(datetime.fromisoformat("2026-11-22T09:08:09+02:00")) == "2026-11-22T07:08:09Z"
    assert from_text("2026-11-22T07:08:09Z") == ASKED_AT
    with pytest.raises(ValueError, match="time zone"):
        to_text((ASKED_AT + MINUTE).replace(tzinfo=None))
