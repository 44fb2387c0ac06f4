"""Every dial of the one retry layer."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.clients.retry import QuickRetry
from shared.domain.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    Rejected,
    Throttled,
)
from tests.fakes.clock import FakeClock


def failing(*errors: Exception) -> Iterator[Exception]:
    """Give errors in order."""
    return iter(errors)


async def run(clock: FakeClock, jitter: float, *errors: Exception) -> str:
    """Retry an attempt that fails with each error in turn, then succeeds."""
    left = failing(*errors)

    async def attempt() -> str:
        for error in left:
            raise error
        return "done"

    return await QuickRetry(clock, lambda: jitter)(attempt)


@pytest.mark.parametrize(
    ("jitter", "waits"), [(0.0, [0.5, 1, 2, 4]), (1.0, [1, 2, 4, 8]), (0.5, [0.75, 1.5, 3, 6])]
)
async def test_waits_double_with_jitter(jitter: float, waits: list[float]) -> None:
    """Waits double from one second, each drawn between half of that and all of it."""
    clock = FakeClock()
    assert await run(clock, jitter, *[AzureUnavailable("x")] * 4) == "done"
    assert clock.slept == waits


async def test_the_fifth_failure_is_raised() -> None:
    """The fifth failure comes out, as it was."""
    last = AzureUnavailable("the fifth")
    with pytest.raises(AzureUnavailable) as raised:
        await run(FakeClock(), 0.5, *[AzureUnavailable("x")] * 4, last)
    assert raised.value is last


@pytest.mark.parametrize("error", [Rejected("x"), AccessDenied("x"), ValueError("a bug")])
async def test_not_everything_is_tried_again(error: Exception) -> None:
    """What cannot succeed at once, and a bug, comes out at the first attempt."""
    clock = FakeClock()
    with pytest.raises(type(error)):
        await run(clock, 0.5, error)
    assert clock.slept == []


async def test_retry_after_is_a_lower_bound() -> None:
    """Retry-After lengthens a wait and never shortens one."""
    clock = FakeClock()
    long, short = (Throttled("x", retry_after=timedelta(seconds=s)) for s in (20, 0))
    await run(clock, 1.0, long, short)
    assert clock.slept == [20, 2]


async def test_patience_is_a_minute() -> None:
    """A wait that would end after a minute is not begun."""
    clock = FakeClock()
    with pytest.raises(Throttled):
        await run(clock, 1.0, *[Throttled("x", retry_after=timedelta(seconds=25))] * 4)
    assert clock.slept == [25, 25]


async def test_time_in_the_attempt_counts() -> None:
    """What the attempts themselves take is taken from the patience."""
    clock = FakeClock()

    async def slow() -> None:
        clock.advance(timedelta(seconds=35))
        raise AzureUnavailable("x")

    with pytest.raises(AzureError):
        await QuickRetry(clock, lambda: 0.5)(slow)
    assert clock.slept == [0.75]
