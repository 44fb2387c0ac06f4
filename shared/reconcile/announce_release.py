"""What happens when a node image was released: it is told, or the fleet guarded at once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.errors import AzureError
from shared.domain.node_image_events import NodeImageReleased
from shared.domain.run import RunScope
from shared.domain.work import Cause
from shared.reconcile.ask_for_run import Asked, RunAsker
from shared.reconcile.ports import Clock, Topic
from shared.reconcile.tell_events import EventTeller
from shared.telemetry import log_facts

ONE_RELEASE = timedelta(minutes=20)
"""How far apart the images of one release come, and the repetition of an event after a crash: the
watcher looks every 15 minutes. A run of that location that began within it has seen to them all."""


@dataclass(frozen=True, slots=True)
class ReleaseRuns:
    """Starts the runs that the release of a node image calls for."""

    asker: RunAsker
    verify_max_age: timedelta

    async def ask(self, location: str) -> Asked:
        """Ask for a run over a location; the one that has just been there counts as well."""
        scope = RunScope(locations=(location,))
        fresh = min(ONE_RELEASE, self.verify_max_age)
        return await self.asker.ask(scope, Cause.NODE_IMAGE_RELEASED, fresh)


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
            await self.runs.ask(location)
            return
        events = [image.to_cloud_event(self.clock.now()) for image in released]
        try:
            await self.topic.publish(events)
        except AzureError as error:
            facts: dict[str, object] = {"location": location, "why": error.reason.value}
            log_facts(logging.WARNING, "release not published yet", facts)
            await self.teller.put(events)
            await self.runs.ask(location)
