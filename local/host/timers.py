"""Timer triggers, fired as Azure's host fires them.

The rules follow Azure/azure-webjobs-sdk-extensions: TimerListener.cs, ScheduleMonitor.cs.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from local.host.clock import Clock
from local.host.functions import RetryPolicy
from local.host.invocations import Invoker
from local.host.ncrontab import Schedule
from local.host.pausing import Pausing
from local.host.payloads import TimerStatus, timer_payload
from local.host.protos import RetryContext, RpcException
from local.host.timer_status import TimerStatuses

logger = logging.getLogger("host")

TIMER_TRIGGER: Final = "timerTrigger"
ONE_MINUTE: Final = timedelta(minutes=1)
# Sleeping for days at once would not notice that the machine's clock was set.
LONGEST_SLEEP: Final = timedelta(minutes=5)
NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer function: what fires it, and how."""

    function: str
    schedule: Schedule
    run_on_startup: bool
    use_monitor: bool
    retry: RetryPolicy | None

    def is_monitored(self, now: datetime) -> bool:
        """Tell whether missed times count; never for one that fires more than once a minute."""
        first = self.schedule.next_after(now)
        return self.use_monitor and self.schedule.next_after(first) - first >= ONE_MINUTE


class TimerListener:
    """Fires one timer, one call at a time; one that overran its next time fires again at once."""

    def __init__(
        self, timer: Timer, invoker: Invoker, clock: Clock, statuses: TimerStatuses
    ) -> None:
        self._timer = timer
        self._invoker = invoker
        self._clock = clock
        self._statuses = statuses
        self._monitored = timer.is_monitored(clock.now())
        self._pausing = Pausing(clock)

    def stop(self) -> None:
        """Fire no more; `run` ends when a call that runs now has ended."""
        self._pausing.stop()

    async def run(self) -> None:
        """Fire until told to stop."""
        past_due = self._monitored and self._is_past_due()
        due = self._timer.schedule.next_after(self._clock.now())
        if past_due or self._timer.run_on_startup:
            due = await self._fire(past_due=past_due)
        while True:
            await self._wait_until(due)
            if self._pausing.is_stopped:
                return
            due = await self._fire(past_due=False)

    def _is_past_due(self) -> bool:
        """Compare with the status that is kept, and write one at the first start.

        A schedule that has changed since is never past due.
        """
        now, schedule = self._clock.now(), self._timer.schedule
        status = self._statuses.get(self._timer.function)
        if status is None:
            self._statuses.put(
                self._timer.function, TimerStatus(NEVER, schedule.next_after(now), now)
            )
            return False
        since = status.last_updated if status.last == NEVER else status.last
        return status.next == schedule.next_after(since) and status.next <= now

    async def _wait_until(self, due: datetime) -> None:
        logger.debug("'%s' is due at %s", self._timer.function, due.isoformat())
        while (left := due - self._clock.now()) > timedelta() and not self._pausing.is_stopped:
            await self._pausing.pause(min(left, LONGEST_SLEEP).total_seconds())

    async def _fire(self, *, past_due: bool) -> datetime:
        """Call the function; the next time counts from the start of the call."""
        started = self._clock.now()
        status = self._statuses.get(self._timer.function) if self._monitored else None
        await self._call(past_due=past_due, status=status)
        following = self._timer.schedule.next_after(started)
        if self._monitored:
            now = self._clock.now()
            self._statuses.put(self._timer.function, TimerStatus(started, following, now))
        return following

    async def _call(self, *, past_due: bool, status: TimerStatus | None) -> None:
        payload = timer_payload(past_due=past_due, status=status)
        reason = f"Timer fired at {self._clock.now().isoformat()}."
        name, policy = self._timer.function, self._timer.retry
        retries = 0
        result = await self._invoker.call(name, payload, reason)
        while policy and not result.succeeded and policy.allows(retries + 1):
            retries += 1
            await self._pausing.pause(policy.delay(retries).total_seconds())
            if self._pausing.is_stopped:
                return
            attempt = RetryContext(
                retry_count=retries,
                max_retry_count=policy.max_retries,
                exception=RpcException(message=result.exception),
            )
            result = await self._invoker.call(name, payload, f"{reason} Retry {retries}.", attempt)
