"""One cluster as it is now: what ARM says, what naptime would do, what it did and gave up."""

from datetime import datetime

from msgspec import Struct

from shared.domain.deciding.observed import REPLICATION
from shared.domain.deciding.own.standing import NOTHING_KNOWN
from shared.domain.deciding.policy import decide
from shared.domain.errors import AzureError, ClusterGone
from shared.domain.fleet.last_known import Remembered
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.cluster.look import Looker
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.policies import Wanted
from shared.reconcile.images.memory import NewestImages
from shared.reconcile.shown.cluster_json import (
    LiveClusterJson,
    LiveJson,
    RememberedJson,
    last_seen_json,
    live_json,
)


class LiveReadFailed(Exception):
    """ARM did not answer; carries what is remembered of the cluster all the same."""

    def __init__(self, cause: AzureError, remembered: RememberedJson) -> None:
        """Take the reason and the remembered members, as JSON."""
        super().__init__(str(cause))
        self.cause = cause
        self.remembered = remembered


class ClusterViewer(Struct, frozen=True):
    """Answers `GET /clusters/{subscriptionId}/{resourceGroup}/{name}`; writes nothing."""

    looker: Looker
    memory: ClusterMemory
    images: NewestImages
    given_up: GivenUpRecords
    wanted: Wanted

    async def look(self, cluster_id: ClusterId) -> LiveClusterJson:
        """Read the cluster from ARM; where that cannot be done, show it as it was seen last.

        Raises `LiveReadFailed` where it was never seen, or where ARM says that it is gone.
        """
        known = await self.memory.recall(cluster_id)
        remembered = await self._remembered(cluster_id, known)
        try:
            sight = await self.looker.see(cluster_id, known.location if known else "")
        except AzureError as error:
            if known is None or known.read_at is None or await self._is_gone(cluster_id, error):
                raise LiveReadFailed(error, remembered) from error
            return {**await self._last_seen(known, known.read_at, error), **remembered}
        images = await self.images.right_now(sight.cluster.location)
        desired = await self.wanted()
        standing = known.standing if known else NOTHING_KNOWN
        decision = decide(sight.cluster, sight.configurations, desired, sight.now, standing)
        return {**live_json(sight, decision, desired, known, images), **remembered}

    async def _is_gone(self, cluster_id: ClusterId, error: AzureError) -> bool:
        """Say whether ARM's answer is the last word, with no event that said otherwise just now."""
        if not isinstance(error, ClusterGone):
            return False
        heard_at = await self.memory.heard_at(cluster_id)
        return heard_at is None or self.looker.clock.now() - heard_at >= REPLICATION

    async def _last_seen(self, known: Remembered, read_at: datetime, why: AzureError) -> LiveJson:
        images = await self.images.right_now(known.location)
        return last_seen_json(known, read_at, why, images, self.looker.clock.now())

    async def _remembered(self, cluster_id: ClusterId, known: Remembered | None) -> RememberedJson:
        given_up = await self.given_up.get(cluster_id)
        return {
            "lastOutcome": known.last_outcome if known else None,
            "givenUp": given_up.to_json() if given_up else None,
            "imageAge": known.image_age.to_json() if known and known.image_age else None,
            "lastRemoved": known.touches.last_removed_json() if known else None,
        }
