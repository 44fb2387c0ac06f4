"""What Event Grid owes its subscribers: each event to each subscription, retried and given up on.

The timetable is MicrosoftDocs "Event Grid message delivery and retry". No clock, no network.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from local.azure.event_grid.subscriptions import EventSubscription
from local.azure.json_values import JsonObject, iso

RETRY_DELAYS = tuple(
    timedelta(seconds=each) for each in (10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200)
)
TIME_TO_LIVE = timedelta(hours=24)
MOST_ATTEMPTS = 30
# Not retried for webhooks; every other status outside 200 to 204 is.
_NEVER_RETRIED = frozenset({400, 401, 403, 413})
_DELIVERED = range(200, 205)
_EVENTS_KEPT = 5000
_APART = timedelta(milliseconds=50)


class Progress(StrEnum):
    """How far a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead-lettered"


@dataclass(slots=True)
class Delivery:
    """One event on its way to one subscription; times on the simulator's clock."""

    event: JsonObject
    subscription: EventSubscription
    published: datetime
    due: datetime
    progress: Progress = Progress.PENDING
    attempts: list[tuple[datetime, str]] = field(default_factory=list)
    running: bool = False
    dead_reason: str = ""

    def record(self, now: datetime, status: int | None, error: str, scale: float) -> None:
        """Note the outcome of an attempt (no status: no answer), and when the next one is due."""
        self.running = False
        self.attempts.append((now, str(status) if status is not None else error))
        if status is not None and status in _DELIVERED:
            self.progress = Progress.DELIVERED
            return
        delay = RETRY_DELAYS[min(len(self.attempts), len(RETRY_DELAYS)) - 1]
        self.due = now + delay * scale
        self.dead_reason = self._why_dead(status, scale)
        if self.dead_reason:
            self.progress = Progress.DEAD

    def _why_dead(self, status: int | None, scale: float) -> str:
        # Of the reasons only the second is documented.
        if status in _NEVER_RETRIED:
            return "Undeliverable"
        if len(self.attempts) >= MOST_ATTEMPTS:
            return "MaxDeliveryAttemptsExceeded"
        return "TimeToLiveExceeded" if self.due - self.published > TIME_TO_LIVE * scale else ""

    def to_json(self) -> JsonObject:
        """Show how the delivery went."""
        return {
            "subscription": self.subscription.name,
            "state": self.progress.value,
            "attempts": [{"time": iso(time), "outcome": text} for time, text in self.attempts],
            "nextAttempt": iso(self.due) if self.progress is Progress.PENDING else None,
            **({"deadLetterReason": self.dead_reason} if self.dead_reason else {}),
        }


@dataclass(slots=True)
class Published:
    """An event and its deliveries; `topic` names the custom topic it was published to, if any."""

    event: JsonObject
    deliveries: list[Delivery]
    topic: str = ""

    def to_json(self) -> JsonObject:
        """Show the event and its deliveries."""
        deliveries = [each.to_json() for each in self.deliveries]
        return {"topic": self.topic, "event": self.event, "deliveries": deliveries}


class Outbox:
    """The last 5,000 events and what is still owed of them."""

    def __init__(self, subscriptions: list[EventSubscription], scale: float = 1.0) -> None:
        self.subscriptions = subscriptions
        self.scale = scale
        self.published: deque[Published] = deque(maxlen=_EVENTS_KEPT)
        self._pending: list[Delivery] = []
        self.group_size = 0
        self._group: list[Delivery] = []

    def reverse_in_groups(self, size: int, now: datetime) -> None:
        """Hold deliveries back until there are so many, then send the last one first; 0: don't."""
        self.group_size = size
        self._release(now)

    def publish(self, event: JsonObject, now: datetime, copies: int = 1, topic: str = "") -> None:
        """Owe an event to every subscription of its topic whose filter lets it through.

        Without a topic it is one of Azure's own, about a resource.
        """
        deliveries = [
            Delivery(event, subscription, now, now)
            for subscription in self.subscriptions
            if subscription.is_of_topic is bool(topic) and subscription.wants(event)
            for _ in range(copies)
        ]
        self.published.append(Published(event, deliveries, topic))
        self._group.extend(deliveries)
        if len(self._group) >= self.group_size:
            self._release(now)

    def _release(self, now: datetime) -> None:
        group = self._group[::-1] if self.group_size else self._group
        # A moment apart, so that the last one is not only first in the list but also on the wire.
        for place, delivery in enumerate(group):
            delivery.due = now + _APART * place if self.group_size else now
        self._pending.extend(group)
        self._group = []

    def due(self, now: datetime) -> list[Delivery]:
        """Give the deliveries to attempt now; each is given once until its outcome is noted."""
        due = [each for each in self._waiting() if each.due <= now]
        for each in due:
            each.running = True
        return due

    def next_due(self) -> datetime | None:
        """Say when the next attempt is due."""
        return min((each.due for each in self._waiting()), default=None)

    def hurry(self, now: datetime) -> int:
        """Make every waiting delivery due now; say how many."""
        waiting = list(self._waiting())
        for each in waiting:
            each.due = min(each.due, now)
        return len(waiting)

    def clear(self) -> None:
        """Forget every event."""
        self.published.clear()
        self._pending.clear()
        self._group.clear()

    @property
    def is_idle(self) -> bool:
        """Whether every event has reached its end."""
        return not any(each.progress is Progress.PENDING for each in self._pending)

    def _waiting(self) -> Iterator[Delivery]:
        self._pending = [each for each in self._pending if each.progress is Progress.PENDING]
        return (each for each in self._pending if not each.running and each.subscription.ready)
