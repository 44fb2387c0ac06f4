"""The simulator's own time, which can be set, moved on and stopped."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic


def machine_now() -> datetime:
    """Read this machine's clock, in UTC: simulated time starts there, and tokens live by it."""
    return datetime.now(UTC)  # noqa: TID251 - a world of its own


class Clock:
    """Time as the simulated Azure tells it: UTC, running or standing still."""

    def __init__(
        self,
        start: datetime,
        *,
        frozen: bool = False,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._ticks = ticks
        self._start = start.astimezone(UTC)
        self._started_at = ticks()
        self._frozen = frozen
        self._listeners: list[Callable[[], None]] = []

    @property
    def frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen

    def now(self) -> datetime:
        """Tell the simulated time, in UTC."""
        if self._frozen:
            return self._start
        return self._start + timedelta(seconds=self._ticks() - self._started_at)

    def set(self, now: datetime) -> None:
        """Jump to an instant, forwards or backwards."""
        self._start = now.astimezone(UTC)
        self._started_at = self._ticks()
        for listener in self._listeners:
            listener()

    def advance(self, seconds: float) -> None:
        """Jump by a number of seconds."""
        self.set(self.now() + timedelta(seconds=seconds))

    def freeze(self, *, frozen: bool) -> None:
        """Stop time, or let it run on from where it stands."""
        now = self.now()
        self._frozen = frozen
        self.set(now)

    def seconds_until(self, instant: datetime) -> float | None:
        """Say how long an instant is off, in seconds; None when time stands still before it."""
        left = (instant - self.now()).total_seconds()
        if left <= 0:
            return 0.0
        return None if self._frozen else left

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call the listener whenever time jumps, stops or runs on."""
        self._listeners.append(listener)
