"""What was given up, listed, and put on the queue again."""

from dataclasses import dataclass

from shared.domain.messages.given_up import GivenUp, GivenUpClusterJson
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import GUID, ClusterId
from shared.domain.vocabulary.pages import PAGE_SIZE, Page, PageAsked, Question, to_token
from shared.domain.vocabulary.reasons import Cause
from shared.ports.azure import Clock
from shared.ports.storage import Queue
from shared.reconcile.ground.given_up import GivenUpRecords

QUESTION: Question = {"of": "given-up"}
PLACE = rf"(?:{GUID}|unreadable|run:[0-9]{{6}}-[0-9a-z]+)\|[0-9a-f]{{32}}"


@dataclass(frozen=True, slots=True)
class GivenUpReplayer:
    """Answers `GET /given-up` and `POST /given-up/replay`; harmless to repeat.

    A record stays until the cluster is reconciled after all; what fails again replaces it.
    """

    given_up: GivenUpRecords
    queue: Queue[ReconcileCluster]
    clock: Clock
    subscriptions: frozenset[str]

    async def list(self, asked: PageAsked) -> Page[GivenUpClusterJson]:
        """Give a page of what was given up; of foreign subscriptions nothing is shown."""
        (after,) = asked.place(QUESTION, PLACE)
        found = await self.given_up.page(after, asked.size)
        shown = [_shown(record) for _, record in found if self._is_ours(record)]
        return Page(shown, to_token(QUESTION, found[-1][0]) if len(found) == asked.size else None)

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
        """Put the cluster on the queue; a run goes on by itself, the rest is for people to read."""
        cluster_id = record.cluster_id
        if cluster_id is None or not self._is_ours(record):
            return 0
        await self.queue.send(ReconcileCluster(cluster_id, Cause.REPLAYED, self.clock.now()))
        return 1

    def _is_ours(self, record: GivenUp) -> bool:
        """Say whether it is of no cluster, or of one that naptime may (still) act on."""
        cluster_id = record.cluster_id
        return cluster_id is None or cluster_id.subscription_id in self.subscriptions


def _shown(record: GivenUp) -> GivenUpClusterJson:
    cluster_id = str(record.cluster_id) if record.cluster_id else None
    return {"clusterId": cluster_id, "runId": record.run_id or None, **record.to_json()}
