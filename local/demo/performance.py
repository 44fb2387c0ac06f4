"""The story from beginning to end, then the table and the promises."""

from collections.abc import Mapping
from datetime import timedelta
from time import monotonic

from local.demo.ending import gather, rows
from local.demo.fleet_pass import pass_over_fleet
from local.demo.forgeries import forgeries_are_sent
from local.demo.journal import Span
from local.demo.node_image import image_is_released
from local.demo.node_rolls import nodes_roll, pools_are_made
from local.demo.promises import judge
from local.demo.story import ACTS
from local.demo.telling import Teller, counted


async def perform(teller: Teller, promised: timedelta) -> int:
    """Play every act, show what came of it, and judge: 0 if every promise held, otherwise 1."""
    began, show = monotonic(), teller.show
    show.line(_window_text(teller.stage.settings))
    before = await teller.stage.azure.state()
    passes = await pass_over_fleet(teller)
    for act in ACTS:
        await act(teller)
    forgeries = await forgeries_are_sent(teller)
    story = Span(passes[1].until, await teller.stage.azure.sequence())
    await pools_are_made(teller)
    news = await image_is_released(teller)
    await nodes_roll(teller)
    show.clusters(await rows(teller, await teller.stage.azure.state()))
    results = judge(await gather(teller, before, (*passes, story), forgeries, news), promised)
    show.promises(results)
    broken = sum(not result.kept for result in results)
    words = f"{broken} broken" if broken else "all kept"
    took = monotonic() - began
    show.line("")
    show.line(f"{counted(len(results), 'promise')}, {words}; the story took {took:.0f} s")
    return 1 if broken else 0


def _window_text(settings: Mapping[str, str]) -> str:
    day, start = settings["NAPTIME_WINDOW_DAY"], settings["NAPTIME_WINDOW_START"]
    return (
        f"naptime is told to write {day} {start} UTC. That is in less than 30 minutes, too\n"
        "soon to count on: the first start has to be the one a week later.\n"
    )
