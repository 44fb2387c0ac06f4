"""What naptime cannot do anything with: kept in the table of what was given up, to be read."""

from msgspec import Struct

from shared.domain.fleet.run_work import RUNS_QUEUE, SHARDS_QUEUE, part_of_run
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.outbox import EVENTS_QUEUE
from shared.domain.messages.work import CLUSTERS_QUEUE, ReconcileCluster, parse_reconcile_cluster
from shared.domain.vocabulary.invalid import InvalidMessage
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Reason
from shared.ports.azure import Clock
from shared.ports.storage import PoisonQueues
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.telemetry.lines import POISONED

QUEUES = (CLUSTERS_QUEUE, RUNS_QUEUE, SHARDS_QUEUE, EVENTS_QUEUE)

GOES_ON = "Look at the logged exception, report it as a bug; the run itself goes on."
FAILED_AGAIN = "the message failed as often as the queue delivers it"
NOT_BASE64 = "the message is not base64 of UTF-8, which the queue's function can read"


class PoisonReporter(Struct, frozen=True):
    """Moves messages to the table of what was given up."""

    given_up: GivenUpRecords
    clock: Clock

    async def record(self, text: str, why: str) -> GivenUp:
        """Record one message, readable or not, and give what was recorded."""
        work = _work_of(text)
        run_id, part = part_of_run(text) or ("", "")
        given_up = GivenUp(
            cluster_id=work.cluster_id if work else None,
            reason=Reason.POISONED.value,
            message=why,
            advice=GOES_ON if run_id else REASONS[Reason.POISONED].you_can,
            given_up_at=self.clock.now(),
            attempts=work.attempt if work else 1,
            work=text,
            run_id=run_id,
            part=part,
        )
        await self.given_up.put(given_up)
        return given_up


class PoisonKeeper(Struct, frozen=True):
    """Empties the poison queues, by itself: a function of theirs would be given up on as well.

    The host never again gives a function a message that it has failed on five times; here one
    waits until it could be recorded.
    """

    poison: PoisonQueues
    reporter: PoisonReporter

    async def keep(self) -> None:
        """Record all that is there, loudly; the trouble of one queue is raised after the others."""
        failed = list[Exception]()
        for queue in QUEUES:
            try:
                await self._empty(queue)
            except Exception as error:  # noqa: BLE001 - the other queues are not to wait for it
                failed.append(error)
        if failed:
            raise failed[0]

    async def _empty(self, queue: str) -> None:
        while messages := await self.poison.take(queue):
            for message in messages:
                kept = await self.reporter.record(
                    message.text, FAILED_AGAIN if message.decoded else NOT_BASE64
                )
                await self.poison.remove(message)
                POISONED.log(cluster_id=kept.cluster_id, reason=kept.reason, advice=kept.advice)


def _work_of(text: str) -> ReconcileCluster | None:
    try:
        return parse_reconcile_cluster(text)
    except InvalidMessage:
        return None
