"""Which node images a forecast for a location is about: the newest one of each OS."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.known_image import KnownImage
from shared.domain.node_image import ImageVersion


@dataclass(frozen=True, slots=True)
class SeenImage:
    """The newest version of an OS in a location, and the kinds of image that have it.

    `since` (UTC) is when naptime first saw it there, `after` when it looked and it was not there
    yet: the release came in between. None is the first sight: the image may be older by any time.
    """

    os: str
    version: ImageVersion
    skus: tuple[str, ...]
    since: datetime
    after: datetime | None


def newest_of_each_os(images: Iterable[KnownImage]) -> tuple[SeenImage, ...]:
    """Give the newest version of each OS that node auto-provisioning takes images of.

    Ubuntu and Azure Linux are released apart, and a cluster's pools may use either. Kinds of one
    OS that have the version since different instants are told apart.
    """
    by_os: defaultdict[str, list[KnownImage]] = defaultdict(list)
    for known in images:
        if known.image.definition.is_used_by_nap:
            by_os[known.image.definition.os].append(known)
    return tuple(seen for os in sorted(by_os) for seen in _newest(os, by_os[os]))


def _newest(os: str, images: list[KnownImage]) -> Iterable[SeenImage]:
    version = max(known.image.version for known in images)
    skus: defaultdict[tuple[datetime, datetime | None], list[str]] = defaultdict(list)
    for known in images:
        if known.image.version == version:
            after = known.seen_after if known.release_seen else None
            skus[known.seen_since, after].append(known.image.definition.sku)
    for (since, after), some in sorted(skus.items(), key=lambda item: sorted(item[1])):
        yield SeenImage(os, version, tuple(sorted(some)), since, after)
