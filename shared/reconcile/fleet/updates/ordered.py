"""What of a run's order was met in one listing of a subscription, and what is left out of it."""

from collections.abc import Container
from datetime import datetime

from msgspec import Struct, field

from shared.domain.deciding.decision import Action, Decision, Finding
from shared.domain.deciding.observed import ObservedCluster
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.tally import Tally
from shared.domain.updates.left_out import NOT_LISTED, LeftOut
from shared.domain.updates.plan import Planned
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.fleet.updates.orders import Permits

_NOT_PLANNED = Decision(
    Action.SKIP, (Finding(Reason.NOT_IN_PLAN, "The run changes only what its plan names."),)
)


class Ordered(Struct):
    """The order of a run, in a subscription; without permits, the run changes nothing."""

    permits: Permits | None = None
    permitted: dict[str, Planned] = field(default_factory=dict)
    """What may be changed of the clusters that are to be looked at, by their hashes."""
    left_out: list[LeftOut] = field(default_factory=list)
    """The clusters that were to be changed, and are not looked at."""

    def refusal(self, cluster: ObservedCluster, now: datetime) -> Decision | None:
        """Leave alone what a run has no order for; None for what it may change, or for any run."""
        permit = self.permits.of(cluster, now) if self.permits else None
        if permit:
            self.permitted[cluster.id.hash] = permit
        return _NOT_PLANNED if self.permits and permit is None else None

    def leave(self, cluster_id: ClusterId, decision: Decision) -> None:
        """Note that a cluster is not looked at, if it was to be changed."""
        if self.permits and cluster_id in self.permits.named:
            self.left_out.append(LeftOut.because(cluster_id, decision))

    def absent(self, met: Container[str]) -> Tally:
        """Leave out what a list does not have that was read to its end, and count that."""
        named = self.permits.named if self.permits else frozenset[ClusterId]()
        absent = sorted(each for each in named if each.hash not in met)
        self.left_out += [LeftOut.because(each, NOT_LISTED) for each in absent]
        return Tally().counting(OutcomeKind.SKIPPED, NOT_LISTED.reason, len(absent))
