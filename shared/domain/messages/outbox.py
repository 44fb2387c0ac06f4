"""Events on their way to the topic, as they travel through their queue."""

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import replace
from datetime import datetime

from msgspec import Struct

from shared.domain.messages.envelope import seal, unseal
from shared.domain.messages.work import PATIENCE
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.domain.vocabulary.fields import (
    BrokenRule,
    Fields,
    an_instant,
    an_object,
    items,
    text,
    text_in,
    whole_number,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidMessage, InvalidResourceId

EVENTS_QUEUE = "naptime-events"

MOST_BYTES = 28_000
"""What the events of one message may come to: the queue takes more, but a text of a table not much,
and what is given up is kept there whole, to be replayed."""

PAGE = "/api/clusters/{0.subscription_id}/{0.resource_group}/{0.name}"
"""Where a cluster can be looked at, under the app's own address."""

_MOST_ATTEMPTS = 1_000_000


class PublishEvents(Struct, frozen=True):
    """The command to publish some events; `asked_at` (UTC) stays the same over all attempts."""

    events: tuple[CloudEvent, ...]
    asked_at: datetime
    attempt: int = 1

    def again(self) -> "PublishEvents":
        """Give the same work for its next attempt."""
        return replace(self, attempt=self.attempt + 1)

    def one_by_one(self) -> "list[PublishEvents]":
        """Give the same work in parts of one event each, so that one bad event costs no other."""
        return [replace(self, events=(event,)) for event in self.events]

    def anew(self, now: datetime) -> "PublishEvents":
        """Give the same work as if it were asked for now."""
        return replace(self, asked_at=now, attempt=1)

    def is_spent(self, now: datetime) -> bool:
        """Say whether the patience for this work has run out; then it is given up on."""
        return now - self.asked_at >= PATIENCE

    def to_message(self) -> str:
        return seal(
            {
                "events": [_body(event) for event in self.events],
                "askedAt": instants.to_text(self.asked_at),
                "attempt": self.attempt,
            }
        )


def packed(events: Iterable[CloudEvent], now: datetime) -> Iterator[PublishEvents]:
    """Put events into as few messages as take them, each of them whole or shortened."""
    part, size = list[CloudEvent](), 0
    for event in map(shortened, events):
        length = _length(event)
        if part and size + length > MOST_BYTES:
            yield PublishEvents(tuple(part), now)
            part, size = [], 0
        part.append(event)
        size += length
    if part:
        yield PublishEvents(tuple(part), now)


def shortened(event: CloudEvent) -> CloudEvent:
    """Give an event that fits into a message: without its window, if need be, and with a link.

    Should that not be enough, whatever else is longest is left out as well.
    """
    if _length(event) <= MOST_BYTES:
        return event
    data = {**event.data, "window": None, "link": _page(event.data)}
    while _length(shorter := replace(event, data=data)) > MOST_BYTES:
        longest = max(data, key=lambda name: len(json.dumps(data[name])))
        data[longest] = None
    return shorter


def _page(data: Mapping[str, object]) -> str | None:
    try:
        return PAGE.format(ClusterId.parse(text_in(data, "clusterId") or ""))
    except InvalidResourceId:
        return None


def _length(event: CloudEvent) -> int:
    return len(json.dumps(_body(event)))


def parse_publish_events(message: str) -> PublishEvents:
    """Read what `to_message` wrote; raises InvalidMessage, with every problem, and nothing else."""
    work = unseal(message)
    work.refuse_unknown(("events", "askedAt", "attempt"))
    listed = work.required("events", items) or ()
    events = [_event(work.item(f"events[{number}]", item)) for number, item in enumerate(listed)]
    asked_at = work.required("askedAt", an_instant)
    attempt = work.required("attempt", whole_number(1, _MOST_ATTEMPTS))
    if not events:
        work.refuse("events", None, "must have an event")
    if work.problems or asked_at is None or attempt is None:
        raise InvalidMessage(work.problems)
    return PublishEvents(tuple(event for event in events if event), asked_at, attempt)


def _event(body: Fields | None) -> CloudEvent | None:
    if body is None:
        return None
    body.refuse_unknown(("type", "id", "subject", "time", "data"))
    kind = body.required("type", _own_type)
    identity, subject = (body.required(name, text) for name in ("id", "subject"))
    time, data = body.required("time", an_instant), body.required("data", an_object)
    if not (kind and identity and subject) or time is None or data is None:
        return None
    return CloudEvent(kind, identity, subject, time, data)


def _own_type(value: object) -> EventType:
    try:
        return EventType(text(value))
    except ValueError as error:
        raise BrokenRule("must be a type of event that naptime publishes") from error


def _body(event: CloudEvent) -> dict[str, object]:
    return {
        "type": event.type,
        "id": event.id,
        "subject": event.subject,
        "time": instants.to_text(event.time),
        "data": dict(event.data),
    }
