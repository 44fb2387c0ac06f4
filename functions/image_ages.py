"""The timer that reads how old the images of NAP's machines are.

Its schedule is read where the decorator is applied: `%NAME%` would have no default.
"""

import os

import azure.functions as func

from shared.bootstrap import app
from shared.telemetry import log_ages

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types

AGES_SCHEDULE = os.environ.get("NAPTIME_IMAGE_AGES_SCHEDULE") or "0 30 */6 * * *"


@blueprint.timer_trigger("timer", AGES_SCHEDULE)
async def read_image_ages(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Read the machines of the fleet, where that is turned on: it needs one more permission."""
    if app().settings.image_ages:
        log_ages(await app().image_ages.read())
