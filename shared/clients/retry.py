"""The one retry layer for calls to ARM; the SDK's own is off.

Two layers multiply: tenacity's five attempts around azure-core's four would be twenty calls.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import tenacity
from msgspec import Struct

from shared.domain.errors import AzureError
from shared.ports.azure import Clock


class QuickRetry(Struct, frozen=True):
    """Tries again at once what may succeed at once, within one message.

    Waits grow from `first_wait` by doubling, up to `longest_wait`, each drawn between half of that
    and all of it; Retry-After is the lower bound. Where the next wait would end after `patience`,
    there is none: the work goes back on its queue. The last real error is raised again.
    """

    clock: Clock
    jitter: Callable[[], float]
    attempts: int = 5
    patience: timedelta = timedelta(seconds=60)
    first_wait: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(seconds=20)

    async def __call__[T](self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Run the attempt until it succeeds, cannot succeed, or the patience is at its end."""
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_is_quick),
            wait=self._wait,
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(self.attempts),
                OutOfPatience(self.clock, self.clock.now() + self.patience),
            ),
            sleep=self.clock.sleep,
            reraise=True,
        )
        return await retrying(attempt)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        backoff = min(self.first_wait * 2 ** (state.attempt_number - 1), self.longest_wait)
        drawn: timedelta = backoff * (1 + self.jitter()) / 2
        return max(drawn, _retry_after(state)).total_seconds()


class OutOfPatience(tenacity.stop.stop_base):
    """Stops where the next attempt would begin after the deadline.

    tenacity's own stop_before_delay reads the monotonic clock, which no test can inject.
    """

    def __init__(self, clock: Clock, deadline: datetime) -> None:
        """Take the clock that the deadline is of."""
        self._clock = clock
        self._deadline = deadline

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        wait = timedelta(seconds=retry_state.upcoming_sleep)
        return self._clock.now() + wait > self._deadline


def _is_quick(error: BaseException) -> bool:
    return isinstance(error, AzureError) and error.quick


def _retry_after(state: tenacity.RetryCallState) -> timedelta:
    error = state.outcome.exception() if state.outcome else None
    after = error.retry_after if isinstance(error, AzureError) else None
    return after or timedelta(0)
