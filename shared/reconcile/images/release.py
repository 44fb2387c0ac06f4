"""The runs that released node images call for: one for each release, however often it is told.

What happens when a node image was released: it is told, or the fleet guarded at once.

From the event of a released node image to a run over the clusters of its location.
"""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from shared.domain.errors import AzureError
from shared.domain.fleet.run import RunScope
from shared.domain.images.known_image import image_key
from shared.domain.images.released import NodeImageReleased, parse_node_image_event
from shared.domain.vocabulary.cloud_event import NotOurs
from shared.domain.vocabulary.reasons import Cause
from shared.domain.vocabulary.rows import Values
from shared.ports.azure import Clock, Topic
from shared.ports.storage import Table
from shared.reconcile.fleet.ask import RunAsker
from shared.reconcile.ground.outbox import EventTeller
from shared.reconcile.images.find import FleetPlaces
from shared.telemetry.lines import RELEASE_NOT_PUBLISHED

ASKED_PARTITION = "asked"

TOLD_AGAIN_WITHIN = timedelta(minutes=20)
"""So long the same version of an image in the same location is the same news: after a crash the
watcher tells it again at its next look, 15 minutes later."""


class ReleaseRun(Struct, frozen=True):
    """The run that sees to a release; `joined` says that it was under way, or has just been."""

    run_id: str
    joined: bool


class ReleaseRuns(Struct, frozen=True):
    """Starts runs over locations, and remembers for which versions; times are the storage's."""

    asker: RunAsker
    table: Table

    async def ask(self, released: Sequence[NodeImageReleased]) -> ReleaseRun:
        """Ask for a run for images of one location, at least one, unless all are old news."""
        earlier, news = "", dict[str, Values]()
        for image in released:
            reading = await self.table.get(ASKED_PARTITION, _key(image))
            version, row = str(image.image.version), reading.row
            asked_at = row.instant("askedAt") if row and row.text("version") == version else None
            if row is None or asked_at is None or reading.at - asked_at >= TOLD_AGAIN_WITHIN:
                news[_key(image)] = {"version": version, "askedAt": reading.at}
            else:
                earlier = row.text("runId")
        if not news:
            return ReleaseRun(earlier, joined=True)
        return await self._start(released[0].location, news)

    async def _start(self, location: str, news: dict[str, Values]) -> ReleaseRun:
        scope = RunScope(locations=(location,))
        asked = await self.asker.ask(scope, Cause.NODE_IMAGE_RELEASED)
        # Written down last: after a crash in between the run is asked for again, and joined.
        rows = {key: {**values, "runId": asked.run.id} for key, values in news.items()}
        await self.table.merge(ASKED_PARTITION, rows)
        return ReleaseRun(asked.run.id, asked.joined)


def _key(released: NodeImageReleased) -> str:
    return f"{released.location}|{image_key(released.image.definition)}"


class ReleaseAnnouncer(Struct, frozen=True):
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
            RELEASE_NOT_PUBLISHED.log(location=location, why=error.reason.value)
            await self.teller.put(events)
            await self.runs.ask(released)


class ReceivedRelease(Struct, frozen=True):
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


class ImageEventReceiver(Struct, frozen=True):
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
