"""The shard: one subscription in one location, which is what AKS's limits are counted by."""

import re
from dataclasses import dataclass
from typing import Self

from shared.domain.observed import ObservedCluster

# What a table key may not hold is more than this; ARM's names of locations are plainer still.
_NOT_PLAIN = re.compile(r"[^a-z0-9-]", re.ASCII)

LOCATION = r"^[A-Za-z0-9][A-Za-z0-9 ]{0,59}$"
"""What people may call a location; ARM's names are letters and digits, its others have spaces."""


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """A subscription id in lower case, and a location's short name."""

    subscription_id: str
    location: str

    @classmethod
    def of(cls, cluster: ObservedCluster) -> Self:
        """Give the shard that a cluster is in."""
        return cls(cluster.id.subscription_id, plain_location(cluster.location))

    @property
    def key(self) -> str:
        """The shard as one word, fit for the key of a table row."""
        return f"{self.subscription_id}|{self.location}"


def plain_location(text: str) -> str:
    """Give a location's short name: lower case, without spaces or anything unheard of."""
    return _NOT_PLAIN.sub("-", text.replace(" ", "").lower()) or "unknown"
