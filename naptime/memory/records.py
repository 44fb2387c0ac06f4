"""Claims on clusters, and what was given up, in memory: for as long as one command lasts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from shared.domain.messages.given_up import OF_RUNS, GivenUp
from shared.domain.messages.work import AlreadyDone, Busy, Claim, ClusterRecord, Refusal
from shared.domain.vocabulary.ids import ClusterId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.reconcile.ground.ports import Clock

CLAIM_LASTS = timedelta(minutes=5)
ONE_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class _Claimed:
    """What is known of the claims on one cluster; `token` is None while nobody holds it."""

    token: str | None
    changed_at: datetime
    concluded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MemoryClaims:
    """One record per cluster, by the clock in whole seconds."""

    clock: "Clock"
    _known: dict[ClusterId, _Claimed] = field(default_factory=dict)
    _tokens: "Iterator[int]" = field(default_factory=count)

    async def claim(self, cluster_id: ClusterId, since: datetime | None) -> Claim | Refusal:
        """Claim the cluster, unless it is claimed or has been reconciled since."""
        now = self.clock.now().replace(microsecond=0)
        known = self._known.get(cluster_id)
        if known and known.token is not None and now - known.changed_at < CLAIM_LASTS:
            return Busy()
        concluded_at = known.concluded_at if known else None
        if refusal := _refusal(since, concluded_at, now):
            return refusal
        token = str(next(self._tokens))
        self._known[cluster_id] = _Claimed(token, now, concluded_at)
        return Claim(cluster_id, token, now, known.changed_at if known else None)

    async def release(self, claim: Claim, *, concluded: bool) -> None:
        """Give the claim back, unless somebody has claimed the cluster since."""
        known = self._known[claim.cluster_id]
        if known.token != claim.token:
            return
        known.token = None
        known.changed_at = self.clock.now().replace(microsecond=0)
        known.concluded_at = claim.claimed_at if concluded else known.concluded_at

    async def get(self, cluster_id: ClusterId) -> ClusterRecord:
        """Read what is remembered; an empty record if there is nothing."""
        known = self._known.get(cluster_id)
        if known is None:
            return ClusterRecord(cluster_id)
        return ClusterRecord(cluster_id, known.concluded_at, known.token is not None)


def _refusal(
    since: datetime | None, concluded_at: datetime | None, now: datetime
) -> Refusal | None:
    """Tell whether work asked for at `since` is done; within one second that cannot be told."""
    if since is None or concluded_at is None:
        return None
    asked = since.replace(microsecond=0)
    if asked < concluded_at:
        return AlreadyDone()
    return Busy(ONE_SECOND) if asked == concluded_at == now else None


@dataclass(frozen=True, slots=True)
class MemoryGivenUp:
    """What was given up, by places as the table has them."""

    _records: dict[str, GivenUp] = field(default_factory=dict)

    async def put(self, given_up: GivenUp) -> None:
        """Record it; a later one for the same cluster replaces it."""
        self._records[_place(given_up)] = given_up

    async def get(self, cluster_id: ClusterId) -> GivenUp | None:
        """Read what was given up for one cluster."""
        return self._records.get(_of_cluster(cluster_id))

    async def forget(self, cluster_id: ClusterId) -> None:
        """Remove it, if it is there."""
        self._records.pop(_of_cluster(cluster_id), None)

    async def forget_run(self, run_id: str) -> None:
        """Remove all that was given up of a run."""
        for place in [at for at, each in self._records.items() if each.run_id == run_id]:
            del self._records[place]

    async def page(self, after: str, limit: int) -> Sequence[tuple[str, GivenUp]]:
        """Read up to `limit` records, each with its place, from behind a place."""
        places = sorted(place for place in self._records if place > after)
        return [(place, self._records[place]) for place in places[:limit]]


def _place(given_up: GivenUp) -> str:
    if given_up.run_id:
        return f"{OF_RUNS}{given_up.run_id}|{given_up.part}"
    if given_up.cluster_id is None:
        return f"unreadable|{given_up.work}"
    return _of_cluster(given_up.cluster_id)


def _of_cluster(cluster_id: ClusterId) -> str:
    return f"{cluster_id.subscription_id}|{cluster_id.key}"
