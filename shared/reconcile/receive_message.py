"""What the functions on the queues do with a message's text."""

import logging
from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import InvalidMessage
from shared.domain.given_up import GivenUp
from shared.domain.outcome import Outcome
from shared.domain.reasons import REASONS, Reason
from shared.domain.run_work import part_of_run
from shared.domain.work import ReconcileCluster, parse_reconcile_cluster
from shared.reconcile.do_cluster_work import ClusterWorker
from shared.reconcile.ports import Clock, GivenUpRecords
from shared.telemetry import log_facts


@dataclass(frozen=True, slots=True)
class MessageReceiver:
    """Receives from the work queue; what is no work is recorded, not tried again and again."""

    worker: ClusterWorker
    subscriptions: frozenset[str]

    async def receive(self, text: str, inserted_at: datetime | None) -> Outcome | None:
        """Do the work in one message; None where there is nothing (more) to do."""
        try:
            work = parse_reconcile_cluster(text)
        except InvalidMessage as error:
            await PoisonReporter(self.worker.given_up, self.worker.clock).record(text, str(error))
            raise
        if work.cluster_id.subscription_id not in self.subscriptions:
            why = "its subscription is not in NAPTIME_SUBSCRIPTIONS (any more)"
            log_facts(logging.WARNING, "work dropped", {"clusterId": work.cluster_id, "why": why})
            return None
        return await self.worker.do(work, inserted_at)


GOES_ON = "Look at the logged exception, report it as a bug; the run itself goes on."


@dataclass(frozen=True, slots=True)
class PoisonReporter:
    """Moves what failed again and again to the table of what was given up."""

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


def _work_of(text: str) -> ReconcileCluster | None:
    try:
        return parse_reconcile_cluster(text)
    except InvalidMessage:
        return None
