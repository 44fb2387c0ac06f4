"""An event that naptime publishes: a CloudEvent 1.0, but for its source, which comes last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.vocabulary import instants

type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event; `time` an aware instant, `data` ready for JSON.

    With the source the id makes the event unique: where the same thing is told twice, the id is
    the same, so that whoever receives both can tell.
    """

    type: str
    id: str
    subject: str
    time: datetime
    data: Mapping[str, object]

    def to_json(self, source: str) -> Json:
        """Write the CloudEvent, ready for JSON; `source` is a URI."""
        return {
            "specversion": "1.0",
            "type": self.type,
            "source": source,
            "id": self.id,
            "time": instants.to_text(self.time),
            "subject": self.subject,
            "datacontenttype": "application/json",
            "data": dict(self.data),
        }


MAX_EVENT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class NotOurs:
    """An event about something else; `event_type` is at most 100 printable characters."""

    event_type: str
