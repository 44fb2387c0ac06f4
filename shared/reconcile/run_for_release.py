"""The runs that released node images call for: one for each release, however often it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.known_image import image_key
from shared.domain.node_image_events import NodeImageReleased
from shared.domain.rows import Values
from shared.domain.run import RunScope
from shared.domain.work import Cause
from shared.reconcile.ask_for_run import RunAsker
from shared.reconcile.ports import Table

ASKED_PARTITION = "asked"

TOLD_AGAIN_WITHIN = timedelta(minutes=20)
"""So long the same version of an image in the same location is the same news: after a crash the
watcher tells it again at its next look, 15 minutes later."""


@dataclass(frozen=True, slots=True)
class ReleaseRun:
    """The run that sees to a release; `joined` says that it was under way, or has just been."""

    run_id: str
    joined: bool


@dataclass(frozen=True, slots=True)
class ReleaseRuns:
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
