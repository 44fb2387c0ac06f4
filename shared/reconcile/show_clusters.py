"""The last known state of every cluster with node auto-provisioning, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.pages import PAGE_SIZE, Page, from_token, to_token
from shared.domain.reasons import Reason
from shared.reconcile.remember_clusters import ClusterMemory

NOT_SHOWN = frozenset({Reason.NOT_AUTO_PROVISIONED.value, Reason.CLUSTER_GONE.value})
"""No clusters with node auto-provisioning; shown to whoever asks for that very reason."""


@dataclass(frozen=True, slots=True)
class FleetViewer:
    """Answers `GET /clusters`; asks nobody but the table."""

    memory: ClusterMemory
    subscriptions: frozenset[str]

    async def clusters(
        self, subscription_id: str | None, where: Mapping[str, str], token: str
    ) -> Page:
        """Give a page of clusters with these values (`location`, `reason`, `outcome`)."""
        first, after = from_token(token, 2)
        shown: list[dict[str, object]] = []
        for each in [subscription_id] if subscription_id else sorted(self.subscriptions):
            if each < first:
                continue
            place = after if each == first else ""
            while room := PAGE_SIZE - len(shown):
                found = await self.memory.first(each, room, place, where)
                hidden = NOT_SHOWN - {where.get("reason", "")}
                shown += [
                    known.to_json()
                    for known in found
                    if known.last_outcome.get("reason") not in hidden
                ]
                if len(found) < room:
                    break
                place = found[-1].key
            else:
                return Page(shown, to_token(each, place))
        return Page(shown)
