"""What the commands ask, whoever answers: Azure by one's own login, or a deployed naptime."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from naptime.asking.references import ClusterName
    from naptime.asking.scope import Reach
    from shared.domain.deciding.last_outcome import LastOutcomeJson
    from shared.domain.deciding.observed import ObservedConfiguration
    from shared.domain.vocabulary.ids import ClusterId
    from shared.reconcile.shown.cluster_json import LiveClusterJson
    from shared.reconcile.shown.runs import ShownRunJson


class Progress(Struct, frozen=True):
    """How far it has come: clusters done of those that are known so far, and what is done."""

    done: int
    of: int


type Watch = Callable[[Progress], None]
"""Told from time to time how far it has come."""


class FleetLook(Struct, frozen=True):
    """A run over a fleet with all of its rows, and what it left out of them.

    `left_out` are the clusters that are excluded; `unreadable` says of clusters whose ids naptime
    cannot read which they are; `bugs` are those that naptime itself failed on.
    """

    run: "ShownRunJson"
    left_out: "tuple[LastOutcomeJson, ...]" = ()
    unreadable: tuple[str, ...] = ()
    bugs: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    """What there was no answer about when the patience was at its end."""


class Source(Protocol):
    """Answers about clusters; raises `NaptimeError` where it cannot."""

    async def plan(self, asked: "Reach", watch: Watch) -> FleetLook:
        """Look at all clusters and decide, and write nothing."""
        ...

    async def look(self, cluster_id: "ClusterId") -> "LiveClusterJson":
        """Give one cluster as it is now, and what would be done."""
        ...

    async def forecast(self, cluster_id: "ClusterId") -> "LiveClusterJson":
        """Give the same with forecasts for the newest node images of its location."""
        ...

    async def configurations(self, cluster_id: "ClusterId") -> "Sequence[ObservedConfiguration]":
        """Give the maintenance configurations of one cluster as ARM has them."""
        ...

    async def named(self, name: "ClusterName", asked: "Reach") -> "Sequence[ClusterId]":
        """Find the clusters of a name."""
        ...

    async def close(self) -> None: ...
