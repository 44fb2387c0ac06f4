"""Timers: sweeping, watching for node images, minding runs, reading ages, keeping the poisoned.

The schedules are read where the decorators are applied: `%NAME%` would have no default. One that
Azure would never wake the app for is refused there, by name, and the app does not load.
"""

import os

import azure.functions as func

from shared.domain.fleet.run import RunScope
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.fleet.mind import Mended
from shared.telemetry.lines import NODE_IMAGES_WATCHED, RUN_ASKED_FOR, RUNS_MENDED
from shared.telemetry.reports import report_ages
from shared.timer_schedules import timer_schedule
from shared.world import app

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # its constructor has no types

SWEEP_SCHEDULE = timer_schedule(os.environ, "NAPTIME_SWEEP_SCHEDULE")
IMAGE_WATCH_SCHEDULE = timer_schedule(os.environ, "NAPTIME_IMAGE_WATCH_SCHEDULE")
AGES_SCHEDULE = timer_schedule(os.environ, "NAPTIME_IMAGE_AGES_SCHEDULE")
MIND_SCHEDULE = timer_schedule(os.environ, "NAPTIME_MIND_SCHEDULE")
POISON_SCHEDULE = "*/30 * * * * *"

AGAIN_AFTER = "00:00:30"
FOR_MINUTES, FOR_TWO_HOURS = "8", "240"
"""So often a tick is tried again that meets trouble: the next one may be six hours away."""


@blueprint.timer_trigger("timer", SWEEP_SCHEDULE)
@blueprint.retry("fixed_delay", FOR_TWO_HOURS, delay_interval=AGAIN_AFTER)
async def sweep_fleet(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Start a run over everything: the net under lost events."""
    asked = await app().asker.ask(RunScope(), Cause.SWEPT)
    RUN_ASKED_FOR.log(run_id=asked.run.id, joined=asked.joined)


@blueprint.timer_trigger("timer", IMAGE_WATCH_SCHEDULE)
@blueprint.retry("fixed_delay", FOR_MINUTES, delay_interval=AGAIN_AFTER)
async def watch_node_images(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Look for new node images wherever the fleet is; tell of them, or guard the fleet at once."""
    watched = await app().image_watcher.watch()
    NODE_IMAGES_WATCHED.log(
        locations=watched.locations,
        released=watched.released,
        failed=watched.failed,
        why=watched.why or None,
    )


@blueprint.timer_trigger("timer", MIND_SCHEDULE)
@blueprint.retry("fixed_delay", FOR_MINUTES, delay_interval=AGAIN_AFTER)
async def mind_runs(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Put right what a crash left of the runs under way."""
    now = app().ports.clock.now()
    try:
        mended = await app().minder.mind(now)
    finally:
        await app().audit.drop_old(now)
    if mended != Mended():
        RUNS_MENDED.log(
            begun=mended.begun or None,
            started=mended.started or None,
            listed=mended.listed or None,
            batons=mended.batons or None,
            closed=mended.closed or None,
            dropped=mended.dropped or None,
            forgotten=mended.forgotten or None,
            clocks=mended.clocks or None,
        )


@blueprint.timer_trigger("timer", AGES_SCHEDULE)
@blueprint.retry("fixed_delay", FOR_TWO_HOURS, delay_interval=AGAIN_AFTER)
async def read_image_ages(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Read the machines of the fleet, where that is turned on: it needs one more permission."""
    if app().settings.image_ages:
        report_ages(await app().image_ages.read())


@blueprint.timer_trigger("timer", POISON_SCHEDULE)
async def keep_poisoned(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the worker binds it by name
    """Move what the host has set aside to the table of what was given up."""
    await app().poison_keeper.keep()
