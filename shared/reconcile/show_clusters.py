"""The last known state of every cluster with node auto-provisioning, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.cluster_id import GUID
from shared.domain.last_known import KnownClusterJson
from shared.domain.pages import Page, PageAsked, to_token
from shared.domain.reasons import Reason
from shared.domain.rows import Value
from shared.reconcile.remember_clusters import ROW_KEY, ClusterMemory

NOT_SHOWN = frozenset({Reason.NOT_AUTO_PROVISIONED.value, Reason.CLUSTER_GONE.value})
"""No clusters with node auto-provisioning; shown to whoever asks for that very reason."""


@dataclass(frozen=True, slots=True)
class FleetViewer:
    """Answers `GET /clusters`; asks nobody but the table."""

    memory: ClusterMemory
    subscriptions: frozenset[str]

    async def clusters(
        self, subscription_id: str | None, where: Mapping[str, Value], asked: PageAsked
    ) -> Page[KnownClusterJson]:
        """Give a page of clusters with these values of their rows.

        Subscriptions are taken from the settings, never from a token: it only says where to begin.
        """
        question = {"of": "clusters", "subscription": subscription_id, **_as_text(where)}
        first, after = asked.place(question, GUID, ROW_KEY)
        shown: list[KnownClusterJson] = []
        for each in [subscription_id] if subscription_id else sorted(self.subscriptions):
            if each < first:
                continue
            place = after if each == first else ""
            while room := asked.size - len(shown):
                found = await self.memory.first(each, room, place, where)
                hidden = NOT_SHOWN - {str(where.get("reason", ""))}
                shown += [
                    known.to_json()
                    for known in found
                    if known.is_known and known.last_outcome["reason"] not in hidden
                ]
                if len(found) < room:
                    break
                place = found[-1].key
            else:
                return Page(shown, to_token(question, each, place))
        return Page(shown)


def _as_text(where: Mapping[str, Value]) -> dict[str, str]:
    return {name: str(value) for name, value in where.items()}
