"""`Naptime.NodeImageReleased`: that a new version of a node image came to a location.

Azure has no such event; naptime publishes it to its own topic as a CloudEvent 1.0. Whoever may send
to the topic can publish it as well, so what arrives is checked like anything from outside.

What a look at a location's node images has brought: which are new, and which were released.
"""

from collections.abc import Callable, Iterable
from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.images.known_image import Instead, KnownImage, LastLook
from shared.domain.images.node_image import ImageDefinition, ImageVersion, NodeImage, newest_images
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType, NotOurs, read_envelope
from shared.domain.vocabulary.fields import BrokenRule, Fields, an_instant, exactly, text
from shared.domain.vocabulary.ids import parse_location
from shared.domain.vocabulary.invalid import InvalidEvent

OLDEST = timedelta(days=2)
"""An event that is older is refused: Event Grid itself gives up after one day."""

FURTHEST_AHEAD = timedelta(hours=1)
"""An event from further ahead is refused: more than the clocks of two machines differ by."""


class NodeImageReleased(Struct, frozen=True):
    """A version of an image is new in a location (short name, lower case)."""

    location: str
    image: NodeImage
    previous_version: ImageVersion | None = None

    @property
    def subject(self) -> str:
        """What the event is about, for the filters of subscriptions."""
        definition = self.image.definition
        return f"locations/{self.location}/{definition.os}/{definition.sku}"

    @property
    def event_id(self) -> str:
        """The id: always the same for the same release, so that a repetition can be told."""
        return f"{self.location}/{'/'.join(self._parts)}"

    @property
    def data(self) -> dict[str, object]:
        """The event's own data, ready for JSON."""
        os, sku, version = self._parts
        previous = self.previous_version
        return {
            "location": self.location,
            "os": os,
            "sku": sku,
            "version": version,
            "fullName": str(self.image),
            "previousVersion": str(previous) if previous else None,
        }

    @property
    def _parts(self) -> tuple[str, str, str]:
        return self.image.definition.os, self.image.definition.sku, str(self.image.version)

    def to_cloud_event(self, time: datetime) -> CloudEvent:
        """Give the event that tells of it, at an aware instant."""
        return CloudEvent(
            EventType.NODE_IMAGE_RELEASED, self.event_id, self.subject, time, self.data
        )


def parse_node_image_event(event: str, now: datetime) -> NodeImageReleased | NotOurs:
    """Parse one event, in CloudEvents 1.0 or in the Event Grid schema, at an aware instant.

    Images that node auto-provisioning does not use are NotOurs, like other types. Raises
    InvalidEvent with every problem, whatever the text, and nothing else.
    """
    envelope = read_envelope(event)
    if envelope.type.lower() != EventType.NODE_IMAGE_RELEASED.lower():
        return envelope.foreign()
    fields = envelope.fields
    fields.required("id", text)
    fields.required(envelope.time, _recent(now))
    data = fields.under("data")
    released = _released(data) if data else None
    if released:
        fields.required("subject", exactly(released.subject))
    if released is None or fields.problems:
        raise InvalidEvent(fields.problems)
    definition = released.image.definition
    return released if definition.is_used_by_nap else envelope.foreign(definition)


def _released(data: Fields) -> NodeImageReleased | None:
    location = data.required("location", parse_location)
    os, sku = data.required("os", text), data.required("sku", text)
    version = data.required("version", _version)
    previous = data.optional("previousVersion", _version)
    definition = ImageDefinition.parse(os, sku) if os and sku else None
    if os and sku and definition is None:
        data.refuse("sku", f"{os} {sku}", "must be an image definition of a gallery")
    if location is None or definition is None or version is None:
        return None
    image = NodeImage(definition, version)
    data.optional("fullName", exactly(str(image)))
    return NodeImageReleased(location, image, previous)


def _version(value: object) -> ImageVersion:
    version = ImageVersion.parse(text(value))
    if version is None:
        raise BrokenRule("must be the version of a node image, such as 202608.20.0")
    return version


def _recent(now: datetime) -> Callable[[object], datetime]:
    def parse(value: object) -> datetime:
        time = an_instant(value)
        if time < now - OLDEST:
            raise BrokenRule(f"must not be older than {OLDEST.days} days")
        if time > now + FURTHEST_AHEAD:
            raise BrokenRule("must not be in the future")
        return time

    return parse


class Noticed(Struct, frozen=True):
    """What is to be remembered of a location from now on, and what is to be told."""

    to_remember: tuple[KnownImage, ...] = ()
    released: tuple[NodeImageReleased, ...] = ()
    shown: frozenset[str] = frozenset()
    """The kinds whose newest version the look has shown, by their keys."""


def notice(
    location: str,
    found: Iterable[NodeImage],
    known: Iterable[KnownImage],
    now: datetime,
    before: LastLook | None = None,
) -> Noticed:
    """Compare the images that are there with those that are remembered of the location.

    Only images that node auto-provisioning may use count. The first sight of a kind of image is
    remembered and not told: nobody saw it being released. An older version than the remembered one
    is no release: answers of Azure's replicas can be older than the one before. `before` is the
    look before this one, which bounds when the release can have been.
    """
    remembered = {image.image.definition: image for image in known}
    newest = newest_images(image for image in found if image.definition.is_used_by_nap)
    to_remember, released = list[KnownImage](), list[NodeImageReleased]()
    shown = set[str]()
    for definition, image in sorted(newest.items()):
        last = remembered.get(definition)
        if last is None:
            to_remember.append(KnownImage(image, now, release_seen=False))
        elif image.version > last.image.version:
            previous = last.image.version
            after = before.before(definition) if before else None
            to_remember.append(
                KnownImage(
                    image, now, release_seen=True, previous_version=previous, seen_after=after
                )
            )
            released.append(NodeImageReleased(location, image, previous))
        if last is None or image.version >= last.image.version:
            shown.add(definition.key)
    return Noticed(tuple(to_remember), tuple(released), frozenset(shown))


def changed_offers(
    found: Iterable[NodeImage],
    known: Iterable[KnownImage],
    now: datetime,
    before: LastLook | None,
    *,
    shows_all: bool,
) -> list[KnownImage]:
    """Find kinds whose remembered version was withdrawn since, or is on offer again.

    It takes two looks in a row that do not show it, since replicas lag behind. Where a look does
    not show all kinds (`shows_all`), one that is not there says nothing.
    """
    newest = newest_images(found)
    return [
        changed
        for last in known
        if (shows_all and newest) or last.image.definition in newest
        if (changed := _offer(last, newest.get(last.image.definition), now, before))
    ]


def _offer(
    last: KnownImage, found: NodeImage | None, now: datetime, before: LastLook | None
) -> KnownImage | None:
    version = found.version if found else None
    if version and version >= last.image.version:
        is_back = last.instead is not None and version == last.image.version
        return replace(last, instead=None) if is_back else None
    is_doubted = before is None or before.before(last.image.definition) is not None
    is_known = last.instead is not None and last.instead.version == version
    return None if is_doubted or is_known else replace(last, instead=Instead(version, now))
