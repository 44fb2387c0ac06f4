"""The other end of the outbox: events from their queue to the topic, again and again for a day."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.errors import AzureError, Rejected
from shared.domain.event_work import PublishEvents, parse_publish_events
from shared.domain.given_up import GivenUp
from shared.domain.work import SLOW, delay_before
from shared.reconcile.ports import Clock, EventQueue, GivenUpRecords, Topic
from shared.telemetry import log_facts


@dataclass(frozen=True, slots=True)
class EventPublisher:
    """Publishes the events of one message; what cannot be published comes back later."""

    topic: Topic | None
    queue: EventQueue
    given_up: GivenUpRecords
    clock: Clock
    jitter: Callable[[], float]

    async def publish(self, text: str) -> None:
        """Publish; raises InvalidMessage for what naptime did not write."""
        work = parse_publish_events(text)
        if self.topic is None:
            why = "NAPTIME_TOPIC_ENDPOINT is not set (any more)"
            log_facts(logging.WARNING, "events dropped", {"events": len(work.events), "why": why})
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
            )
        )
        facts: dict[str, object] = {"events": len(work.events), "why": error.reason.value}
        log_facts(logging.ERROR, "events given up", facts)
