"""Events: those that naptime publishes, and what is around the data of those that come."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from shared.domain.vocabulary import instants
from shared.domain.vocabulary.fields import Fields, NotStrictJson, exactly, parse_object, text
from shared.domain.vocabulary.invalid import InvalidEvent
from shared.domain.vocabulary.plain_text import one_line

type Json = dict[str, object]


class EventType(StrEnum):
    """Every type of event that naptime publishes."""

    NODE_IMAGE_RELEASED = "Naptime.NodeImageReleased"
    SCHEDULE_CREATED = "Naptime.ScheduleCreated"
    KUBERNETES_SCHEDULE_CREATED = "Naptime.KubernetesScheduleCreated"
    SCHEDULE_UPDATED = "Naptime.ScheduleUpdated"
    SCHEDULE_LET_GO = "Naptime.ScheduleLetGo"
    SCHEDULE_FAILED = "Naptime.ScheduleFailed"
    KUBERNETES_SCHEDULE_FAILED = "Naptime.KubernetesScheduleFailed"
    SCHEDULE_NEEDS_ATTENTION = "Naptime.ScheduleNeedsAttention"
    FLEET_RUN_COMPLETED = "Naptime.FleetRunCompleted"
    APPROVAL_NEEDED = "Naptime.ApprovalNeeded"


class CloudEvent(Struct, frozen=True):
    """An event to publish; `time` is aware, `data` ready for JSON.

    Its source comes last; with it the id makes the event unique: where the same thing is told
    twice, the id is the same, so that whoever receives both can tell.
    """

    type: EventType
    id: str
    subject: str
    time: datetime
    data: Mapping[str, object]

    def to_json(self, source: str) -> Json:
        """Write the CloudEvent, ready for JSON; `source` is a URI."""
        return {
            "specversion": "1.0",
            "type": self.type.value,
            "source": source,
            "id": self.id,
            "time": instants.to_text(self.time),
            "subject": self.subject,
            "datacontenttype": "application/json",
            "data": dict(self.data),
        }


MAX_EVENT_BYTES = 1024 * 1024
"""Event Grid's own limit for one event."""

MOST_SHOWN = 100


class NotOurs(Struct, frozen=True):
    """An event about something else; `event_type` is at most 100 printable characters."""

    event_type: str


class Envelope(Struct, frozen=True):
    """An event that came, in CloudEvents 1.0 or in the Event Grid schema.

    `fields` are its own, and note what is wrong with them under the names that they have there.
    """

    type: str
    fields: Fields
    is_cloud_event: bool

    @property
    def source(self) -> str:
        """The name of the field that says where the event comes from."""
        return "source" if self.is_cloud_event else "topic"

    @property
    def time(self) -> str:
        """The name of the field that says when it happened."""
        return "time" if self.is_cloud_event else "eventTime"

    def foreign(self, what: object = "") -> NotOurs:
        """Say that it is about something else, and about what."""
        return NotOurs(one_line(f"{self.type} {what}".strip(), MOST_SHOWN))


def read_envelope(event: str) -> Envelope:
    """Open one event; raises InvalidEvent for what is none, whatever the text."""
    try:
        fields = Fields(parse_object(event, MAX_EVENT_BYTES), "", [])
    except NotStrictJson as error:
        # Not shown: the raw event holds the caller's name, address and claims.
        raise InvalidEvent.because("event", "", str(error)) from error
    is_cloud_event = "specversion" in fields.present()
    if is_cloud_event and fields.required("specversion", exactly("1.0")) is None:
        raise InvalidEvent(fields.problems)
    event_type = fields.required("type" if is_cloud_event else "eventType", text)
    if event_type is None:
        raise InvalidEvent(fields.problems)
    return Envelope(event_type, fields, is_cloud_event)
