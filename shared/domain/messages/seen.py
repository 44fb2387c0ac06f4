"""What was read of a cluster, kept in a message that comes back while it is still true."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct

from shared.domain.deciding.observed import ObservedCluster
from shared.domain.vocabulary.fields import Fields, an_instant, text_in
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import to_text

STILL_TRUE = timedelta(minutes=1)
"""How long what was read of a cluster itself, its tags above all, counts for a write."""

LONGEST = 24_000
"""In characters as it is written. Fifty tags may be 38,000 (learn.microsoft.com, tag-resources),
those beyond ASCII up to six times that, and a queue takes no message of more than 48 KiB."""


class SeenCluster(Struct, frozen=True):
    """A cluster as it was read at an instant by a worker's clock, in UTC."""

    cluster: ObservedCluster
    read_at: datetime

    def is_true_at(self, now: datetime) -> bool:
        """Say whether it still counts; what was read in the future was read by a clock ahead."""
        return timedelta() <= now - self.read_at <= STILL_TRUE

    @property
    def is_small(self) -> bool:
        """Say whether it fits into a message beside all else."""
        return len(json.dumps(self.to_json())) <= LONGEST

    def to_json(self) -> dict[str, object]:
        """Give it ready for JSON; the cluster's id is the message's own."""
        return {"readAt": to_text(self.read_at), **self.cluster.to_json()}

    @classmethod
    def of(cls, body: Mapping[str, object], cluster_id: ClusterId) -> Self | None:
        """Read what `to_json` gave; None where that makes no sense: then it is read anew."""
        read_at = Fields(body, "", []).loose("readAt", an_instant)
        if read_at and text_in(body, "location") and isinstance(body.get("nap"), bool):
            return cls(ObservedCluster.from_json(cluster_id, body), read_at)
        return None
