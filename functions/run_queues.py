"""The queues of runs and of shards."""

import logging

import azure.functions as func

from shared.bootstrap import app
from shared.domain.errors import InvalidMessage
from shared.domain.run_work import RUNS_QUEUE, SHARDS_QUEUE
from shared.telemetry import log_facts

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types


@blueprint.queue_trigger("msg", RUNS_QUEUE, "AzureWebJobsStorage")
async def start_run(msg: str) -> None:
    """Start a run, or list one of its subscriptions."""
    try:
        await app().run_messages.receive_run_work(msg)
    except InvalidMessage as error:
        await _give_up(msg, error)


@blueprint.queue_trigger("msg", SHARDS_QUEUE, "AzureWebJobsStorage")
async def reconcile_shard(msg: str) -> None:
    """Work on one shard of a run for some seconds, then pass the baton on."""
    try:
        await app().run_messages.receive_baton(msg)
    except InvalidMessage as error:
        await _give_up(msg, error)


async def _give_up(text: str, error: InvalidMessage) -> None:
    """Keep what would be refused each time; the log says so, loudly."""
    await app().poison.record(text, str(error))
    log_facts(logging.ERROR, "message given up", {"why": error})
