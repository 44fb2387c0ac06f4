"""The story from beginning to end: before and after, the promises, and what needs a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Final

from local.demo.clock_change import clocks_change
from local.demo.ending import STORY, gather, rows
from local.demo.evidence import Evidence
from local.demo.fleet_pass import FLEET_PASS, is_done, is_tried
from local.demo.journal import Span
from local.demo.kubernetes import kubernetes_is_upgraded
from local.demo.node_image import image_is_released
from local.demo.node_rolls import NODES, nodes_roll, pools_are_made
from local.demo.picture import page_is_pictured
from local.demo.promised_schedules import clusters_of_naptime, unprotected
from local.demo.promises import judge
from local.demo.results import Result
from local.demo.rings import policy_text
from local.demo.show import Row
from local.demo.stage import StageFailed
from local.demo.story import ACTS
from local.demo.telling import Act, Teller

OPENS_IN: Final = timedelta(minutes=20)
"""Less than the 30 minutes that AKS asks for: the first start has to be the one a week later."""

FIRST_ACTS: Final = (
    Act("a", "the fleet as found, a dry run", is_tried),
    Act("b", "the same for real", is_done),
)
LAST_ACTS: Final = (
    Act("l", "a node image is released, and one cluster's event was lost", image_is_released),
    Act("m", "Kubernetes is upgraded", kubernetes_is_upgraded),
    Act("n", f"{NODES} nodes roll in each of two pools", nodes_roll),
    Act("o", "clocks change in a zone", clocks_change),
)
INTRODUCTION: Final = (
    "Without a window, node auto-provisioning (NAP) takes a new node image the moment\n"
    "it appears, and nodes roll at an hour nobody chose. naptime gives every cluster\n"
    "a window. Here: the app itself, on a Functions host, against a simulated Azure.\n"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is shown beside the story, and the longest time from an event to the write."""

    table: bool
    promises: bool
    promised: timedelta


async def perform(teller: Teller, wanted: Wanted) -> int:
    """Play every act, show what came of it, and judge: 0 if every promise held, otherwise 1."""
    began, azure = monotonic(), teller.stage.azure
    before = await azure.state()
    await _rings(teller)
    await _play(teller, FIRST_ACTS)
    await _play(teller, ACTS)
    begins = teller.deeds.spans[FLEET_PASS].until
    teller.deeds.spans[STORY] = Span(begins, await azure.sequence())
    await pools_are_made(teller)
    await _play(teller, LAST_ACTS)
    shown = await rows(teller, await azure.state())
    picture = await page_is_pictured(teller)
    evidence = await gather(teller, before, shown)
    results = judge(evidence, wanted.promised)
    _conclude(teller, wanted, evidence, results, shown, monotonic() - began)
    _what_next(teller, picture)
    return 0 if all(result.kept for result in results) else 1


async def _rings(teller: Teller) -> None:
    opens = await teller.stage.azure.now() + OPENS_IN
    answer = await teller.stage.api.put_policy(policy_text(opens))
    if answer.status != HTTPStatus.OK:
        raise StageFailed(f"the policy was refused: {answer.body}")


async def _play(teller: Teller, acts: Sequence[Act]) -> None:
    for act in acts:
        await teller.play(act)


def _conclude(  # noqa: PLR0913, PLR0917 - the end of the story, from all that came before
    teller: Teller,
    wanted: Wanted,
    evidence: Evidence,
    results: Sequence[Result],
    shown: Sequence[Row],
    took: float,
) -> None:
    show = teller.show
    if wanted.table:
        show.clusters(shown)
    broken = [result for result in results if not result.kept]
    if wanted.promises or broken:
        show.promises(results if wanted.promises else broken)
    show.line("")
    _before_and_after(teller, evidence)
    text = f"{len(results) - len(broken)} of {len(results)} kept, in {took:.0f} s"
    show.fact("promises", text, "bold red" if broken else "")
    look_at = [row.cluster for row in shown if row.needs_attention]
    show.fact("a person", f"should look at {len(look_at)}: {', '.join(sorted(look_at))}")


def _what_next(teller: Teller, picture: Path | None) -> None:
    show = teller.show
    if picture:
        show.fact("page", f"{picture}; make up has it live")
    show.fact("next", "make plan: your own clusters, reading only; docs/first-week.md")
    show.fact("", 'ARGS="--table --promises --details": every cluster, promise and line')


def _before_and_after(teller: Teller, evidence: Evidence) -> None:
    before, after = (unprotected(states, evidence) for states in (evidence.before, evidence.after))
    found = [key for key in clusters_of_naptime(evidence) if key in evidence.before]
    teller.show.fact(
        "before",
        f"{len(before)} of {len(found)} NAP clusters would have taken the image at once",
    )
    ours = len(clusters_of_naptime(evidence))
    left = f"{len(after)} of {ours}" if after else f"none of {ours}"
    names = f": {', '.join(key.rpartition('/')[2] for key in after)}" if after else ""
    teller.show.fact("after", f"{left}{names}; the others wait for their windows")
