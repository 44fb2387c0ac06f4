"""Nodes roll after the image was taken: under a published example of budgets, and naptime's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from local.azure.json_values import as_list, as_object, as_text
from local.demo.azure_controls import Replaced
from local.demo.bodies import NODE_OS, Json, cluster_body, cluster_id, weekly, window
from local.demo.fleet import SHOP, group_of
from local.demo.journal import key_of
from local.demo.node_image import AHEAD, PLACE
from local.demo.show import Line
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
        if not self.replaced:
            return f"{title}: none was replaced"
        first, last = self.replaced[0].at, self.replaced[-1].at
        outside = len(self.outside) or "none"
        return f"{title}: {first:%a %H:%M} to {last:%H:%M}, {outside} outside the window"


async def pools_are_made(teller: Teller) -> None:
    """Make a cluster with a window of somebody's own, in which two equal pools are to roll."""
    azure = teller.stage.azure
    own = window(weekly("Sunday"), startTime="02:00")
    await azure.put_cluster(cluster_body(_ROLLING, PLACE), events=False)
    await azure.put_schedule(_ROLLING, own, events=False)
    teller.deeds.made.append((key_of(_ROLLING), NODE_OS, own))
    teller.deeds.never_without.append(key_of(_ROLLING))


async def nodes_roll(teller: Teller) -> Sequence[Line]:
    """Let NAP roll two pools: under a published example, and under the budgets of naptime."""
    azure, api = teller.stage.azure, teller.stage.api
    made = (await api.budgets(_ROLLING)).body
    budgets = as_list(as_object(as_object(made["spec"])["disruption"])["budgets"])
    pools = {_BY_THE_DOCS: PUBLISHED, _BY_NAPTIME: [as_object(each) for each in budgets]}
    await azure.put_pools(_ROLLING, pools, NODES)
    found = await azure.replacements(_ROLLING, await azure.now() + AHEAD)
    docs, ours = (
        Roll([each for each in found if each.pool == name]) for name in (_BY_THE_DOCS, _BY_NAPTIME)
    )
    spared = len(ours.replaced) == NODES and not ours.outside
    suffers = "" if docs.outside else "nothing was shown: the published example harms nobody"
    teller.tell("n", suffers or docs.told("the published budgets"), ok=bool(docs.outside))
    teller.tell("n", ours.told("naptime's budgets"), ok=spared)
    await _is_found(teller)
    return [
        Line(ours.told(f"{NODES} nodes, naptime's budgets")),
        Line(docs.told(f"{NODES} nodes, Microsoft's example"), aside=True),
    ]


async def _is_found(teller: Teller) -> None:
    """Let naptime say what is wrong with the published example."""
    pool: Json = {"kind": "NodePool", "spec": {"disruption": {"budgets": list(PUBLISHED)}}}
    answer = await teller.stage.api.check_budgets(_ROLLING, pool)
    pools = [as_object(each) for each in as_list(answer.body.get("pools"))]
    codes = [as_text(as_object(each)["code"]) for one in pools for each in as_list(one["findings"])]
    text = f"naptime's check of the first: {', '.join(dict.fromkeys(codes)) or 'nothing'}"
    teller.tell("n", text, ok="BudgetUnlimitedOutside" in codes)
