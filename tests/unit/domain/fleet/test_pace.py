"""The bucket of tokens: never more calls than the pace allows, and as many as it allows."""

from copy import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.fleet.pace import (
    LONGEST_PAUSE,
    Bucket,
    Draw,
    NotYet,
    Pace,
    beginnings,
    worth_waiting_for,
)

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PACE = Pace(burst=10, rate_per_second=0.5)


def after(seconds: float) -> datetime:
    """Give an instant after the start."""
    return START + timedelta(seconds=seconds)


def drawn(bucket: Bucket, tokens: int, at: datetime) -> tuple[Bucket, Draw]:
    """Draw tokens that must be there."""
    found = bucket.draw(tokens, tokens, at)
    assert isinstance(found, tuple)
    return found


def test_a_new_bucket_is_full() -> None:
    """A shard that nothing was drawn from has its whole burst, and no more."""
    bucket, draw = drawn(Bucket.full(PACE, START), 10, START)
    assert (draw.tokens, draw.left, bucket.tokens) == (10, 0, 0)
    assert bucket.draw(1, 1, START) == NotYet(timedelta(seconds=2))


@pytest.mark.parametrize(
    ("least", "most", "seconds", "tokens"),
    [(2, 8, 4, 2), (2, 8, 10, 5), (1, 3, 10, 3), (2, 50, 100, 10)],
)
def test_as_many_as_there_are(least: int, most: int, seconds: int, tokens: int) -> None:
    """A draw takes what has come back, up to what it wants, and never more than the burst."""
    empty = replace(Bucket.full(PACE, START), tokens=0.0)
    found = empty.draw(least, most, after(seconds))
    assert isinstance(found, tuple)
    assert found[1].tokens == tokens


def test_a_draw_has_what_it_needs_at_least() -> None:
    """Where rounding has left almost enough, it waits a second: fewer would begin no write."""
    almost = replace(Bucket.full(PACE, START), tokens=2 - 1e-9)
    assert almost.draw(2, 10, START) == NotYet(SECOND)
    assert drawn(almost, 2, after(1))[1].tokens == 2


@pytest.mark.parametrize(("wanted", "wait"), [(1, 2), (2, 4), (10, 20), (11, 20)])
def test_the_wait_is_long_enough(wanted: int, wait: int) -> None:
    """After the wait that a refusal names the tokens are there; a burst is as long as it gets."""
    empty = replace(Bucket.full(PACE, START), tokens=0.0)
    assert empty.draw(wanted, wanted, START) == NotYet(timedelta(seconds=wait))
    assert isinstance(empty.draw(min(wanted, 10), wanted, after(wait)), tuple)


def test_whole_seconds_lose_nothing() -> None:
    """A thousand refills of a second each bring as much as one of a thousand seconds."""
    many = replace(Bucket.full(Pace(10_000, 0.9), START), tokens=0.0)
    for second in range(1, 1001):
        many = many.refilled(after(second))
    assert many.tokens == pytest.approx(900)


def test_a_clock_that_steps_back_brings_nothing() -> None:
    """Where one answer of the storage service is dated before another, nothing comes back twice."""
    bucket, _ = drawn(Bucket.full(PACE, START), 10, after(10))
    assert bucket.refilled(after(5)) == bucket
    assert bucket.refilled(after(5)).refilled(after(12)).tokens == 1


def test_a_pause_holds_everything_back() -> None:
    """After a 429 nothing is drawn until Retry-After and the second it began in are over."""
    bucket = Bucket.full(PACE, START).paused(timedelta(seconds=20), START)
    assert bucket.draw(1, 1, after(20)) == NotYet(SECOND)
    found = bucket.draw(1, 10, after(21))
    assert isinstance(found, tuple)
    assert found[1].tokens == 10


def test_a_later_pause_does_not_shorten_an_earlier() -> None:
    """Of two pauses the one that ends later counts."""
    bucket = Bucket.full(PACE, START).paused(timedelta(minutes=5), START)
    again = bucket.paused(SECOND, after(1))
    assert again.paused_until == bucket.paused_until


def test_a_pause_is_bounded() -> None:
    """A Retry-After of days pauses for half an hour at most; one without it for ten seconds."""
    asleep = Bucket.full(PACE, START).paused(timedelta(days=3), START)
    assert asleep.paused_until == START + LONGEST_PAUSE + SECOND
    assert Bucket.full(PACE, START).paused(None, START).paused_until == after(11)


def test_what_is_given_back_can_be_drawn_again() -> None:
    """Unused tokens of a bucket that was not full meanwhile are all there again."""
    bucket, draw = drawn(Bucket.full(PACE, START), 10, START)
    assert bucket.give_back(draw, 6, after(4)).tokens == 8


