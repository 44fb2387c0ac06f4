"""What stood before the last update of a schedule, and can be put back."""

from copy import replace
from typing import Self, TypedDict

from msgspec import Struct

from shared.domain.deciding.conditions import Difference, DifferenceJson, changes_between
from shared.domain.deciding.own.drift import digest
from shared.domain.deciding.written import Written, window_of
from shared.domain.updates.plan import Planned
from shared.domain.vocabulary.ids import ClusterId


class PutBackClusterJson(TypedDict):
    """What of one schedule would be put back, field by field."""

    clusterId: str
    changes: list[DifferenceJson]


class PutBack(Struct, frozen=True):
    """One schedule as it would be put back: as it is planned, and field by field."""

    planned: Planned
    changes: tuple[Difference, ...]

    @classmethod
    def of(cls, written: Written | None, runs: frozenset[str]) -> Self | None:
        """Give what these runs have changed, where it is naptime's, and known what stood before."""
        if written is None or not written.is_naptimes or not written.previous:
            return None
        now, previous = window_of(written.window), window_of(written.previous)
        if written.run_id not in runs or now is None or previous is None or previous.ambiguity:
            return None
        # Which day it begins on is found when it is written.
        plain = (replace(each, start_date=None) for each in (now, previous))
        planned = Planned(digest(written.window), digest(written.previous), back=True)
        return cls(planned, changes_between(*plain))

    def to_json(self, cluster_id: ClusterId) -> PutBackClusterJson:
        """Give it as the HTTP API shows it."""
        changes = [change.to_json() for change in self.changes]
        return {"clusterId": str(cluster_id), "changes": changes}
