"""Events about clusters, from Event Grid: parsed as hints, never believed.

Azure sends them at least once, in any order, and without the resource; so all that is taken from
one is which cluster to look at, and whether naptime itself caused it. Shapes: the pages "Azure
subscription as an Event Grid source" and "Azure Resource Notifications - Resources events".
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from shared.domain.messages.callers import EventCaller, caller_in
from shared.domain.vocabulary.cloud_event import (
    MAX_EVENT_BYTES,
    MOST_SHOWN,
    Envelope,
    NotOurs,
    read_envelope,
)
from shared.domain.vocabulary.fields import (
    Fields,
    NotStrictJson,
    an_instant,
    object_or_empty,
    parse_object,
    text,
)
from shared.domain.vocabulary.ids import (
    ClusterId,
    is_guid,
    parse_configuration_id,
    parse_subscription_id,
)
from shared.domain.vocabulary.invalid import InvalidEvent, InvalidResourceId
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.reasons import Cause

WRITE_SUCCESS = "Microsoft.Resources.ResourceWriteSuccess"
WRITE_FAILURE = "Microsoft.Resources.ResourceWriteFailure"
DELETE_SUCCESS = "Microsoft.Resources.ResourceDeleteSuccess"
ACTION_FAILURE = "Microsoft.Resources.ResourceActionFailure"
CREATED_OR_UPDATED = "Microsoft.ResourceNotifications.Resources.CreatedOrUpdated"
MANAGED_CLUSTERS = "Microsoft.ContainerService/managedClusters"
TAGS = "Microsoft.Resources/tags"

_SOURCE = re.compile(r"/subscriptions/([^/]+)(?:/.*)?", re.IGNORECASE | re.ASCII)
_TAGS_OF = re.compile(rf"(.*?)(?:/providers/{re.escape(TAGS)}/default)?", re.IGNORECASE | re.ASCII)
# What only reads (listClusterUserCredential and the like) changes nothing when it fails.
_ACTION = re.compile(
    rf"{re.escape(MANAGED_CLUSTERS)}/(?!list)[^/]+/action", re.IGNORECASE | re.ASCII
)


class ClusterWritten(Struct, frozen=True):
    """Something happened to a managed cluster: it was created or updated, or that has failed.

    Azure does not say which; and AKS goes on with what it has reported as failed.
    """

    cause: ClassVar[Cause] = Cause.CLUSTER_WRITTEN
    cluster_id: ClusterId
    event_id: str | None = None
    caller_app_id: str | None = None
    happened_at: datetime | None = None
    caller: EventCaller | None = None


class ScheduleWritten(Struct, frozen=True):
    """A cluster's node OS schedule was written; `caller_app_id` (lower case) says by which app."""

    cause: ClassVar[Cause] = Cause.SCHEDULE_WRITTEN
    cluster_id: ClusterId
    event_id: str | None = None
    caller_app_id: str | None = None
    happened_at: datetime | None = None
    caller: EventCaller | None = None


class ScheduleDeleted(Struct, frozen=True):
    """A cluster's node OS schedule was deleted."""

    cause: ClassVar[Cause] = Cause.SCHEDULE_DELETED
    cluster_id: ClusterId
    event_id: str | None = None
    caller_app_id: str | None = None
    happened_at: datetime | None = None
    caller: EventCaller | None = None


type ClusterEvent = ClusterWritten | ScheduleWritten | ScheduleDeleted | NotOurs
type Kind = type[ClusterWritten | ScheduleWritten | ScheduleDeleted]

OPERATIONS: Mapping[tuple[str, str], Kind] = {
    (event_type.lower(), operation.lower()): kind
    for event_type, operation, kind in (
        (WRITE_SUCCESS, f"{MANAGED_CLUSTERS}/write", ClusterWritten),
        (WRITE_FAILURE, f"{MANAGED_CLUSTERS}/write", ClusterWritten),
        (ACTION_FAILURE, f"{MANAGED_CLUSTERS}/write", ClusterWritten),
        (WRITE_SUCCESS, f"{TAGS}/write", ClusterWritten),
        (DELETE_SUCCESS, f"{TAGS}/delete", ClusterWritten),
        (WRITE_SUCCESS, f"{MANAGED_CLUSTERS}/maintenanceConfigurations/write", ScheduleWritten),
        (DELETE_SUCCESS, f"{MANAGED_CLUSTERS}/maintenanceConfigurations/delete", ScheduleDeleted),
    )
}
"""What each event type and operation is about; a failed action may be any that writes."""