def test_what_a_full_bucket_would_have_lost_is_not_given_back() -> None:
    """Tokens that came back only because others were taken are not there on top of those."""
    bucket, draw = drawn(Bucket.full(PACE, START), 4, START)
    bucket, _ = drawn(bucket, 10, after(8))
    assert bucket.tokens == 0
    assert bucket.give_back(draw, 4, after(8)).tokens == 0


def test_nothing_is_given_back_after_a_pause() -> None:
    """Azure's own bucket was empty when it answered 429."""
    bucket, draw = drawn(Bucket.full(PACE, START), 10, START)
    assert bucket.paused(SECOND, START).give_back(draw, 10, after(1)).tokens == 0.5


@pytest.mark.parametrize(
    ("pace", "calls", "tokens"),
    [
        (Pace(), 1000, 22),
        (Pace(), 6, 6),
        (Pace(), 1, 2),
        (Pace(50, 18), 1000, 25),
        (Pace(2, 0.01), 1000, 2),
    ],
)
def test_what_is_worth_a_baton(pace: Pace, calls: int, tokens: int) -> None:
    """What 25 seconds bring back, what is needed, or half a burst; two at least."""
    assert worth_waiting_for(pace, calls, timedelta(seconds=25)) == tokens


@given(st.lists(st.integers(1, 3000), max_size=15))
def test_the_bursts_of_a_subscriptions_shards_fit_into_its_own_limit(wanted: list[int]) -> None:
    """Fifteen shards, large or small: no more than 250 calls at once and 25 a second in all."""
    pace = Pace()
    begun = list(zip(beginnings(pace, wanted), wanted, strict=True))
    for first, _ in begun:
        for last, _ in begun:
            calls = sum(
                min(most, pace.burst + pace.refilled_in(last - start))
                for start, most in begun
                if first <= start <= last
            )
            steady = sum(pace.refilled_in(last - first) for start, _ in begun if start < first)
            assert calls + steady <= 250 + 25 * max(0.0, (last - first) / SECOND)


def test_small_shards_begin_at_once() -> None:
    """Twenty shards of five clusters have room beside each other."""
    assert beginnings(Pace(), [10] * 20) == [timedelta()] * 20


@given(
    tokens=st.floats(0, 10),
    drawn=st.integers(1, 10),
    unused=st.integers(0, 10),
    seconds=st.integers(0, 60),
)
def test_what_is_given_back_at_once_was_never_drawn(
    tokens: float, drawn: int, unused: int, seconds: int
) -> None:
    """As of the draw itself or later: what the bucket holds then is the same."""
    found = replace(Bucket.full(PACE, START), tokens=tokens).draw(1, drawn, START)
    if isinstance(found, NotYet):
        return
    bucket, draw = found
    unused = min(unused, draw.tokens)
    at_once = bucket.give_back(draw, unused, START).refilled(after(seconds))
    later = bucket.give_back(draw, unused, after(seconds))
    assert at_once.tokens == pytest.approx(later.tokens)
    never = replace(bucket, tokens=tokens - draw.tokens + unused)
    assert at_once.tokens == pytest.approx(never.refilled(after(seconds)).tokens)


moves = st.lists(
    st.tuples(
        st.sampled_from(["draw", "some", "back", "pause"]),
        st.integers(1, 12),
        st.integers(0, 12),
        st.sampled_from([0, 0, 1, 1, 2, 5, 30]),
    ),
    max_size=60,
)


@given(moves=moves, rate=st.sampled_from([0.1, 0.5, 0.9, 3.0]))
def test_no_stretch_of_time_has_too_many_calls(
    moves: list[tuple[str, int, int, int]], rate: float
) -> None:
    """Draw, give back and pause in any order: any stretch has at most burst + rate x time calls.

    A token that is given back was no call; every other one counts when it was drawn.
    """
    pace = Pace(10, rate)
    now, bucket = START, Bucket.full(pace, START)
    spent: list[list[object]] = []
    held: list[tuple[int, Draw]] = []
    for move, size, unused, seconds in moves:
        now += timedelta(seconds=seconds)
        if move == "pause":
            bucket = bucket.paused(timedelta(seconds=size), now)
        elif move == "back" and held:
            index, draw = held.pop(size % len(held))
            back = min(unused, draw.tokens)
            bucket = bucket.give_back(draw, back, now)
            spent[index][1] = draw.tokens - back
        else:
            found = bucket.draw(size if move == "draw" else 1, size, now)
            if isinstance(found, tuple):
                bucket, draw = found
                held.append((len(spent), draw))
                spent.append([now, draw.tokens])
        assert 0 <= bucket.tokens <= pace.burst
    # What is still held may yet be spent: it counts whole.
    calls = [(at, tokens) for at, tokens in spent if isinstance(tokens, int)]
    for first, (start, _) in enumerate(calls):
        total = 0
        for end, tokens in calls[first:]:
            total += tokens
            assert isinstance(start, datetime)
            assert isinstance(end, datetime)
            assert total <= pace.burst + pace.refilled_in(end - start) + 1e-6
