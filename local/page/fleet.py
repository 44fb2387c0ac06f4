"""The demonstration fleet, looked after by naptime in rings: what the page is drawn with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

from local.demo.fleet import DEV, fleet
from local.demo.setting_up import plan_of, staged
from local.demo.stage import Stage, StageFailed, until

RUN_SECONDS: Final = 120.0
RINGS: Final = f"""version = 1

[windows.dev]
on = "Tuesday"
start = "22:00"
hours = 6
zone = "Europe/Berlin"

[windows.prod-europe]
on = "Sunday"
start = "01:00"
hours = 6
zone = "Europe/Berlin"

[windows.prod-americas]
on = "Sunday"
start = "01:00"
hours = 6
zone = "America/New_York"

[[rules]]
name = "dev"
match.tags.env = "{DEV}"
window = "dev"

[[rules]]
name = "prod in the Americas"
match.locations = "eastus2"
window = "prod-americas"

[[rules]]
name = "prod in Europe"
window = "prod-europe"
"""


@asynccontextmanager
async def looked_after(folder: Path) -> AsyncIterator[Stage]:
    """Start everything with the demonstration fleet, and have a run over all of it done."""
    async with staged(plan_of(fleet(), folder), _to_nobody) as stage:
        answer = await stage.api.put_policy(RINGS)
        if answer.status != HTTPStatus.OK:
            raise StageFailed(f"the policy was refused: {answer.body}")
        run = (await stage.api.start_run()).text("runId")
        await until(stage, lambda: _finished(stage, run), RUN_SECONDS)
        yield stage


async def _finished(stage: Stage, run: str) -> bool | None:
    return (await stage.api.run(run)).text("state") == "Finished" or None


def _to_nobody(_: str) -> None:
    return
