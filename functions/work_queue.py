"""The work queues."""

import logging

import azure.functions as func

from shared.bootstrap import app
from shared.domain.errors import InvalidMessage
from shared.domain.work import CLUSTERS_QUEUE
from shared.telemetry import log_facts

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types


@blueprint.queue_trigger("msg", CLUSTERS_QUEUE, "AzureWebJobsStorage")
async def reconcile_one(msg: func.QueueMessage) -> None:
    """Reconcile one cluster."""
    text = msg.get_body().decode("utf-8", "replace")
    try:
        await app().messages.receive(text, msg.insertion_time)
    except InvalidMessage as error:
        # It would be refused each time; the table keeps it, loudly.
        await app().poison.record(text, str(error))
        log_facts(logging.ERROR, "message given up", {"why": error})
