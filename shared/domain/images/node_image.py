"""Node images: their names, their versions, and which of them node auto-provisioning uses.

A name is `{gallery}-{image definition}-{version}` (Azure/karpenter-provider-azure, utils/image.go).
What has another form is unknown, which is no error: a pool that was never upgraded may show one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Self

from msgspec import Struct

from shared.domain.vocabulary.fields import object_or_empty
from shared.domain.vocabulary.instants import in_utc

NAP_GALLERIES = ("AKSUbuntu", "AKSAzureLinux")
"""The galleries that node auto-provisioning takes images from, whatever the definition
(Azure/karpenter-provider-azure, nodeimageversionsclient.go): new definitions join them."""

DATE_UNCERTAINTY = timedelta(days=8)
"""How far the date in a version can be from the day the image was built: patches keep it, and a
few versions run ahead (first lines of the notes in Azure/AKS, vhd-notes)."""

_OS = re.compile(r"[A-Za-z]{1,40}")
# The names that Azure allows for image definitions: 1 to 80 letters, digits, dots, dashes, _.
_SKU = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9])?")
_FORMS = tuple(
    re.compile(form)
    for form in (
        # Linux 202608.20.0, formerly 2022.10.03; Windows 20348.4529.251212.
        r"20(?P<year>[0-9]{2})(?P<month>[0-9]{2})\.(?P<day>[0-9]{2})\.[0-9]{1,9}",
        r"20(?P<year>[0-9]{2})\.(?P<month>[0-9]{2})\.(?P<day>[0-9]{2})",
        r"[0-9]{5}\.[0-9]{1,9}\.(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    )
)
_CENTURY = 2000


@dataclass(frozen=True, slots=True, order=True)
class ImageVersion:
    """A version as AKS writes it; compared segment by segment, as numbers.

    `named_date` is the date in it, which can be wrong by `DATE_UNCERTAINTY`.
    """

    segments: tuple[int, ...]
    text: str = field(compare=False)
    named_date: date = field(compare=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a version; None if it has no known form, or names a day that no calendar has."""
        named_date = _named_date(text)
        if named_date is None:
            return None
        return cls(tuple(int(segment) for segment in text.split(".")), text, named_date)

    def age_in_days(self, now: datetime) -> int:
        """Count the whole days in UTC since the named date, never less than 0.

        Wrong by up to `DATE_UNCERTAINTY` either way.
        """
        return max(0, (in_utc(now).date() - self.named_date).days)


@dataclass(frozen=True, slots=True, order=True)
class ImageDefinition:
    """A kind of image: `os` is the gallery, `sku` the definition in it; compared without case."""

    os: str = field(compare=False)
    sku: str = field(compare=False)
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_name = {name.lower(): name for name in NAP_GALLERIES}
        object.__setattr__(self, "os", by_name.get(self.os.lower(), self.os))
        object.__setattr__(self, "key", f"{self.os}-{self.sku}".lower())

    def __str__(self) -> str:
        return f"{self.os}-{self.sku}"

    @classmethod
    def parse(cls, os: str, sku: str) -> Self | None:
        """Make a definition of its parts; None if they could not be names."""
        return cls(os, sku) if _OS.fullmatch(os) and _SKU.fullmatch(sku) else None

    @property
    def is_used_by_nap(self) -> bool:
        """Say whether node auto-provisioning may take images of this kind."""
        return self.os in NAP_GALLERIES


class NodeImage(Struct, frozen=True, order=True):
    """One version of one kind of image."""

    definition: ImageDefinition
    version: ImageVersion

    def __str__(self) -> str:
        return f"{self.definition}-{self.version}"

    @classmethod
    def of(cls, os: str, sku: str, version: str) -> Self | None:
        """Make an image of its parts; None if one of them is unknown."""
        definition, number = ImageDefinition.parse(os, sku), ImageVersion.parse(version)
        return cls(definition, number) if definition and number else None

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """Read a full name such as `AKSWindows-2022-containerd-gen2-20348.4529.251212`.

        None if it is unknown.
        """
        # A definition may have dashes, a version has none.
        kind, _, version = name.rpartition("-")
        os, _, sku = kind.partition("-")
        return cls.of(os, sku, version)


def observe_node_images(rows: Iterable[object]) -> list[NodeImage]:
    """Read the rows of `nodeImageVersions`, which may be anything; unknown ones are left out."""
    found = (_observe(row) for row in rows)
    return [image for image in found if image is not None]


def newest_images(images: Iterable[NodeImage]) -> dict[ImageDefinition, NodeImage]:
    """Keep the newest version of each kind: listings can have stale ones beside it.

    (Azure/karpenter-provider-azure, nodeimageversionsclient.go.)
    """
    newest: dict[ImageDefinition, NodeImage] = {}
    for image in images:
        known = newest.setdefault(image.definition, image)
        newest[image.definition] = max(known, image)
    return newest


def _observe(row: object) -> NodeImage | None:
    body = object_or_empty(row)
    match body.get("os"), body.get("sku"), body.get("version"):
        case str(os), str(sku), str(version):
            return NodeImage.of(os, sku, version)
        case _:
            return None


def _named_date(text: str) -> date | None:
    match = next((found for form in _FORMS if (found := form.fullmatch(text))), None)
    if match is None:
        return None
    year, month, day = (int(match[part]) for part in ("year", "month", "day"))
    try:
        return date(_CENTURY + year, month, day)
    except ValueError:
        return None
