"""The outbox: what is to be told goes on a queue of its own, and never holds up the work.

The other end of the outbox: events from their queue to the topic, again and again for a day.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from shared.domain.deciding.outcome import Outcome, attention_in
from shared.domain.errors import AzureError, Rejected
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.outbox import PublishEvents, packed, parse_publish_events
from shared.domain.messages.told import Occasion, events_of, failure_of
from shared.domain.messages.work import SLOW, delay_before
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.ports.azure import Clock, Topic
from shared.ports.storage import Queue
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import ClusterMemory
from shared.telemetry.lines import EVENTS_DROPPED, EVENTS_GIVEN_UP, EVENTS_LOST


class EventTeller(Struct, frozen=True):
    """Puts events on their queue; where there is no topic, and so no queue, does nothing."""

    queue: Queue[PublishEvents] | None
    clock: Clock

    @property
    def is_on(self) -> bool:
        """Say whether anybody is told anything."""
        return self.queue is not None

    async def put(self, events: Sequence[CloudEvent]) -> None:
        """Enqueue events, as few messages as possible; an error of the queue comes out."""
        if self.queue:
            for work in packed(events, self.clock.now()):
                await self.queue.send(work)

    async def tell(self, events: Sequence[CloudEvent]) -> None:
        """Enqueue events; the error of a message is logged, goes no further and costs no other."""
        if self.queue is None:
            return
        for work in packed(events, self.clock.now()):
            try:
                await self.queue.send(work)
            except Exception as error:  # noqa: BLE001 - whatever is wrong, what it tells of goes on
                EVENTS_LOST.log(error, events=len(work.events), why=type(error).__name__)


class OutcomeTeller(Struct, frozen=True):
    """Tells what came of single clusters; call it before the outcome is remembered."""

    teller: EventTeller
    memory: ClusterMemory

    async def tell(self, outcome: Outcome, occasion: Occasion) -> None:
        """Tell of what was written, and of findings that were not told of the cluster before."""
        if not self.teller.is_on or outcome.dry_run:
            return
        # What was told is looked up only where there is something to tell.
        told = await self.memory.told(outcome.cluster_id) if attention_in(outcome) else ()
        await self.teller.tell(events_of(outcome, occasion, told, self.teller.clock.now()))

    async def tell_given_up(
        self,
        outcome: Outcome,
        occasion: Occasion,
        failed: EventType = EventType.SCHEDULE_FAILED,
    ) -> None:
        """Tell that one of a cluster's schedules was given up on."""
        await self.teller.tell(failure_of(outcome, occasion, self.teller.clock.now(), failed))


class EventPublisher(Struct, frozen=True):
    """Publishes the events of one message; what cannot be published comes back later."""

    topic: Topic | None
    queue: Queue[PublishEvents]
    given_up: GivenUpRecords
    clock: Clock
    jitter: Callable[[], float]

    async def publish(self, text: str) -> None:
        """Publish; raises InvalidMessage for what naptime did not write."""
        work = parse_publish_events(text)
        if self.topic is None:
            why = "NAPTIME_TOPIC_ENDPOINT is not set (any more)"
            EVENTS_DROPPED.log(events=len(work.events), why=why)
            return
        try:
            await self.topic.publish(work.events)
        except AzureError as error:
            await self._later(work, error)

    async def _later(self, work: PublishEvents, error: AzureError) -> None:
        """Send the work again: in parts, where the topic takes it not as it is."""
        if isinstance(error, Rejected) and len(work.events) > 1:
            for part in work.one_by_one():
                await self.queue.send(part)
        elif isinstance(error, Rejected) or work.is_spent(self.clock.now()):
            await self._give_up(work, error)
        else:
            again = work.again()
            slow = error.reason in SLOW
            delay = delay_before(again.attempt, error.retry_after, slow=slow, jitter=self.jitter())
            await self.queue.send(again, delay)

    async def _give_up(self, work: PublishEvents, error: AzureError) -> None:
        await self.given_up.put(
            GivenUp(
                cluster_id=None,
                reason=error.reason.value,
                message=f"The topic did not take events: {error.message}",
                advice="Check NAPTIME_TOPIC_ENDPOINT, and that naptime's identity may send to it.",
                given_up_at=self.clock.now(),
                attempts=work.attempt,
                work=work.to_message(),
                azure_code=error.code,
            )
        )
        EVENTS_GIVEN_UP.log(events=len(work.events), why=error.reason.value)
