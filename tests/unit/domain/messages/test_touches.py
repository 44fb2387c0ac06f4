"""Others who keep removing a schedule: counted, and said in one sentence."""

from datetime import timedelta

import pytest

from shared.domain.messages.callers import CallerKind, EventCaller
from shared.domain.messages.touches import Touch, Touches, TouchKind
from shared.domain.vocabulary.reasons import Reason
from tests.unit.domain.examples import at

NOW = at("2026-11-22 12:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PIPELINE = EventCaller("11111111-2222-3333-4444-555555555555", CallerKind.APPLICATION)
PERSON = EventCaller("99999999-2222-3333-4444-555555555555", CallerKind.OBJECT)


def touches(
    *ages: timedelta, by: tuple[EventCaller | None, ...], what: TouchKind = TouchKind.REMOVED
) -> Touches:
    """Make touches of so long ago, by these in turn."""
    return Touches.heard(
        Touch(NOW - age, what, by[number % len(by)]) for number, age in enumerate(ages)
    )


@pytest.mark.parametrize(
    ("ages", "span"),
    [
        ((timedelta(), timedelta(), timedelta()), "a minute"),
        ((timedelta(), MINUTE / 2, MINUTE), "a minute"),
        ((timedelta(), MINUTE, 90 * timedelta(seconds=1)), "2 minutes"),
        ((timedelta(), MINUTE, HOUR), "60 minutes"),
        ((timedelta(), HOUR, 3 * HOUR + MINUTE), "4 hours"),
        ((timedelta(), HOUR, DAY), "24 hours"),
        ((timedelta(), DAY, 2 * DAY + HOUR), "3 days"),
    ],
)
def test_over_what_time_is_said_in_a_unit_that_fits(ages: tuple[timedelta, ...], span: str) -> None:
    """In the largest unit of which there are two, rounded up."""
    found = touches(*ages, by=(PIPELINE,)).finding(NOW)
    assert found
    assert found.reason is Reason.KEEPS_BEING_REMOVED
    assert f"was removed 3 times in {span}, always by {PIPELINE}" in found.message


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ((PIPELINE,), f"always by {PIPELINE}"),
        ((PIPELINE, PIPELINE, PERSON), f"most often by {PIPELINE} (2 times)"),
        ((PIPELINE, None, None), "most often by somebody whom the events do not name"),
        ((None,), "most often by somebody whom the events do not name"),
    ],
)
def test_by_whom_is_said_as_far_as_it_is_known(
    by: tuple[EventCaller | None, ...], said: str
) -> None:
    """Always, where each event names the same; most often, where another or none is named."""
    found = touches(timedelta(), HOUR, DAY, by=by).finding(NOW)
    assert found
    assert f", {said}; if that is Terraform" in found.message


@pytest.mark.parametrize(
    ("ages", "what"),
    [
        ((timedelta(), HOUR), TouchKind.REMOVED),
        ((timedelta(), HOUR, 30 * DAY + HOUR), TouchKind.REMOVED),
        ((timedelta(), HOUR, DAY), TouchKind.CHANGED),
    ],
    ids=["two", "one of them over thirty days ago", "changes"],
)
def test_what_is_no_tug_of_war(ages: tuple[timedelta, ...], what: TouchKind) -> None:
    """Two removals within thirty days are a mishap, and a change removes nothing."""
    assert touches(*ages, by=(PIPELINE,), what=what).finding(NOW) is None
