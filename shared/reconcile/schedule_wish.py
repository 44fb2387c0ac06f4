"""What a person wants a cluster's schedule to be, and the two ways in which that ends."""

from dataclasses import dataclass, field

from shared.domain.differences import Difference
from shared.domain.entity_tags import Condition
from shared.domain.observed import ObservedConfiguration
from shared.domain.outcome import Outcome
from shared.domain.requested_schedule import Judgement
from shared.domain.window import MaintenanceWindow
from shared.reconcile.change_schedule import ChangeRefused


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for: a window, whether advice counts, and what must hold before."""

    window: MaintenanceWindow
    force: bool = False
    condition: Condition = field(default_factory=Condition)


class AdvisedAgainst(ChangeRefused):
    """There is advice against the schedule, and it was not forced."""

    def __init__(self, judgement: Judgement, changes: tuple[Difference, ...]) -> None:
        """Take what the person should know."""
        first, *others = judgement.advice
        super().__init__(" ".join((first.message, *(other.message for other in others))))
        self.reason = first.reason.value
        self.judgement = judgement
        self.changes = changes


@dataclass(frozen=True, slots=True)
class Put:
    """What came of a wish; `configuration` is the schedule as ARM has it after it, if it has."""

    outcome: Outcome
    judgement: Judgement
    changes: tuple[Difference, ...]
    configuration: ObservedConfiguration | None
