"""Event Grid, naptime's own topic: a node image was released in a location."""

import logging

import azure.functions as func

from shared.bootstrap import app
from shared.domain.errors import InvalidEvent
from shared.telemetry import log_facts

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types


@blueprint.event_grid_trigger(arg_name="event")
async def on_node_image_released(event: str) -> None:
    """Start a run over the clusters of the location; acknowledge whatever cannot be used."""
    try:
        received = await app().releases.receive(event)
    except InvalidEvent as error:
        # The values stay out, as with every event: anyone who may publish has written them.
        rules = "; ".join(f"{problem.field} {problem.rule}" for problem in error.problems)
        log_facts(logging.WARNING, "event refused", {"why": rules})
        return
    level = logging.INFO if received.accepted else logging.DEBUG
    log_facts(level, "node image released", received.to_facts())
