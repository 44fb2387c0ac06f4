"""Timer triggers, by a clock that the tests move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.host.functions import RetryPolicy
from local.host.invocations import Invoker
from local.host.ncrontab import parse_schedule
from local.host.payloads import Payload, TimerStatus
from local.host.protos import RetryContext
from local.host.timer_status import TimerStatuses
from local.host.timers import Timer, TimerListener
from local.host.worker import InvocationResult, Worker
from tests.local.host.manual_clock import ManualClock
from tests.local.host.recorder import recorder

HOURLY = "0 0 * * * *"
UNTOUCHED = {
    "Last": "0001-01-01T00:00:00+00:00",
    "Next": "2026-11-22T09:00:00+00:00",
    "LastUpdated": "2026-11-22T08:00:00+00:00",
}


@asynccontextmanager
async def running(
    worker: Worker, timer: Timer, clock: ManualClock, statuses: TimerStatuses | None = None
) -> AsyncIterator[None]:
    """Run a timer, and have it end by itself when it is told to stop."""
    listener = TimerListener(timer, Invoker(worker), clock, statuses or TimerStatuses())
    recorder.calls.pop(timer.function, None)
    run = asyncio.create_task(listener.run())
    await clock.next_due()
    try:
        yield
    finally:
        listener.stop()
        await asyncio.wait_for(run, 10)


def timer(
    function: str = "tick",
    schedule: str = HOURLY,
    *,
    run_on_startup: bool = False,
    use_monitor: bool = True,
    retry: RetryPolicy | None = None,
) -> Timer:
    return Timer(
        function,
        parse_schedule(schedule),
        run_on_startup=run_on_startup,
        use_monitor=use_monitor,
        retry=retry,
    )


async def test_a_timer_fires_at_each_occurrence(worker: Worker) -> None:
    """Hourly means at every full hour, and not before."""
    clock = ManualClock(datetime(2026, 11, 22, 8, 20, tzinfo=UTC))
    async with running(worker, timer(), clock):
        await clock.move(minutes=39)
        assert len(recorder.of("tick")) == 0
        await clock.move(minutes=1)
        assert len(recorder.of("tick")) == 1
        await clock.move(hours=3)
        assert len(recorder.of("tick")) == 4


async def test_a_timer_that_overran_fires_again_at_once(worker: Worker) -> None:
    """The next time counts from the start of a call: one that overran is made up for, once."""
    clock = ManualClock()
    slow = SlowInvoker(worker, clock, timedelta(hours=2, minutes=30))
    listener = TimerListener(timer(), slow, clock, TimerStatuses())
    run = asyncio.create_task(listener.run())
    await clock.next_due()
    await clock.move(hours=1)
    slow.takes = timedelta()
    await clock.move(hours=3)
    listener.stop()
    await run
    assert [f"{at:%H:%M}" for at in slow.started] == ["09:00", "11:30", "12:00"]


class SlowInvoker(Invoker):
    """An invoker whose calls take so long by the clock."""

    def __init__(self, worker: Worker, clock: ManualClock, takes: timedelta) -> None:
        super().__init__(worker)
        self.started: list[datetime] = []
        self.takes = takes
        self._clock = clock

    async def call(
        self, name: str, payload: Payload, reason: str, retry: RetryContext | None = None
    ) -> InvocationResult:
        """Call the function, and come back later."""
        self.started.append(self._clock.now())
        result = await super().call(name, payload, reason, retry)
        await self._clock.sleep(self.takes.total_seconds())
        return result


async def test_a_time_missed_before_the_first_call_is_made_up_for(
    worker: Worker, tmp_path: Path
) -> None:
    """A host that ended before its first occurrence finds at its next start that it missed it."""
    file = tmp_path / "timers.json"
    clock = ManualClock()
    async with running(worker, timer(), clock, TimerStatuses(file)):
        assert recorder.of("tick") == []
    later = ManualClock(clock.now() + timedelta(hours=2))
    async with running(worker, timer(), later, TimerStatuses(file)):
        assert [call[0] for call in recorder.of("tick") if isinstance(call, tuple)] == [True]


async def test_a_changed_schedule_is_never_past_due(worker: Worker, tmp_path: Path) -> None:
    """What was planned by another schedule is not missed."""
    file = tmp_path / "timers.json"
    clock = ManualClock()
    async with running(worker, timer(), clock, TimerStatuses(file)):
        pass
    later = ManualClock(clock.now() + timedelta(hours=2))
    other = timer(schedule="0 30 * * * *")
    async with running(worker, other, later, TimerStatuses(file)):
        assert recorder.of("tick") == []


async def test_the_function_learns_when_it_ran_last(worker: Worker) -> None:
    """The status of a monitored timer is written at the first start, then has its last time."""
    clock = ManualClock()
    async with running(worker, timer(), clock):
        await clock.move(hours=2)
    first, second = recorder.of("tick")
    assert first == (False, UNTOUCHED)
    assert second == (
        False,
        {
            "Last": "2026-11-22T09:00:00+00:00",
            "Next": "2026-11-22T10:00:00+00:00",
            "LastUpdated": "2026-11-22T09:00:00+00:00",
        },
    )


@pytest.mark.parametrize(("schedule", "monitor"), [("*/30 * * * * *", True), (HOURLY, False)])
async def test_a_timer_may_be_unmonitored(worker: Worker, schedule: str, *, monitor: bool) -> None:
    """One that fires more than once a minute has no status, nor one that does not want it."""
    clock = ManualClock()
    async with running(worker, timer(schedule=schedule, use_monitor=monitor), clock):
        await clock.move(hours=2)
    assert recorder.of("tick")[1] == (False, {})


async def test_a_timer_can_fire_when_the_host_starts(worker: Worker) -> None:
    """With runOnStartup it fires at once, and is not past due."""
    async with running(worker, timer(run_on_startup=True), ManualClock()):
        assert recorder.of("tick") == [(False, UNTOUCHED)]


async def test_a_missed_time_is_made_up_for(worker: Worker, tmp_path: Path) -> None:
    """After a time was missed while no host ran, the timer fires once at once, past due."""
    file = tmp_path / "timers.json"
    hour = timedelta(hours=1)
    clock = ManualClock()
    last = clock.now() - 5 * hour
    TimerStatuses(file).put("tick", TimerStatus(last, last + hour, last))
    async with running(worker, timer(), clock, TimerStatuses(file)):
        assert [call[0] for call in recorder.of("tick") if isinstance(call, tuple)] == [True]
    async with running(worker, timer(), clock, TimerStatuses(file)):
        assert recorder.of("tick") == []


@pytest.mark.parametrize("content", ["", "[]", '{"tick": {}}', '{"tick": {"Last": 1}}', "{"])
def test_a_status_file_that_cannot_be_read_counts_as_empty(tmp_path: Path, content: str) -> None:
    """A broken file is no reason not to start."""
    file = tmp_path / "timers.json"
    file.write_text(content, "utf-8")
    assert TimerStatuses(file).get("tick") is None


async def test_a_failing_timer_is_retried_by_its_policy(worker: Worker) -> None:
    """A fixed delay of 7 s, twice; the function learns which retry it is."""
    clock = ManualClock()
    policy = worker.functions["stubborn"].retry
    assert policy == RetryPolicy(2, timedelta(seconds=7), timedelta(seconds=7))
    async with running(worker, timer("stubborn", retry=policy), clock):
        await clock.move(hours=1)
        assert recorder.of("stubborn") == [(0, False)]
        await clock.move(seconds=6)
        assert len(recorder.of("stubborn")) == 1
        await clock.move(seconds=1)
        assert recorder.of("stubborn")[1:] == [(1, False)]
        await clock.move(minutes=30)
        assert recorder.of("stubborn")[1:] == [(1, False), (2, False)]


async def test_stopping_gives_up_the_retries(worker: Worker) -> None:
    """A host that stops does not wait for the next retry."""
    clock = ManualClock()
    policy = RetryPolicy(-1, timedelta(days=1), timedelta(days=1))
    async with running(worker, timer("stubborn", run_on_startup=True, retry=policy), clock):
        assert len(recorder.of("stubborn")) == 1
    assert len(recorder.of("stubborn")) == 1


def test_an_exponential_delay_doubles_up_to_its_longest() -> None:
    """Each retry waits twice as long, and -1 means for ever."""
    policy = RetryPolicy(-1, timedelta(seconds=2), timedelta(seconds=30))
    delays = [policy.delay(retry).total_seconds() for retry in range(1, 7)]
    assert delays == [2, 4, 8, 16, 30, 30]
    assert policy.allows(10**6)
    assert not RetryPolicy(2, timedelta(), timedelta()).allows(3)
