"""What happens when a node image was released: it is told, or the fleet guarded at once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.errors import AzureError
from shared.domain.node_image_events import NodeImageReleased
from shared.reconcile.ports import Clock, Topic
from shared.reconcile.run_for_release import ReleaseRuns
from shared.reconcile.tell_events import EventTeller
from shared.telemetry import log_facts


@dataclass(frozen=True, slots=True)
class ReleaseAnnouncer:
    """Tells of releases; where it cannot, the run does not wait for that."""

    topic: Topic | None
    teller: EventTeller
    runs: ReleaseRuns
    clock: Clock

    async def announce(self, location: str, released: Sequence[NodeImageReleased]) -> None:
        """Publish the events of a location; raises only where nothing at all could be done.

        Whoever is subscribed to the topic, naptime itself first of all, does the rest.
        """
        if self.topic is None:
            await self.runs.ask(released)
            return
        events = [image.to_cloud_event(self.clock.now()) for image in released]
        try:
            await self.topic.publish(events)
        except AzureError as error:
            facts: dict[str, object] = {"location": location, "why": error.reason.value}
            log_facts(logging.WARNING, "release not published yet", facts)
            await self.teller.put(events)
            await self.runs.ask(released)
