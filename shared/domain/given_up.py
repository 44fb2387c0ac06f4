"""Work that was given up on."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.cluster_id import ClusterId
from shared.domain.instants import to_text


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Work that was given up on, with the reason and what to do."""

    cluster_id: ClusterId | None
    reason: str
    message: str
    advice: str
    given_up_at: datetime
    attempts: int
    work: str
    """The queue message, with which the work can be replayed."""

    def to_json(self) -> dict[str, object]:
        """Give it as the HTTP API shows it: camelCase, times in ISO 8601."""
        return {
            "reason": self.reason,
            "message": self.message,
            "advice": self.advice,
            "givenUpAt": to_text(self.given_up_at),
            "attempts": self.attempts,
        }
