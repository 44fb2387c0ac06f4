"""What was given up, listed, and put on the queue again."""

from contextlib import suppress
from datetime import datetime
from typing import assert_never

from msgspec import Struct

from shared.domain.fleet.run_work import (
    Baton,
    ListSubscription,
    ReadSubscription,
    RunWork,
    StartRun,
    parse_baton,
    parse_run_work,
)
from shared.domain.messages.given_up import GivenUp, GivenUpClusterJson
from shared.domain.messages.outbox import PublishEvents, parse_publish_events
from shared.domain.messages.work import ReconcileCluster, parse_reconcile_cluster
from shared.domain.vocabulary.ids import GUID, ClusterId
from shared.domain.vocabulary.invalid import InvalidMessage
from shared.domain.vocabulary.pages import PAGE_SIZE, Page, PageAsked, Question, to_token
from shared.domain.vocabulary.reasons import Cause
from shared.ports.every import Ports
from shared.reconcile.ground.given_up import GivenUpRecords

QUESTION: Question = {"of": "given-up"}
PLACE = rf"(?:{GUID}|unreadable|run:[0-9]{{6}}-[0-9a-z]+)\|[0-9a-f]{{32}}"


class GivenUpReplayer(Struct, frozen=True):
    """Answers `GET /given-up` and `POST /given-up/replay`; harmless to repeat.

    A cluster's record stays until the cluster is reconciled after all; what fails again replaces
    it. Of messages that named no cluster those are replayed that can be read by now: events that
    the topic did not take, and what an older version of naptime could make nothing of.
    """

    given_up: GivenUpRecords
    ports: Ports
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
        """Replay everything, or all that was given up for one reason; give how much that was."""
        replayed, after = 0, ""
        while found := await self.given_up.page(after, PAGE_SIZE):
            for _, record in found:
                if reason is None or record.reason == reason:
                    replayed += await self._replay(record)
            after = found[-1][0]
        return replayed

    async def _replay(self, record: GivenUp) -> int:
        """Put it on its queue; a run goes on by itself, the rest is for people to read."""
        if record.run_id or not self._is_ours(record):
            return 0
        if record.cluster_id is not None:
            await self._ask(record.cluster_id)
            return 1
        return await self._replay_message(record.work)

    async def _replay_message(self, text: str) -> int:
        """Send a message that can be read by now, and forget that it could not."""
        found = _read(text, self.ports.clock.now())
        match found:
            case None:
                return 0
            case ReconcileCluster():
                if found.cluster_id.subscription_id not in self.subscriptions:
                    return 0
                await self._ask(found.cluster_id)
            case PublishEvents():
                await self.ports.events_queue.send(found)
            case Baton():
                await self.ports.shards_queue.send(found)
            case StartRun() | ListSubscription() | ReadSubscription():
                await self.ports.runs_queue.send(found)
            case _:
                assert_never(found)
        await self.given_up.forget_work(text)
        return 1

    async def _ask(self, cluster_id: ClusterId) -> None:
        work = ReconcileCluster(cluster_id, Cause.REPLAYED, self.ports.clock.now())
        await self.ports.clusters_queue.send(work)

    def _is_ours(self, record: GivenUp) -> bool:
        """Say whether it is of no cluster, or of one that naptime may (still) act on."""
        cluster_id = record.cluster_id
        return cluster_id is None or cluster_id.subscription_id in self.subscriptions


def _read(text: str, now: datetime) -> ReconcileCluster | PublishEvents | Baton | RunWork | None:
    for parse in (parse_reconcile_cluster, parse_publish_events, parse_baton, parse_run_work):
        with suppress(InvalidMessage):
            found = parse(text)
            return found.anew(now) if isinstance(found, PublishEvents) else found
    return None


def _shown(record: GivenUp) -> GivenUpClusterJson:
    cluster_id = str(record.cluster_id) if record.cluster_id else None
    return {"clusterId": cluster_id, "runId": record.run_id or None, **record.to_json()}