def parse_event(event: str) -> ClusterEvent:
    """Parse one event in the Event Grid schema or in CloudEvents 1.0.

    Raises InvalidEvent, whatever the text, and nothing else.
    """
    envelope = read_envelope(event)
    parse = PARSERS.get(envelope.type.lower())
    if parse is None:
        return envelope.foreign()
    try:
        return parse(envelope)
    except InvalidResourceId as error:
        raise InvalidEvent(error.problems) from error


def _notified(event: Envelope) -> ClusterEvent:
    resource = _there(_there(event.fields, "data"), "resourceInfo")
    kind = _text(resource, "type")
    if kind.lower() != MANAGED_CLUSTERS.lower():
        return event.foreign(kind)
    cluster_id = ClusterId.parse(_text(resource, "id"), "data.resourceInfo.id")
    return _found(event, ClusterWritten, cluster_id)


def _operated(event: Envelope) -> ClusterEvent:
    data = _there(event.fields, "data")
    operation = _text(data, "operationName")
    kind = _kind(event.type, operation)
    if kind is None:
        return event.foreign(operation)
    subject = event.fields.loose("subject", text) or _text(data, "resourceUri")
    if operation.lower().startswith(f"{TAGS}/".lower()):
        return _tagged(event, kind, subject)
    if kind is ClusterWritten:
        return _found(event, kind, ClusterId.parse(subject, "subject"))
    cluster_id, name = parse_configuration_id(subject)
    if name.lower() != NODE_OS_SCHEDULE.lower():
        return event.foreign(name)
    return _found(event, kind, cluster_id)


def _kind(event_type: str, operation: str) -> Kind | None:
    if event_type.lower() == ACTION_FAILURE.lower() and _ACTION.fullmatch(operation):
        return ClusterWritten
    return OPERATIONS.get((event_type.lower(), operation.lower()))


def _tagged(event: Envelope, kind: Kind, subject: str) -> ClusterEvent:
    """Take the tags of clusters alone, by the cluster's id or by that of its tags.

    Anything in a subscription has tags, so what is no cluster is nobody's mistake.
    """
    match = _TAGS_OF.fullmatch(subject)
    try:
        cluster_id = ClusterId.parse(match[1] if match else "")
    except InvalidResourceId:
        return event.foreign(TAGS)
    return _found(event, kind, cluster_id)


def _found(event: Envelope, kind: Kind, cluster_id: ClusterId) -> ClusterEvent:
    """Give the event, if it comes from the id's own subscription; raises InvalidEvent."""
    source = _text(event.fields, event.source)
    match = _SOURCE.fullmatch(source)
    if match is None or parse_subscription_id(match[1]) != cluster_id.subscription_id:
        raise InvalidEvent.because("source", source, "must be the cluster's subscription")
    event_id = event.fields.loose("id", text)
    claims = _claims(_there(event.fields, "data"))
    return kind(
        cluster_id,
        one_line(event_id, MOST_SHOWN) if event_id else None,
        _application(claims),
        event.fields.loose(event.time, an_instant),
        caller_in(claims),
    )


def _claims(data: Fields) -> Mapping[str, object]:
    """Read the claims loosely: an object, or the text of one, which some events have instead."""
    claims = data.raw("claims")
    if not isinstance(claims, str):
        return object_or_empty(claims)
    try:
        return parse_object(claims, MAX_EVENT_BYTES)
    except NotStrictJson:
        return {}


def _application(claims: Mapping[str, object]) -> str | None:
    """Give the application that made the call; None if the claims do not name exactly one."""
    app_ids = [value for key, value in claims.items() if str(key).lower() == "appid"]
    match app_ids:
        case [str(app_id)] if is_guid(app_id):
            return app_id.lower()
        case _:
            return None


def _text(fields: Fields, name: str) -> str:
    value = fields.required(name, text)
    if value is None:
        raise InvalidEvent(fields.problems)
    return value


def _there(fields: Fields, name: str) -> Fields:
    under = fields.under(name)
    if under is None:
        raise InvalidEvent(fields.problems)
    return under


PARSERS = {
    WRITE_SUCCESS.lower(): _operated,
    WRITE_FAILURE.lower(): _operated,
    DELETE_SUCCESS.lower(): _operated,
    ACTION_FAILURE.lower(): _operated,
    CREATED_OR_UPDATED.lower(): _notified,
}
"""How each event type is read, in lower case."""
