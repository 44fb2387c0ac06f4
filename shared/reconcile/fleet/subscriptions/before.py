"""What was known of a cluster before a listing, kept small."""

from datetime import datetime, timedelta
from typing import Self

from msgspec import Struct

from shared.domain.deciding.written import Written
from shared.domain.fleet.crowding import start_of
from shared.domain.fleet.last_known import Remembered
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.ground.memory import KNOWN, ClusterMemory

SEEN_AGAIN_WITHIN = timedelta(minutes=40)
"""The queue of clusters looks at what it has patience with at least every half hour or so."""


class Before(Struct, frozen=True):
    """What was known of a cluster before this listing."""

    location: str
    explicit: bool
    told: frozenset[Reason]
    verified_at: datetime | None
    reason: str
    waiting: bool
    """Whether a message on the queue of clusters has patience with it, as it seems."""
    missing_since: datetime | None
    start: datetime | None
    """The next start as of the listing; None if there is none, or no node auto-provisioning."""
    written: Written | None
    """What naptime wrote last."""

    @classmethod
    def of(cls, known: Remembered, now: datetime) -> Self:
        """Keep of what is remembered only what matters here: there may be ten thousand."""
        reason = known.last_outcome["reason"] if known.is_known else ""
        start = start_of(known, now) if known.has_nap else None
        waiting = known.was_deferred_since(now - SEEN_AGAIN_WITHIN)
        told, verified_at, missing_since = known.told, known.verified_at, known.missing_since
        where = known.location, known.explicit
        return cls(*where, told, verified_at, reason, waiting, missing_since, start, known.written)


async def before_in(
    memory: ClusterMemory, subscription_id: str, now: datetime
) -> dict[str, Before]:
    """Read what is known of a subscription's clusters, by their hashes."""
    return {
        known.key.removeprefix(KNOWN): Before.of(known, now)
        async for known in memory.of_subscription(subscription_id)
    }
