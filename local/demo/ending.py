"""The end of the story: the table of the clusters, and the evidence for the promises."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from local.azure.json_values import as_list, as_object, as_text, instant_of
from local.demo.evidence import ClusterState, Evidence
from local.demo.fleet import NAMES, OWN_SUBSCRIPTIONS, Kind
from local.demo.fleet_pass import DRY_RUN, FLEET_PASS
from local.demo.journal import key_of
from local.demo.naptime_api import Answer
from local.demo.show import Row, start_text
from local.demo.stage import StageFailed
from local.demo.telling import Teller, short_name
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION

AT_ONCE: Final = 8
STORY: Final = "story"
_ATTENTION: Final = frozenset(reason.value for reason in NEEDS_ATTENTION)


async def gather(
    teller: Teller, before: Mapping[str, ClusterState], shown: Sequence[Row]
) -> Evidence:
    """Take the journal and the state as they are now; raises StageFailed if an act is missing."""
    azure, deeds = teller.stage.azure, teller.deeds
    if deeds.forgeries is None or deeds.release is None:
        raise StageFailed("an act of the story was not played")
    excluded = (member.id for member in teller.members if member.kind is Kind.EXCLUDED)
    return Evidence(
        subscriptions=frozenset(OWN_SUBSCRIPTIONS),
        excluded=frozenset(map(key_of, excluded)),
        before=before,
        after=await azure.state(),
        journal=await azure.calls(),
        dry_run=deeds.spans[DRY_RUN],
        fleet_pass=deeds.spans[FLEET_PASS],
        story=deeds.spans[STORY],
        forgeries=deeds.forgeries.span,
        forged=deeds.forgeries.named,
        fence=deeds.forgeries.fence,
        deeds=deeds,
        release=deeds.release,
        pickups=deeds.pickups,
        for_a_person=frozenset(row.key for row in shown if row.needs_attention),
    )


async def rows(teller: Teller, states: Mapping[str, ClusterState]) -> list[Row]:
    """Ask naptime about every cluster that there is, for the table."""
    places = asyncio.Semaphore(AT_ONCE)
    with teller.show.progress("asking about every cluster", len(states)) as advance:

        async def row(state: ClusterState) -> Row:
            async with places:
                answer = await teller.stage.api.look(state.key)
            advance()
            return _row(state, answer)

        return await asyncio.gather(*map(row, states.values()))


def _row(state: ClusterState, answer: Answer) -> Row:
    last, decision = answer.part("lastOutcome"), answer.part("decision")
    reason = as_text((last or decision).get("reason")) or answer.text("reason")
    findings = (as_object(each) for each in as_list(decision.get("findings")))
    return Row(
        key=state.key,
        place=f"{NAMES[state.subscription]} in {state.location}",
        cluster=short_name(state.key),
        outcome=as_text(last.get("outcome")) or as_text(decision.get("action")) or "Refused",
        reason=reason,
        needs_attention=any(as_text(each["reason"]) in _ATTENTION for each in findings),
        next_start=_next_start(answer),
    )


def _next_start(answer: Answer) -> str:
    coming = as_list(answer.body.get("nextOccurrences"))
    starts = [as_text(as_object(each).get("start")) for each in coming[:1]]
    return start_text(instant_of(starts[0])) if starts else ""
