"""The queue of events that naptime publishes."""

import logging

import azure.functions as func

from shared.bootstrap import app
from shared.domain.errors import InvalidMessage
from shared.domain.event_work import EVENTS_QUEUE
from shared.telemetry import log_facts

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types


@blueprint.queue_trigger("msg", EVENTS_QUEUE, "AzureWebJobsStorage")
async def publish_events(msg: str) -> None:
    """Publish the events of one message to the custom topic."""
    try:
        await app().publisher.publish(msg)
    except InvalidMessage as error:
        await app().poison.record(msg, str(error))
        log_facts(logging.ERROR, "message given up", {"why": error})
