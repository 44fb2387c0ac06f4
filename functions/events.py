"""Event Grid: what happened to clusters and their schedules, and which node images came.

The parameter is `str`, not `EventGridEvent`: the worker decides by the body, not the annotation,
which of its classes an event becomes, and a union of both does not load.
"""

import azure.functions as func

from shared.domain.vocabulary.invalid import InvalidEvent
from shared.telemetry.lines import (
    EVENT_ACCEPTED,
    EVENT_IGNORED,
    EVENT_REFUSED,
    NODE_IMAGE_RELEASED,
)
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
        _refuse(error)
        return
    line = EVENT_ACCEPTED if received.accepted else EVENT_IGNORED
    line.log(what=received.what, cluster_id=received.cluster_id)


@blueprint.event_grid_trigger(arg_name="event")
async def on_node_image_released(event: str) -> None:
    """Start a run over the clusters of the location; acknowledge whatever cannot be used."""
    try:
        received = await app().releases.receive(event)
    except InvalidEvent as error:
        _refuse(error)
        return
    NODE_IMAGE_RELEASED.log(
        what=received.what,
        location=received.location,
        image=received.image,
        run_id=received.run_id,
        joined=received.joined,
    )


def _refuse(error: InvalidEvent) -> None:
    """Say which rules an event breaks, and no value of it: it holds the caller's name and claims.

    Whoever may publish to the topic has written the values of a released image.
    """
    rules = "; ".join(f"{problem.field} {problem.rule}" for problem in error.problems)
    EVENT_REFUSED.log(why=rules)
