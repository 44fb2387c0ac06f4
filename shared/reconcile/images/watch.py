"""The watch for new node images: one look at every location that has clusters."""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct

from shared.domain.errors import AzureError
from shared.domain.images.known_image import ImageSource, LastLook, SourceState
from shared.domain.images.released import changed_offers, notice
from shared.ports.azure import Clock
from shared.reconcile.ground.at_once import at_once
from shared.reconcile.images.find import FleetPlaces, ImageFinder
from shared.reconcile.images.memory import ImageMemory
from shared.reconcile.images.release import ReleaseAnnouncer
from shared.telemetry.lines import NODE_IMAGES_COME_FROM


class Look(Struct, frozen=True):
    """What one look at a location has brought: how many releases, or why there was none."""

    released: int = 0
    failed: str = ""
    last: LastLook | None = None


class LastWatch(Struct, frozen=True):
    """What is remembered of the look before at a location."""

    state: SourceState | None
    look: LastLook | None


class Watched(Struct, frozen=True):
    """What a watch has brought."""

    locations: int
    released: int
    failed: int
    why: str


class ImageWatcher(Struct, frozen=True):
    """Watches node images; what goes wrong in one location is no matter of the others."""

    places: FleetPlaces
    finder: ImageFinder
    memory: ImageMemory
    announcer: ReleaseAnnouncer
    clock: Clock
    report_bug: Callable[[str, Exception], None]

    async def watch(self) -> Watched:
        """Look at every location, side by side."""
        locations = await self.places.locations()
        states = await self.memory.sources()
        before = await self.memory.last_looks()
        looks = await at_once(
            [
                partial(
                    self._look_safely,
                    location,
                    subscriptions,
                    LastWatch(states.get(location), before.get(location)),
                )
                for location, subscriptions in locations.items()
            ]
        )
        done = zip(locations, looks, strict=True)
        await self.memory.remember_looks({where: look.last for where, look in done if look.last})
        failed = [look.failed for look in looks if look.failed]
        released = sum(look.released for look in looks)
        return Watched(len(looks), released, len(failed), failed[0] if failed else "")

    async def _look_safely(
        self, location: str, subscriptions: Sequence[str], before: LastWatch
    ) -> Look:
        try:
            return await self._look(location, subscriptions, before)
        except AzureError as error:
            return Look(failed=error.reason.value)
        except Exception as error:  # noqa: BLE001 - a bug in one location must not hide the others
            self.report_bug(location, error)
            return Look(failed=type(error).__name__)

    async def _look(self, location: str, subscriptions: Sequence[str], before: LastWatch) -> Look:
        asked_at = self.clock.now()
        state = before.state or SourceState()
        found = await self.finder.find(location, subscriptions, state)
        if found.state != state:
            await self._say_source(location, before.state, found.state)
        known = await self.memory.of_location(location)
        now, shows_all = self.clock.now(), found.state.source is ImageSource.LOCATION
        noticed = notice(location, found.images, known, now, before.look)
        offers = changed_offers(found.images, known, now, before.look, shows_all=shows_all)
        if noticed.released:
            # Told first, then stored: a crash in between tells it again, and never loses it.
            await self.announcer.announce(location, noticed.released)
        await self.memory.remember(location, (*noticed.to_remember, *offers))
        return Look(len(noticed.released), last=LastLook(asked_at, noticed.shown))

    async def _say_source(
        self, location: str, before: SourceState | None, now: SourceState
    ) -> None:
        """Say once where a location's images come from; it is remembered across workers."""
        if before is None or before.source is not now.source:
            source, why = now.source.value, now.why or None
            NODE_IMAGES_COME_FROM.log(location=location, source=source, why=why)
        await self.memory.remember_source(location, now)
