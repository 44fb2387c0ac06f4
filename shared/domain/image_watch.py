"""What a look at a location's node images has brought: which are new, and which were released."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.known_image import KnownImage
from shared.domain.node_image import NodeImage, newest_images
from shared.domain.node_image_events import NodeImageReleased


@dataclass(frozen=True, slots=True)
class Noticed:
    """What is to be remembered of a location from now on, and what is to be told."""

    to_remember: tuple[KnownImage, ...] = ()
    released: tuple[NodeImageReleased, ...] = ()


def notice(
    location: str, found: Iterable[NodeImage], known: Iterable[KnownImage], now: datetime
) -> Noticed:
    """Compare the images that are there with those that are remembered of the location.

    Only images that node auto-provisioning may use count. The first sight of a kind of image is
    remembered and not told: nobody saw it being released. An older version than the remembered one
    is passed over: answers of Azure's replicas can be older than the one before.
    """
    remembered = {image.image.definition: image for image in known}
    newest = newest_images(image for image in found if image.definition.is_used_by_nap)
    to_remember, released = list[KnownImage](), list[NodeImageReleased]()
    for definition, image in sorted(newest.items()):
        before = remembered.get(definition)
        if before is None:
            to_remember.append(KnownImage(image, now, release_seen=False))
        elif image.version > before.image.version:
            previous = before.image.version
            to_remember.append(KnownImage(image, now, release_seen=True, previous_version=previous))
            released.append(NodeImageReleased(location, image, previous))
    return Noticed(tuple(to_remember), tuple(released))
