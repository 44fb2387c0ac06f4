"""The outbox: what is to be told goes on a queue of its own, and never holds up the work."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.cloud_event import CloudEvent
from shared.domain.event_work import packed
from shared.domain.outcome import Outcome
from shared.domain.schedule_events import Occasion, attention_in, events_of, failure_of
from shared.reconcile.ports import Clock, EventQueue
from shared.reconcile.remember_clusters import ClusterMemory
from shared.telemetry import log_facts


@dataclass(frozen=True, slots=True)
class EventTeller:
    """Puts events on their queue; where there is no topic, and so no queue, does nothing."""

    queue: EventQueue | None
    clock: Clock

    @property
    def is_on(self) -> bool:
        """Say whether anybody is told anything."""
        return self.queue is not None

    async def put(self, events: Sequence[CloudEvent]) -> None:
        """Enqueue events, as few messages as possible; an error of the queue comes out."""
        if self.queue is None or not events:
            return
        for work in packed(events, self.clock.now()):
            await self.queue.send(work)

    async def tell(self, events: Sequence[CloudEvent]) -> None:
        """Enqueue events; an error is logged and goes no further."""
        try:
            await self.put(events)
        except Exception as error:  # noqa: BLE001 - whatever is wrong, what it tells of goes on
            facts: dict[str, object] = {"events": len(events), "why": type(error).__name__}
            log_facts(logging.ERROR, "events lost", facts, error)


@dataclass(frozen=True, slots=True)
class OutcomeTeller:
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

    async def tell_given_up(self, outcome: Outcome, occasion: Occasion) -> None:
        """Tell that a cluster was given up on."""
        await self.teller.tell(failure_of(outcome, occasion, self.teller.clock.now()))
