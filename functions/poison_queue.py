"""The poison queues: what failed again and again, for a reason that naptime does not know."""

import logging

import azure.functions as func

from shared.bootstrap import app
from shared.domain.event_work import EVENTS_POISON_QUEUE
from shared.domain.run_work import RUNS_POISON_QUEUE, SHARDS_POISON_QUEUE
from shared.domain.work import CLUSTERS_POISON_QUEUE
from shared.telemetry import log_facts

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types

WHY = "the message failed as often as the queue delivers it"


@blueprint.queue_trigger("msg", CLUSTERS_POISON_QUEUE, "AzureWebJobsStorage")
async def report_poisoned_cluster(msg: str) -> None:
    """Move the message to the table of what was given up."""
    await _record(msg)


@blueprint.queue_trigger("msg", RUNS_POISON_QUEUE, "AzureWebJobsStorage")
async def report_poisoned_run(msg: str) -> None:
    """Keep the message until its run ends, which goes on once `mind_runs` misses it."""
    await _record(msg)


@blueprint.queue_trigger("msg", SHARDS_POISON_QUEUE, "AzureWebJobsStorage")
async def report_poisoned_shard(msg: str) -> None:
    """Keep the baton until its run ends; its shard gets another once `mind_runs` misses it."""
    await _record(msg)


@blueprint.queue_trigger("msg", EVENTS_POISON_QUEUE, "AzureWebJobsStorage")
async def report_poisoned_events(msg: str) -> None:
    """Keep the events that were never published."""
    await _record(msg)


async def _record(msg: str) -> None:
    given_up = await app().poison.record(msg, WHY)
    facts: dict[str, object] = {
        "clusterId": given_up.cluster_id,
        "reason": given_up.reason,
        "advice": given_up.advice,
    }
    log_facts(logging.ERROR, "poisoned", facts)
