"""The last known state of a cluster, as a table row and as the HTTP API shows it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Self, cast

from shared.domain import instants
from shared.domain.outcome import Outcome, OutcomeJson, OutcomeKind
from shared.domain.reasons import Reason
from shared.domain.rows import Row, Value, without_none
from shared.domain.shard import plain_location

_SCHEDULE_SEEN = frozenset({OutcomeKind.CREATED, OutcomeKind.UPDATED, OutcomeKind.UNCHANGED})


class LastOutcomeJson(OutcomeJson):
    """What came of a cluster last, and when that was recorded."""

    recordedAt: str


class KnownClusterJson(LastOutcomeJson):
    """The last known state of a cluster; `readAt` is when its schedule was last read."""

    location: str | None
    explicitScheduleSeen: bool
    readAt: str | None


@dataclass(frozen=True, slots=True)
class LastKnown:
    """What came of a cluster last; `read_at` by the storage service's clock, before the read."""

    outcome: Outcome
    read_at: datetime
    recorded_at: datetime

    @property
    def shown(self) -> LastOutcomeJson:
        """The outcome as JSON, with when it was recorded."""
        return {**self.outcome.to_json(), "recordedAt": instants.to_text(self.recorded_at)}

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row; what this outcome knows nothing of is left out."""
        outcome = self.outcome
        seen = outcome.kind in _SCHEDULE_SEEN
        return without_none(
            {
                "clusterId": str(outcome.cluster_id),
                "location": plain_location(outcome.location) if outcome.location else None,
                "outcome": outcome.kind.value,
                "reason": outcome.reason.value,
                "lastOutcome": json.dumps(self.shown, separators=(",", ":")),
                "explicit": outcome.reason is not Reason.SCHEDULE_NOT_EXPLICIT if seen else None,
                "readAt": self.read_at if seen else None,
            }
        )


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a row says of a cluster."""

    key: str
    location: str
    explicit: bool
    read_at: datetime | None
    last_outcome: LastOutcomeJson

    @classmethod
    def of(cls, row: Row) -> Self:
        """Read a row."""
        return cls(
            key=row.key,
            location=row.text("location"),
            explicit=row.flag("explicit"),
            read_at=row.instant("readAt"),
            last_outcome=cast("LastOutcomeJson", json.loads(row.text("lastOutcome") or "{}")),
        )

    def to_json(self) -> KnownClusterJson:
        """Give it as the HTTP API shows it."""
        return {
            **self.last_outcome,
            "location": self.location or None,
            "explicitScheduleSeen": self.explicit,
            "readAt": instants.to_text(self.read_at) if self.read_at else None,
        }
