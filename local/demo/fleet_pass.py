"""The fleet as found: what would be done, then doing it.

One call for each cluster, several at once: naptime has no fleet run over HTTP yet. When it has,
`reconcile_fleet` becomes that one call.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from time import monotonic
from typing import Final

from local.demo.journal import Span
from local.demo.naptime_api import Answer, NaptimeApi
from local.demo.telling import Teller, counted

AT_ONCE: Final = 8
_EXPECTED: Final = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.FORBIDDEN})


async def pass_over_fleet(teller: Teller) -> tuple[Span, Span]:
    """Let naptime say what it would do, then do it; the parts of the journal that these are."""
    clusters = [member.id for member in teller.members]
    teller.show.act("a", f"The fleet as found: {counted(len(clusters), 'cluster')}")
    start = await teller.stage.azure.sequence()
    await _tell_pass(teller, clusters, dry_run=True)
    between = await teller.stage.azure.sequence()
    await _tell_pass(teller, clusters, dry_run=False)
    return Span(start, between), Span(between, await teller.stage.azure.sequence())


async def reconcile_fleet(
    api: NaptimeApi, clusters: list[str], advance: Callable[[], None], *, dry_run: bool
) -> Mapping[str, Answer]:
    """Have every cluster reconciled, and give the answers by cluster."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(cluster: str) -> Answer:
        async with places:
            answer = await api.reconcile(cluster, dry_run=dry_run)
        advance()
        return answer

    answers = await asyncio.gather(*(one(cluster) for cluster in clusters))
    return dict(zip(clusters, answers, strict=True))


async def _tell_pass(teller: Teller, clusters: list[str], *, dry_run: bool) -> None:
    words = "dry run" if dry_run else "for real"
    began = monotonic()
    with teller.show.progress(words, len(clusters)) as advance:
        answers = await reconcile_fleet(teller.stage.api, clusters, advance, dry_run=dry_run)
    took = timedelta(seconds=monotonic() - began)
    teller.show.told(f"{words}: {_summary(answers)}", took)
    wrong = [key for key, answer in answers.items() if answer.status not in _EXPECTED]
    if wrong:
        teller.tell("a", f"no proper answer for {', '.join(wrong)}", ok=False)


def _summary(answers: Mapping[str, Answer]) -> str:
    counts = Counter(outcome_of(answer) for answer in answers.values())
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())


def outcome_of(answer: Answer) -> str:
    """Give the outcome in an answer; Refused where naptime may not act on the cluster."""
    if answer.status == HTTPStatus.FORBIDDEN:
        return "Refused"
    return answer.text("outcome") or f"status {answer.status}"
