"""One look at the node images of many locations: calls, and the processor time of the host."""

import asyncio
import tempfile
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from local.bench.figures import Part, Row
from local.bench.fleet_runs import swept
from local.bench.fleets import Lot, fleet_of, subscriptions
from local.bench.processes import processor_seconds
from local.demo.setting_up import Plan, staged
from local.demo.stage import Stage, until

SECONDS_TO_WAIT: Final = 60.0
SETTLING_SECONDS: Final = 1.0
"""After its last call a look has yet to read and write what is remembered."""

NEVER: Final = "0 0 0 1 1 *"
LOOK: Final = "admin/functions/watch_node_images"


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look has cost; processor time in seconds, whatever else the host did included."""

    calls: int
    processor: float


async def one_look(locations: int) -> Part:
    """Look at so many locations that are known already, each with twelve images of NAP's."""
    lots = [Lot(subscriptions(1), f"place{number:02}", 1) for number in range(locations)]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"NAPTIME_IMAGE_WATCH_SCHEDULE": NEVER}
        plan = Plan(fleet_of(lots), subscriptions(1), (), Path(folder), settings=settings)
        async with staged(plan, lambda _: None) as stage:
            await swept(stage, {"fleet": True})
            await _look(stage, locations)
            looked = await _look(stage, locations)
    rows = (
        Row("calls", locations, looked.calls),
        Row("processor time of the host", 1, looked.processor, "s"),
    )
    return Part(f"node images: one look at {locations} locations of 12 images", rows)


async def _look(stage: Stage, locations: int) -> Looked:
    since, before = await stage.azure.sequence(), processor_seconds(stage.host_pid)
    status = await stage.api.post_raw(LOOK, b'{"input": ""}', {"content-type": "application/json"})
    if status != HTTPStatus.ACCEPTED:
        raise RuntimeError(f"the look was not started: {status}")

    async def over() -> int | None:
        calls = await _calls(stage, since)
        return calls if calls >= locations else None

    await until(stage, over, SECONDS_TO_WAIT)
    await asyncio.sleep(SETTLING_SECONDS)
    return Looked(await _calls(stage, since), processor_seconds(stage.host_pid) - before)


async def _calls(stage: Stage, since: int) -> int:
    """Count the calls for node images; the simulator's journal has those of the topic apart."""
    calls = await stage.azure.calls(since)
    return sum("nodeimageversions" in call.path.lower() for call in calls)
