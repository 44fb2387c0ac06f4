"""Event Grid: something was written on a cluster, or on its maintenance configurations.

The parameter is `str`, not `EventGridEvent`: the worker decides by the body, not the annotation,
which of its classes an event becomes, and a union of both does not load.

Event Grid, naptime's own topic: a node image was released in a location.
"""

import logging

import azure.functions as func

from shared.domain.vocabulary.errors import InvalidEvent
from shared.telemetry.log import log_facts
from shared.world import app

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types


@blueprint.event_grid_trigger(arg_name="event")
async def on_cluster_created(event: str) -> None:
    """Put the cluster that was created or updated on the work queue."""
    await _receive(event)


@blueprint.event_grid_trigger(arg_name="event")
async def on_schedule_changed(event: str) -> None:
    """Put the cluster whose node OS schedule was changed or deleted on the work queue."""
    await _receive(event)


async def _receive(event: str) -> None:
    """Acknowledge whatever cannot be used; only a failed enqueue makes Event Grid send it again."""
    try:
        received = await app().events.receive(event)
    except InvalidEvent as error:
        # The values stay out: the event may hold the caller's name, address and claims.
        rules = "; ".join(f"{problem.field} {problem.rule}" for problem in error.problems)
        log_facts(logging.WARNING, "event refused", {"why": rules})
        return
    level = logging.INFO if received.accepted else logging.DEBUG
    facts: dict[str, object] = {"what": received.what, "clusterId": received.cluster_id}
    log_facts(level, "event accepted" if received.accepted else "event ignored", facts)


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
