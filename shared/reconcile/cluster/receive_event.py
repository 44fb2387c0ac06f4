"""From an event to work on the queue: an event is a hint that names a cluster, no more."""

from functools import partial
from typing import assert_never

from msgspec import Struct

from shared.domain.messages.cluster_events import (
    ClusterWritten,
    ScheduleDeleted,
    ScheduleWritten,
    parse_event,
)
from shared.domain.messages.touches import COUNTED_FOR, Touch, TouchKind, touch_key
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.cloud_event import NotOurs
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.rows import Values
from shared.ports.azure import Clock
from shared.ports.storage import Queue
from shared.reconcile.ground.at_once import at_once
from shared.reconcile.ground.memory import ClusterMemory


class Received(Struct, frozen=True):
    """What became of one event."""

    accepted: bool
    what: str
    cluster_id: ClusterId | None = None


class EventReceiver(Struct, frozen=True):
    """Turns events about clusters that naptime may act on into work."""

    queue: Queue[ReconcileCluster]
    memory: ClusterMemory
    clock: Clock
    subscriptions: frozenset[str]
    own_client_id: str | None

    async def receive(self, text: str) -> Received:
        """Enqueue the cluster that one event names.

        Raises `InvalidEvent` for what is none; an error of the queue comes out as it is, so that
        Event Grid sends the event again.
        """
        event = parse_event(text)
        match event:
            case NotOurs():
                return Received(accepted=False, what=f"not for naptime: {event.event_type}")
            case ScheduleWritten() if self._is_own(event):
                return Received(accepted=False, what="own write", cluster_id=event.cluster_id)
            case ClusterWritten() | ScheduleWritten() | ScheduleDeleted():
                return await self._enqueue(event)
            case _:
                assert_never(event)

    def _touched(
        self, event: ClusterWritten | ScheduleWritten | ScheduleDeleted
    ) -> dict[str, Values]:
        """Give what somebody else did to a schedule, by its key; an event of the future is now.

        What happened before the time that counts is left out: of some such times (those before
        1601) no table takes a row.
        """
        if isinstance(event, ClusterWritten) or event.event_id is None or self._is_own(event):
            return {}
        kind = TouchKind.REMOVED if isinstance(event, ScheduleDeleted) else TouchKind.CHANGED
        now = self.clock.now()
        touch = Touch(min(event.happened_at or now, now), kind, event.caller)
        counts = now - touch.at <= COUNTED_FOR
        return {touch_key(event.event_id): touch.to_values()} if counts else {}

    def _is_own(self, event: ScheduleWritten | ScheduleDeleted) -> bool:
        app_id = event.caller_app_id
        return bool(app_id and self.own_client_id) and app_id == self.own_client_id

    async def _enqueue(self, event: ClusterWritten | ScheduleWritten | ScheduleDeleted) -> Received:
        cluster_id, cause = event.cluster_id, event.cause
        if cluster_id.subscription_id not in self.subscriptions:
            what = "subscription not in NAPTIME_SUBSCRIPTIONS"
            return Received(accepted=False, what=what, cluster_id=cluster_id)
        work = ReconcileCluster(
            cluster_id,
            cause,
            self.clock.now(),
            event_id=event.event_id,
            event_at=event.happened_at,
        )
        # The mark tells a run that what it remembers of the cluster may be out of date.
        await at_once(
            [
                partial(self.memory.note_event, cluster_id, work.asked_at, self._touched(event)),
                partial(self.queue.send, work),
            ]
        )
        return Received(accepted=True, what=cause.value, cluster_id=cluster_id)
