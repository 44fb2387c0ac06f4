"""How fast the AKS configuration API is called: a bucket of tokens, one token a call.

AKS lets 60 such calls through at once and one a second after that, per subscription and location
(MicrosoftDocs/azure-aks-docs, quotas-skus-regions.md). Times are the storage service's own.
"""

from collections.abc import Iterable
from copy import replace
from datetime import datetime, timedelta
from math import ceil, inf
from typing import Self

from msgspec import Struct

ONE_SECOND = timedelta(seconds=1)
PAUSE_WITHOUT_RETRY_AFTER = timedelta(seconds=10)
BURSTS_AT_ONCE, SHARDS_RATES_AT_ONCE = 4, 12
CALLS_AT_ONCE = 100
"""In one worker: as many as its session has connections (aiohttp's default). More would only wait,
and hold what the SDK has made of each by then, so that memory grew with the shards at work."""

LONGEST_PAUSE = timedelta(minutes=30)
"""No answer may put a shard to sleep for hours."""


class Pace(Struct, frozen=True):
    """What a bucket holds, and what comes back each second."""

    burst: int = 50
    rate_per_second: float = 0.9

    def refill_time(self, tokens: float) -> timedelta:
        """Give how long it takes until that many tokens have come back."""
        return timedelta(seconds=max(0.0, tokens) / self.rate_per_second)

    def refilled_in(self, time: timedelta) -> float:
        """Give how many tokens come back in a time."""
        return max(timedelta(), time) / ONE_SECOND * self.rate_per_second


class Draw(Struct, frozen=True):
    """Tokens that were taken, what was left, and when."""

    tokens: int
    left: float
    at: datetime


class NotYet(Struct, frozen=True):
    """There are not enough tokens, or the bucket is paused; worth asking again after the wait."""

    wait: timedelta


class Bucket(Struct, frozen=True):
    """The tokens of one shard, as of an instant.

    Whatever is drawn, given back and paused in whatever order: the tokens that were spent in any
    stretch of time are at most `burst` and what comes back in that time.
    """

    pace: Pace
    tokens: float
    refilled_at: datetime
    paused_until: datetime | None = None

    @classmethod
    def full(cls, pace: Pace, now: datetime) -> Self:
        """Give the bucket of a shard that nothing has been drawn from."""
        return cls(pace, pace.burst, now)

    def refilled(self, now: datetime) -> "Bucket":
        """Give the bucket as it is now; a clock that steps back changes nothing.

        The very instant that is passed becomes `refilled_at`, so what is cut off an instant of
        whole seconds is not lost, but comes with the next refill.
        """
        come_back = self.pace.refilled_in(now - self.refilled_at)
        tokens = min(self.pace.burst, self.tokens + come_back)
        return replace(self, tokens=tokens, refilled_at=max(now, self.refilled_at))

    def draw(self, least: int, most: int, now: datetime) -> "tuple[Bucket, Draw] | NotYet":
        """Take up to `most` whole tokens, if there are `least`."""
        if wait := self.wait_for(least, now):
            return NotYet(wait)
        bucket = self.refilled(now)
        taken = min(most, int(bucket.tokens))
        left = replace(bucket, tokens=bucket.tokens - taken)
        return left, Draw(taken, left.tokens, left.refilled_at)

    def give_back(self, draw: Draw, unused: int, now: datetime) -> "Bucket":
        """Put unused tokens back, as far as they would be there had they never been taken.

        A bucket that is full refills no further; so what could have come back only because they
        were gone is not put back on top. After a pause nothing is: Azure's own bucket was empty.
        """
        bucket = self.refilled(now)
        if bucket.is_paused(now):
            return bucket
        room = self.pace.burst - draw.left - self.pace.refilled_in(bucket.refilled_at - draw.at)
        tokens = bucket.tokens + max(0.0, min(float(unused), room))
        return replace(bucket, tokens=min(float(self.pace.burst), tokens))

    def paused(self, wait: timedelta | None, now: datetime) -> "Bucket":
        """Draw nothing for as long as a 429 asks for; Azure's bucket is empty, so is this one."""
        bucket = self.refilled(now)
        # Instants are cut to whole seconds: the pause counts from the next one.
        until = now + ONE_SECOND + pause_of(wait)
        latest = max(until, self.paused_until or until)
        return replace(bucket, tokens=0.0, paused_until=latest)

    def resumed(self, pause: datetime | None) -> "Bucket":
        """End the pause until an instant for whoever wrote it, and knows better when it is over."""
        return replace(self, paused_until=None) if pause == self.paused_until else self

    def draw_for_baton(self, most: int, now: datetime) -> "tuple[Bucket, Draw] | NotYet":
        """Draw two at least; a baton without calls to make needs none, and no pause holds it."""
        if most <= 0:
            return self, Draw(0, self.tokens, self.refilled_at)
        return self.draw(2, max(2, most), now)

    def is_paused(self, now: datetime) -> bool:
        """Say whether nothing may be drawn now, whatever there is."""
        return self.paused_until is not None and now < self.paused_until

    def wait_for(self, tokens: int, now: datetime) -> timedelta:
        """Say how long it takes until that many tokens can be drawn, in whole seconds."""
        bucket = self.refilled(now)
        missing = min(tokens, self.pace.burst) - bucket.tokens
        paused = self.paused_until - now if self.paused_until and bucket.is_paused(now) else None
        wait = max(paused or timedelta(), self.pace.refill_time(missing))
        # What refills in less than a microsecond, which a machine's numbers leave, is missing too.
        return max(timedelta(seconds=ceil(wait / ONE_SECOND)), ONE_SECOND * (missing > 0))


def pause_of(asked: timedelta | None) -> timedelta:
    """Say how long a 429 pauses, by the wait that it asks for."""
    return min(asked or PAUSE_WITHOUT_RETRY_AFTER, LONGEST_PAUSE)


def worth_waiting_for(pace: Pace, calls: int, patience: timedelta) -> int:
    """Say how many tokens are worth a baton: what the calls need, or comes back in `patience`.

    At most half of what the bucket holds: one that is full refills no further, and what does not
    come back meanwhile is lost for good. Two at least, a LIST and the PUT after it.
    """
    most = min(pace.refilled_in(patience), pace.burst / 2, calls or inf)
    return max(2, int(most))


def beginnings(pace: Pace, wanted: Iterable[int]) -> list[timedelta]:
    """Say how long each of a subscription's shards waits before it begins, by the calls it wants.

    Resource Manager itself lets 250 reads and 200 writes of a subscription through at once, and 25
    and 10 a second after that (learn.microsoft.com, request-limits-and-throttling). That is room
    for four bursts at once; the others begin as the rest of that rate allows. Fifteen large shards
    stay below it together; what more there are may meet a 429, and pause.
    """
    waits: list[timedelta] = []
    bursts = 0
    for calls in wanted:
        bursts += min(calls, pace.burst)
        beyond = bursts - BURSTS_AT_ONCE * pace.burst
        waits.append(pace.refill_time(beyond) / SHARDS_RATES_AT_ONCE)
    return waits
