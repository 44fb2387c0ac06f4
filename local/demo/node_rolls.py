"""Nodes roll after the image was taken: under a published example of budgets, and naptime's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from local.azure.json_values import as_list, as_object, as_text
from local.demo.azure_controls import Replaced
from local.demo.bodies import NODE_OS, Json, cluster_body, cluster_id, weekly, window
from local.demo.fleet import SHOP, group_of
from local.demo.journal import key_of
from local.demo.node_image import AHEAD, PLACE
from local.demo.show import start_text
from local.demo.telling import Teller

NODES: Final = 60
PUBLISHED: Final[Sequence[Json]] = (
    {"nodes": "1", "schedule": "0 2 * * *", "duration": "2h"},
    {"nodes": "3", "schedule": "0 4 * * *", "duration": "4h"},
)
"""The AKS documentation's "gradual rollout" (node-auto-provisioning-disruption, 2026-07-30)."""

_BY_THE_DOCS, _BY_NAPTIME = "by-the-docs", "by-naptime"
_ROLLING: Final = cluster_id(SHOP, group_of(SHOP, PLACE), "rolling")


@dataclass(frozen=True, slots=True)
class Roll:
    """How a pool was rolled."""

    replaced: Sequence[Replaced]

    @property
    def outside(self) -> Sequence[Replaced]:
        """The replacements that started when the window was closed."""
        return [each for each in self.replaced if not each.in_window]

    def told(self, title: str) -> str:
        """Say it in a line."""
        first, last = self.replaced[0].at, self.replaced[-1].at
        span = f"{start_text(_minute(first))} to {_minute(last):%H:%M}"
        outside = len(self.outside)
        where = f"{outside} outside the window" if outside else "none outside the window"
        return f"{title}: {len(self.replaced)} nodes, {span}, {where}"


async def pools_are_made(teller: Teller) -> None:
    """Make a cluster with a window of somebody's own, in which two equal pools are to roll."""
    azure = teller.stage.azure
    own = window(weekly("Sunday"), startTime="02:00")
    await azure.put_cluster(cluster_body(_ROLLING, PLACE), events=False)
    await azure.put_schedule(_ROLLING, own, events=False)
    teller.deeds.made.append((key_of(_ROLLING), NODE_OS, own))
    teller.deeds.never_without.append(key_of(_ROLLING))


async def nodes_roll(teller: Teller) -> None:
    """Let NAP roll two pools: under a published example, and under the budgets of naptime."""
    teller.show.act("k", f"Nodes roll: {NODES} of them in each of two pools, 15 minutes each")
    azure, api = teller.stage.azure, teller.stage.api
    made = (await api.budgets(_ROLLING)).body
    budgets = as_list(as_object(as_object(made["spec"])["disruption"])["budgets"])
    pools = {_BY_THE_DOCS: PUBLISHED, _BY_NAPTIME: [as_object(each) for each in budgets]}
    await azure.put_pools(_ROLLING, pools, NODES)
    found = await azure.replacements(_ROLLING, await azure.now() + AHEAD)
    docs, ours = (
        Roll([each for each in found if each.pool == name]) for name in (_BY_THE_DOCS, _BY_NAPTIME)
    )
    if not docs.replaced or not ours.replaced:
        teller.tell("k", "no node was replaced: nothing was shown", ok=False)
        return
    suffers = bool(docs.outside)
    teller.tell("k", docs.told('the AKS docs\' "gradual rollout"'), ok=suffers)
    spared = len(ours.replaced) == NODES and not ours.outside
    teller.tell("k", ours.told("naptime's budgets for the window"), ok=spared)
    await _is_found(teller)


async def _is_found(teller: Teller) -> None:
    """Let naptime say what is wrong with the published example."""
    pool: Json = {"kind": "NodePool", "spec": {"disruption": {"budgets": list(PUBLISHED)}}}
    answer = await teller.stage.api.check_budgets(_ROLLING, pool)
    pools = [as_object(each) for each in as_list(answer.body.get("pools"))]
    codes = [as_text(as_object(each)["code"]) for one in pools for each in as_list(one["findings"])]
    text = f"naptime's check of the first: {', '.join(dict.fromkeys(codes)) or 'nothing'}"
    teller.tell("k", text, ok="BudgetUnlimitedOutside" in codes)


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
