"""The fleet as found: a run that says what would be done, then a run that does it."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from http import HTTPStatus
from time import monotonic
from typing import Final

from local.azure.json_values import as_object
from local.demo.bodies import Json
from local.demo.journal import Span
from local.demo.show import Line
from local.demo.stage import until
from local.demo.telling import Teller, counted

PATIENCE_SECONDS: Final = 60.0
FINISHED: Final = "Finished"
DRY_RUN, FLEET_PASS = "dry run", "fleet pass"


async def is_tried(teller: Teller) -> Sequence[Line]:
    """Let naptime say what it would do with the fleet as it was found."""
    clusters, start = counted(len(teller.members), "cluster"), await teller.stage.azure.sequence()
    run, took = await _run(teller, "a", dry_run=True)
    teller.deeds.spans[DRY_RUN] = Span(start, await teller.stage.azure.sequence())
    would = _number(as_object(run.get("outcomes")), "WouldCreate")
    return [Line(f"{clusters} as found, a dry run: {would} would get a window", took)]


async def is_done(teller: Teller) -> Sequence[Line]:
    """Let naptime do it; say how many got the window of each ring."""
    start = await teller.stage.azure.sequence()
    _, took = await _run(teller, "b", dry_run=False)
    span = teller.deeds.spans[FLEET_PASS] = Span(start, await teller.stage.azure.sequence())
    writes = [
        call for call in span.of(await teller.stage.azure.calls(start)) if call.is_accepted_write
    ]
    rings = Counter(f"{call.next_start:%a %H:%M}" for call in writes if call.next_start)
    told = ", ".join(f"{number} on {start}" for start, number in rings.most_common())
    return [Line(f"for real, in a policy's two rings: {told}", took)]


async def _run(teller: Teller, act: str, *, dry_run: bool) -> tuple[Json, timedelta]:
    """Start a fleet run, show its progress, tell how it ended, and give it."""
    words, began = "dry run" if dry_run else "for real", monotonic()
    answer = await teller.stage.api.start_run(dry_run=dry_run)
    if answer.status != HTTPStatus.ACCEPTED:
        teller.tell(act, f"{words}: the run was not accepted, {answer.status}", ok=False)
        return {}, timedelta()
    with teller.show.progress(words, len(teller.members)) as advance:
        finished = await until(
            teller.stage, _Progress(teller, answer.text("runId"), advance).look, PATIENCE_SECONDS
        )
    took = timedelta(seconds=monotonic() - began)
    teller.show.told(f"{words}: {_summary(finished)}", took)
    return finished, took


class _Progress:
    """Looks at a run and moves the bar on; gives the run once it is finished."""

    def __init__(self, teller: Teller, run_id: str, advance: Callable[[], None]) -> None:
        self._teller = teller
        self._run_id = run_id
        self._advance = advance
        self._shown = 0

    async def look(self) -> Json | None:
        """Look once."""
        run = (await self._teller.stage.api.run(self._run_id)).body
        done = _number(as_object(run.get("progress")), "clustersDone")
        while self._shown < done:
            self._advance()
            self._shown += 1
        return run if run.get("state") == FINISHED else None


def _summary(run: Json) -> str:
    outcomes = as_object(run.get("outcomes"))
    counts = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())
    return f"{counts}; {counted(_number(run, 'calls'), 'call')}"


def _number(body: Json, name: str) -> int:
    value = body.get(name)
    return value if isinstance(value, int) else 0
