"""What a look at a location's node images has brought: which are new, and which were released."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.known_image import KnownImage
from shared.domain.last_look import LastLook
from shared.domain.node_image import NodeImage, newest_images
from shared.domain.node_image_events import NodeImageReleased


@dataclass(frozen=True, slots=True)
class Noticed:
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
    is passed over: answers of Azure's replicas can be older than the one before. `before` is the
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
