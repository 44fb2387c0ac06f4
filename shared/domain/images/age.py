"""How old the node images of a cluster's NAP machines are, as of a reading of the machines.

What one reading of all NAP machines found, over the whole fleet.
"""

from collections.abc import Sequence
from copy import replace
from datetime import datetime, timedelta
from typing import Self, TypedDict

from msgspec import Struct, field

from shared.domain.deciding.decision import Finding, FindingJson, finding_json
from shared.domain.errors import AzureError
from shared.domain.images.node_image import DATE_UNCERTAINTY, ImageVersion, NodeImage
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.reasons import Reason
from shared.domain.vocabulary.rows import Row, Value

DAYS_OF_SUPPORT = 90
"""Images older than this are not supported (MicrosoftDocs/azure-aks-docs, support-policies.md)."""

_UNCERTAIN_DAYS = DATE_UNCERTAINTY // timedelta(days=1)


class ImageAgeJson(TypedDict):
    """How old a cluster's node images are, by the dates that their versions name (UTC).

    `machines` are those that node auto-provisioning made, `unknownImages` how many of them have an
    image that is not known, `readAt` when they were read.
    """

    oldestVersion: str | None
    oldestDate: str | None
    ageInDays: int | None
    machines: int
    unknownImages: int
    readAt: str


class ImageCount(Struct, frozen=True):
    """Some machines: how many, of how many the image is unknown, and the oldest known version.

    The oldest is the one whose named date is the earliest, whatever the kinds of image.
    """

    machines: int = 0
    unknown: int = 0
    oldest: ImageVersion | None = None

    def counting(self, image: NodeImage | None) -> "ImageCount":
        """Give the count with one more machine."""
        if image is None:
            return replace(self, machines=self.machines + 1, unknown=self.unknown + 1)
        version = image.version
        if self.oldest is not None and _age_key(self.oldest) <= _age_key(version):
            version = self.oldest
        return replace(self, machines=self.machines + 1, oldest=version)


class ImageAge(Struct, frozen=True):
    """What a reading found of one cluster; `read_at` (UTC) is when the reading began.

    `reason` is that of the finding, by the setting as it was then; None if nothing was found.
    """

    count: ImageCount
    read_at: datetime
    reason: Reason | None

    @classmethod
    def judged(cls, count: ImageCount, read_at: datetime, old_days: int) -> Self:
        """Judge a count: images more than `old_days` old are old, after 90 beyond support."""
        days = count.oldest.age_in_days(read_at) if count.oldest else 0
        reason = None
        if days > DAYS_OF_SUPPORT:
            reason = Reason.NODE_IMAGE_BEYOND_SUPPORT
        elif days > old_days:
            reason = Reason.NODE_IMAGE_OLD
        return cls(count, read_at, reason)

    @property
    def days(self) -> int | None:
        """The age of the oldest image in whole days at the reading; None if none is known."""
        oldest = self.count.oldest
        return oldest.age_in_days(self.read_at) if oldest else None

    @property
    def finding(self) -> Finding | None:
        """What a person should look at; never a reason to write."""
        if self.reason is None or self.count.oldest is None:
            return None
        message = (
            f"The oldest node image of {self.count.machines} machines is {self.count.oldest}, "
            f"{self.days} days old by its version's date, which can be {_UNCERTAIN_DAYS} days off."
        )
        return Finding(self.reason, message)

    def to_values(self) -> dict[str, Value]:
        """Give its values in the cluster's row; each one, so that none of an earlier one stays."""
        return {
            "imagesReadAt": self.read_at,
            "imageMachines": self.count.machines,
            "imagesUnknown": self.count.unknown,
            "imageOldest": str(self.count.oldest or ""),
            "imageReason": self.reason.value if self.reason else "",
        }

    @classmethod
    def of(cls, row: Row) -> Self | None:
        """Read it from a cluster's row; None where no machines have been read for it."""
        read_at = row.instant("imagesReadAt")
        if read_at is None:
            return None
        oldest = ImageVersion.parse(row.text("imageOldest"))
        count = ImageCount(row.whole("imageMachines"), row.whole("imagesUnknown"), oldest)
        reason = row.text("imageReason")
        return cls(count, read_at, Reason(reason) if reason else None)

    def to_json(self) -> ImageAgeJson:
        """Give it as the HTTP API shows it; dates are those that versions name, in UTC."""
        oldest = self.count.oldest
        return {
            "oldestVersion": str(oldest) if oldest else None,
            "oldestDate": oldest.named_date.isoformat() if oldest else None,
            "ageInDays": self.days,
            "machines": self.count.machines,
            "unknownImages": self.count.unknown,
            "readAt": instants.to_text(self.read_at),
        }


def with_image_age(findings: Sequence[FindingJson], age: ImageAge | None) -> list[FindingJson]:
    """Add what was found of the images to what decided; it comes last, and decides nothing."""
    found = age.finding if age else None
    return [*findings, finding_json(found)] if found else list(findings)


def _age_key(version: ImageVersion) -> tuple[object, ...]:
    return (version.named_date, version.segments)


class AgesRead(Struct):
    """What one reading found, to be logged."""

    clusters: int = 0
    """Clusters whose machines were looked for, those without any included."""
    machines: int = 0
    unknown_images: int = 0
    strange_machines: int = 0
    """Machines in groups of no cluster that is remembered; self-hosted Karpenter tags its own."""
    reasons: dict[str, int] = field(default_factory=dict)
    """The findings, by their reasons."""
    queries: int = 0
    failures: list[AzureError] = field(default_factory=list)

    def count_cluster(self, age: ImageAge) -> None:
        """Count a cluster, with what was found of it."""
        self.clusters += 1
        if age.reason:
            self.reasons[age.reason.value] = self.reasons.get(age.reason.value, 0) + 1

    @property
    def nothing_to_see(self) -> bool:
        """Whether there are clusters and not one machine: perhaps the permission is missing."""
        return bool(self.clusters) and not self.machines
