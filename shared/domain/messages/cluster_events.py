"""Events about clusters, from Event Grid: parsed as hints, never believed.

Azure sends them at least once, in any order, and without the resource; so all that is taken from
one is which cluster to look at, and whether naptime itself caused it. Shapes: the pages "Azure
subscription as an Event Grid source" and "Azure Resource Notifications - Resources events".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, cast

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.cloud_event import MAX_EVENT_BYTES, NotOurs
from shared.domain.vocabulary.errors import InvalidEvent, InvalidResourceId
from shared.domain.vocabulary.fields import NotStrictJson, parse_object
from shared.domain.vocabulary.ids import (
    ClusterId,
    is_guid,
    parse_configuration_id,
    parse_subscription_id,
)
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.reasons import Cause

"""Event Grid's own limit for one event."""

WRITE_SUCCESS = "Microsoft.Resources.ResourceWriteSuccess"
DELETE_SUCCESS = "Microsoft.Resources.ResourceDeleteSuccess"
CREATED_OR_UPDATED = "Microsoft.ResourceNotifications.Resources.CreatedOrUpdated"
MANAGED_CLUSTERS = "Microsoft.ContainerService/managedClusters"

_MOST_SHOWN = 100
_SOURCE = re.compile(r"/subscriptions/([^/]+)(?:/.*)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class ClusterWritten:
    """A managed cluster was created or updated: Azure does not say which."""

    cause: ClassVar[Cause] = Cause.CLUSTER_WRITTEN
    cluster_id: ClusterId
    event_id: str | None = None
    caller_app_id: str | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScheduleWritten:
    """A cluster's node OS schedule was written; `caller_app_id` (lower case) says by which app."""

    cause: ClassVar[Cause] = Cause.SCHEDULE_WRITTEN
    cluster_id: ClusterId
    event_id: str | None = None
    caller_app_id: str | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScheduleDeleted:
    """A cluster's node OS schedule was deleted."""

    cause: ClassVar[Cause] = Cause.SCHEDULE_DELETED
    cluster_id: ClusterId
    event_id: str | None = None
    caller_app_id: str | None = None
    happened_at: datetime | None = None


type ClusterEvent = ClusterWritten | ScheduleWritten | ScheduleDeleted | NotOurs

_KINDS = {
    (event_type.lower(), f"{MANAGED_CLUSTERS}/{operation}".lower()): kind
    for event_type, operation, kind in (
        (WRITE_SUCCESS, "write", ClusterWritten),
        (WRITE_SUCCESS, "maintenanceConfigurations/write", ScheduleWritten),
        (DELETE_SUCCESS, "maintenanceConfigurations/delete", ScheduleDeleted),
    )
}


@dataclass(frozen=True, slots=True)
class _Envelope:
    event_type: str
    source: str
    subject: str
    event_id: str | None
    happened_at: datetime | None
    data: Mapping[str, object]


def parse_event(text: str) -> ClusterEvent:
    """Parse one event in the Event Grid schema or in CloudEvents 1.0.

    Raises InvalidEvent, whatever the text, and nothing else.
    """
    try:
        return _event_in(parse_object(text, MAX_EVENT_BYTES))
    except NotStrictJson as error:
        # Not shown: the raw event holds the caller's name, address and claims.
        raise InvalidEvent.because("event", "", str(error)) from error
    except InvalidResourceId as error:
        raise InvalidEvent(error.problems) from error


def _event_in(body: Mapping[str, object]) -> ClusterEvent:
    cloud = "specversion" in body
    if cloud and body["specversion"] != "1.0":
        raise InvalidEvent.because("specversion", body["specversion"], "must be 1.0")
    event_type = _text(body, "type" if cloud else "eventType")
    parse = _PARSERS.get(event_type.lower())
    if parse is None:
        return NotOurs(one_line(event_type, _MOST_SHOWN))
    happened_at = _instant(body.get("time" if cloud else "eventTime"))
    return parse(_envelope(body, event_type, "source" if cloud else "topic", happened_at))


def _envelope(
    body: Mapping[str, object], event_type: str, source: str, happened_at: datetime | None
) -> _Envelope:
    event_id, subject = body.get("id"), body.get("subject")
    return _Envelope(
        event_type=event_type,
        source=_text(body, source),
        subject=subject if isinstance(subject, str) else "",
        event_id=one_line(event_id, _MOST_SHOWN) if isinstance(event_id, str) else None,
        happened_at=happened_at,
        data=_object(body, "data"),
    )


def _notified(event: _Envelope) -> ClusterEvent:
    resource = _object(event.data, "resourceInfo")
    if _text(resource, "type").lower() != MANAGED_CLUSTERS.lower():
        return _foreign(event, _text(resource, "type"))
    cluster_id = ClusterId.parse(_text(resource, "id"), "data.resourceInfo.id")
    return ClusterWritten(
        _from_its_source(event, cluster_id), event.event_id, happened_at=event.happened_at
    )


def _operated(event: _Envelope) -> ClusterEvent:
    operation = _text(event.data, "operationName")
    kind = _KINDS.get((event.event_type.lower(), operation.lower()))
    if kind is None:
        return _foreign(event, operation)
    subject = event.subject or _text(event.data, "resourceUri")
    if kind is ClusterWritten:
        cluster_id = ClusterId.parse(subject, "subject")
    else:
        cluster_id, name = parse_configuration_id(subject)
        if name.lower() != NODE_OS_SCHEDULE.lower():
            return _foreign(event, name)
    return kind(
        _from_its_source(event, cluster_id),
        event.event_id,
        _caller(event.data),
        event.happened_at,
    )


def _foreign(event: _Envelope, what: str) -> NotOurs:
    return NotOurs(one_line(f"{event.event_type} {what}", _MOST_SHOWN))


def _from_its_source(event: _Envelope, cluster_id: ClusterId) -> ClusterId:
    """Give the id if the event comes from the id's own subscription; raises InvalidEvent."""
    source = _SOURCE.fullmatch(event.source)
    if source is None or parse_subscription_id(source[1]) != cluster_id.subscription_id:
        raise InvalidEvent.because("source", event.source, "must be the cluster's subscription")
    return cluster_id


def _caller(data: Mapping[str, object]) -> str | None:
    """Give the application that made the call; None if the claims do not name exactly one."""
    claims = data.get("claims")
    if not isinstance(claims, Mapping):
        return None
    app_ids = [value for key, value in claims.items() if str(key).lower() == "appid"]
    match app_ids:
        case [str(app_id)] if is_guid(app_id):
            return app_id.lower()
        case _:
            return None


def _instant(value: object) -> datetime | None:
    """Read when an event happened; only figures are made of it, so a wrong one is just left out."""
    try:
        return instants.from_text(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidEvent.because(name, value, "must be a string that is not empty")
    return value


def _object(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = body.get(name)
    if not isinstance(value, Mapping):
        raise InvalidEvent.because(name, value, "must be an object")
    return cast("Mapping[str, object]", value)


_PARSERS = {
    WRITE_SUCCESS.lower(): _operated,
    DELETE_SUCCESS.lower(): _operated,
    CREATED_OR_UPDATED.lower(): _notified,
}
