"""The fleet as found: a run that says what would be done, then a run that does it."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from time import monotonic
from typing import Final

from local.azure.json_values import as_object
from local.demo.bodies import Json
from local.demo.journal import Span
from local.demo.stage import until
from local.demo.telling import Teller, counted

PATIENCE_SECONDS: Final = 60.0
FINISHED: Final = "Finished"


async def pass_over_fleet(teller: Teller) -> tuple[Span, Span]:
    """Let naptime say what it would do, then do it; the parts of the journal that these are."""
    clusters = counted(len(teller.members), "cluster")
    teller.show.act("a", f"The fleet as found, {clusters}: POST /api/reconcile for all of it")
    start = await teller.stage.azure.sequence()
    await _run(teller, dry_run=True)
    between = await teller.stage.azure.sequence()
    await _run(teller, dry_run=False)
    return Span(start, between), Span(between, await teller.stage.azure.sequence())


async def _run(teller: Teller, *, dry_run: bool) -> None:
    """Start a fleet run, show its progress, and tell how it ended."""
    words, began = "dry run" if dry_run else "for real", monotonic()
    answer = await teller.stage.api.start_run(dry_run=dry_run)
    if answer.status != HTTPStatus.ACCEPTED:
        teller.tell("a", f"{words}: the run was not accepted, {answer.status}", ok=False)
        return
    with teller.show.progress(words, len(teller.members)) as advance:
        finished = await until(
            teller.stage, _Progress(teller, answer.text("runId"), advance).look, PATIENCE_SECONDS
        )
    took = timedelta(seconds=monotonic() - began)
    teller.show.told(f"{words}: {_summary(finished)}", took)


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
