"""Timers: the sweep over everything, the watch for node images, and the minding of runs.

The schedules are read where the decorators are applied: `%NAME%` would have no default.

The timer that reads how old the images of NAP's machines are.

Its schedule is read where the decorator is applied: `%NAME%` would have no default.
"""

import logging
import os

import azure.functions as func

from shared.domain.fleet.run import RunScope
from shared.domain.vocabulary.reasons import Cause
from shared.telemetry.log import log_ages, log_facts
from shared.world import app

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types

SWEEP_SCHEDULE = os.environ.get("NAPTIME_SWEEP_SCHEDULE") or "0 0 */6 * * *"
IMAGE_WATCH_SCHEDULE = os.environ.get("NAPTIME_IMAGE_WATCH_SCHEDULE") or "0 */15 * * * *"
MIND_SCHEDULE = os.environ.get("NAPTIME_MIND_SCHEDULE") or "0 */5 * * * *"


@blueprint.timer_trigger("timer", SWEEP_SCHEDULE)
async def sweep_fleet(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Start a run over everything: the net under lost events."""
    asked = await app().asker.ask(RunScope(), Cause.SWEPT)
    facts: dict[str, object] = {"runId": asked.run.id, "joined": asked.joined}
    log_facts(logging.INFO, "run asked for", facts)


@blueprint.timer_trigger("timer", IMAGE_WATCH_SCHEDULE)
async def watch_node_images(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Look for new node images wherever the fleet is; tell of them, or guard the fleet at once."""
    watched = await app().image_watcher.watch()
    quiet = logging.INFO if watched.released else logging.DEBUG
    level = logging.WARNING if watched.failed else quiet
    log_facts(level, "node images watched", watched.to_facts())


@blueprint.timer_trigger("timer", MIND_SCHEDULE)
async def mind_runs(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Put right what a crash left of the runs under way."""
    now = app().ports.clock.now()
    mended = await app().minder.mind(now)
    await app().audit.drop_old(now)
    if facts := mended.to_facts():
        log_facts(logging.WARNING, "runs mended", facts)


AGES_SCHEDULE = os.environ.get("NAPTIME_IMAGE_AGES_SCHEDULE") or "0 30 */6 * * *"


@blueprint.timer_trigger("timer", AGES_SCHEDULE)
async def read_image_ages(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Read the machines of the fleet, where that is turned on: it needs one more permission."""
    if app().settings.image_ages:
        log_ages(await app().image_ages.read())
