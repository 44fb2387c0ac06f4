"""What was given up, listed, and put on the queue again."""

from dataclasses import dataclass

from shared.domain.cluster_id import ClusterId
from shared.domain.given_up import GivenUp
from shared.domain.pages import PAGE_SIZE, Page, from_token, to_token
from shared.domain.work import Cause, ReconcileCluster
from shared.reconcile.ports import Clock, GivenUpRecords, WorkQueue


@dataclass(frozen=True, slots=True)
class GivenUpReplayer:
    """Answers `GET /given-up` and `POST /given-up/replay`; harmless to repeat.

    A record stays until the cluster is reconciled after all; what fails again replaces it.
    """

    given_up: GivenUpRecords
    queue: WorkQueue
    clock: Clock
    subscriptions: frozenset[str]

    async def list(self, token: str) -> Page:
        """Give a page of what was given up."""
        (after,) = from_token(token, 1)
        found = await self.given_up.page(after, PAGE_SIZE)
        shown = [_shown(record) for _, record in found]
        return Page(shown, to_token(found[-1][0]) if len(found) == PAGE_SIZE else None)

    async def replay_one(self, cluster_id: ClusterId) -> int:
        """Replay one cluster; 0 if it is not among what was given up."""
        record = await self.given_up.get(cluster_id)
        return await self._replay(record) if record else 0

    async def replay_all(self, reason: str | None = None) -> int:
        """Replay everything, or all that was given up for one reason; give how many clusters."""
        replayed, after = 0, ""
        while found := await self.given_up.page(after, PAGE_SIZE):
            for _, record in found:
                if reason is None or record.reason == reason:
                    replayed += await self._replay(record)
            after = found[-1][0]
        return replayed

    async def _replay(self, record: GivenUp) -> int:
        """Put the cluster on the queue; a message that names none is for people to read."""
        cluster_id = record.cluster_id
        if cluster_id is None or cluster_id.subscription_id not in self.subscriptions:
            return 0
        await self.queue.send(ReconcileCluster(cluster_id, Cause.REPLAYED, self.clock.now()))
        return 1


def _shown(record: GivenUp) -> dict[str, object]:
    cluster_id = str(record.cluster_id) if record.cluster_id else None
    return {"clusterId": cluster_id, **record.to_json()}
