"""From the event of a released node image to a run over the clusters of its location."""

from dataclasses import dataclass

from shared.domain.events import NotOurs
from shared.domain.node_image_events import parse_node_image_event
from shared.reconcile.find_places import FleetPlaces
from shared.reconcile.ports import Clock
from shared.reconcile.run_for_release import ReleaseRuns


@dataclass(frozen=True, slots=True)
class ReceivedRelease:
    """What became of one event; `joined` says that a run was under way or has just been."""

    what: str
    image: str | None = None
    location: str | None = None
    run_id: str | None = None
    joined: bool | None = None

    @property
    def accepted(self) -> bool:
        """Whether a run sees to it."""
        return self.run_id is not None

    def to_facts(self) -> dict[str, object]:
        """Give it for the log."""
        return {
            "what": self.what,
            "location": self.location,
            "image": self.image,
            "runId": self.run_id,
            "joined": self.joined,
        }


@dataclass(frozen=True, slots=True)
class ImageEventReceiver:
    """Turns the release of a node image into a run."""

    places: FleetPlaces
    runs: ReleaseRuns
    clock: Clock

    async def receive(self, text: str) -> ReceivedRelease:
        """Ask for a run over the event's location, if clusters are known to be there.

        Raises `InvalidEvent` for what is none; an error of the storage comes out as it is, so
        that Event Grid sends the event again.
        """
        event = parse_node_image_event(text, self.clock.now())
        if isinstance(event, NotOurs):
            return ReceivedRelease(f"not for naptime: {event.event_type}")
        image, location = str(event.image), event.location
        if not await self.places.has_clusters(location):
            return ReceivedRelease("no cluster there", image, location)
        run = await self.runs.ask([event])
        return ReceivedRelease("run", image, location, run.run_id, run.joined)
