"""Claiming a cluster for a person, who waits for the answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.messages.work import Busy, Claim
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.ground.ports import Clock, ClusterRecords

CLAIM_TRIES = 20
CLAIM_WAIT_SECONDS = 1.0
BUSY_FOR = timedelta(seconds=30)
"""When it makes sense to ask again; a claim whose holder was killed ends after five minutes."""


class ClusterBusy(Exception):
    """Somebody else is at the cluster, and has been for as long as a person may be kept waiting."""

    wait = BUSY_FOR


@dataclass(slots=True)
class Holding:
    """A claim that is held; `concluded` says whether it answers all work from before it."""

    claim: Claim
    concluded: bool = False


@asynccontextmanager
async def holding(
    records: ClusterRecords, clock: Clock, cluster_id: ClusterId
) -> AsyncIterator[Holding]:
    """Hold the claim on a cluster; raises `ClusterBusy`."""
    claim = await claim_soon(records, clock, cluster_id)
    if claim is None:
        raise ClusterBusy(str(cluster_id))
    held = Holding(claim)
    try:
        yield held
    finally:
        await records.release(claim, concluded=held.concluded)


async def claim_soon(records: ClusterRecords, clock: Clock, cluster_id: ClusterId) -> Claim | None:
    """Claim the cluster, waiting for whoever is at it, for about 20 seconds."""
    for _ in range(CLAIM_TRIES):
        claim = await records.claim(cluster_id, None)
        if isinstance(claim, Claim):
            return claim
        if isinstance(claim, Busy):
            await clock.sleep(CLAIM_WAIT_SECONDS)
    return None
