import json
from collections.abc import Mapping
from copy import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from shared.domain.messages.cluster_events import (
    ACTION_FAILURE,
    CREATED_OR_UPDATED,
    DELETE_SUCCESS,
    MANAGED_CLUSTERS,
    TAGS,
    WRITE_FAILURE,
    WRITE_SUCCESS,
    ClusterEvent,
    ClusterWritten,
    ScheduleDeleted,
    ScheduleWritten,
    parse_event,
)
from shared.domain.vocabulary.cloud_event import NotOurs
from shared.domain.vocabulary.invalid import InvalidEvent
from shared.domain.vocabulary.reasons import Cause
from tests.unit.domain.examples import CLUSTER_ID, SUBSCRIPTION
from tests.unit.domain.strategies import json_values

ID = str(CLUSTER_ID).replace("resourceGroups", "resourcegroups")
SCHEDULE_ID = f"{ID}/maintenanceConfigurations/{NODE_OS_SCHEDULE}"
WRITE = f"{MANAGED_CLUSTERS}/write"
SCHEDULE_WRITE = f"{MANAGED_CLUSTERS}/maintenanceConfigurations/write"
SCHEDULE_DELETE = f"{MANAGED_CLUSTERS}/maintenanceConfigurations/delete"
TAGS_OF = f"/providers/{TAGS}/default"
APP_ID = "aaaaaaaa-0000-4111-8222-bbbbbbbbbbbb"
AT = datetime(2026, 8, 20, 9, 14, 55, 123456, UTC)
"""The time in the events, of which Azure gives seven decimals."""


def classic(
    operation: str = WRITE,
    subject: object = ID,
    event_type: str = WRITE_SUCCESS,
    **data: object,
) -> dict[str, object]:
    """Make an event in the Event Grid schema."""
    return {
        "id": "event-1",
        "topic": f"/subscriptions/{SUBSCRIPTION}",
        "subject": subject,
        "eventType": event_type,
        "eventTime": "2026-08-20T09:14:55.1234567Z",
        "data": {"operationName": operation, "resourceUri": ID, "status": "Succeeded", **data},
        "dataVersion": "2",
        "metadataVersion": "1",
    }


def cloud(event: Mapping[str, object]) -> dict[str, object]:
    """Give the same event in CloudEvents 1.0."""
    return {
        "specversion": "1.0",
        "id": event["id"],
        "source": event["topic"],
        "subject": event["subject"],
        "type": event["eventType"],
        "time": event["eventTime"],
        "data": event["data"],
    }


def parsed(event: Mapping[str, object]) -> ClusterEvent:
    return parse_event(json.dumps(event))


def notified(
    resource_type: object = MANAGED_CLUSTERS, resource_id: object = ID
) -> dict[str, object]:
    resource = {"id": resource_id, "type": resource_type, "properties": {"enableRBAC": 1}}
    return classic(event_type=CREATED_OR_UPDATED) | {
        "data": {"resourceInfo": resource, "apiVersion": "2025-05-01"}
    }


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (classic(), ClusterWritten(CLUSTER_ID, "event-1", None, AT)),
        (classic(WRITE.upper()), ClusterWritten(CLUSTER_ID, "event-1", None, AT)),
        (
            classic(event_type=WRITE_SUCCESS.lower()),
            ClusterWritten(CLUSTER_ID, "event-1", None, AT),
        ),
        (classic(subject=""), ClusterWritten(CLUSTER_ID, "event-1", None, AT)),
        (classic(subject=None), ClusterWritten(CLUSTER_ID, "event-1", None, AT)),
        (classic(event_type=WRITE_FAILURE), ClusterWritten(CLUSTER_ID, "event-1", None, AT)),
        (classic(event_type=ACTION_FAILURE), ClusterWritten(CLUSTER_ID, "event-1", None, AT)),
        (
            classic(f"{MANAGED_CLUSTERS}/start/action", event_type=ACTION_FAILURE),
            ClusterWritten(CLUSTER_ID, "event-1", None, AT),
        ),
        (classic(f"{TAGS}/write"), ClusterWritten(CLUSTER_ID, "event-1", None, AT)),
        (
            classic(f"{TAGS}/write", f"{ID}{TAGS_OF}"),
            ClusterWritten(CLUSTER_ID, "event-1", None, AT),
        ),
        (
            classic(f"{TAGS}/write", f"{ID}{TAGS_OF}".upper()),
            ClusterWritten(CLUSTER_ID, "event-1", None, AT),
        ),
        (
            classic(f"{TAGS}/delete", f"{ID}{TAGS_OF}", DELETE_SUCCESS),
            ClusterWritten(CLUSTER_ID, "event-1", None, AT),
        ),
        (notified(), ClusterWritten(CLUSTER_ID, "event-1", None, AT)),
        (notified(MANAGED_CLUSTERS.upper()), ClusterWritten(CLUSTER_ID, "event-1", None, AT)),
        (classic(SCHEDULE_WRITE, SCHEDULE_ID), ScheduleWritten(CLUSTER_ID, "event-1", None, AT)),
        (
            classic(SCHEDULE_WRITE, SCHEDULE_ID.upper()),
            ScheduleWritten(CLUSTER_ID, "event-1", None, AT),
        ),
        (
            classic(SCHEDULE_DELETE, SCHEDULE_ID, DELETE_SUCCESS),
            ScheduleDeleted(CLUSTER_ID, "event-1", None, AT),
        ),
    ],
)
@pytest.mark.parametrize("form", [dict, cloud])
def test_both_schemas_say_the_same(
    event: Mapping[str, object],
    expected: ClusterEvent,
    form: type[dict[str, object]],
) -> None:
    """Writes of clusters, their tags and schedules, done or failed, are known in either schema."""
    assert parsed(form(event)) == expected


def test_each_event_has_its_cause() -> None:
    """The work that follows says which event it came from."""
    causes = [kind.cause for kind in (ClusterWritten, ScheduleWritten, ScheduleDeleted)]
    assert causes == [Cause.CLUSTER_WRITTEN, Cause.SCHEDULE_WRITTEN, Cause.SCHEDULE_DELETED]


@pytest.mark.parametrize(
    ("claims", "caller"),
    [
        ({"appid": APP_ID}, APP_ID),
        ({"AppId": APP_ID.upper(), "name": "someone"}, APP_ID),
        ({"appid": "not-a-guid"}, None),
        ({"appid": 3}, None),
        ({"appid": [APP_ID]}, None),
        ({"appid": APP_ID, "APPID": APP_ID}, None),
        ({}, None),
        (None, None),
        ("appid", None),
        (json.dumps({"appid": APP_ID, "name": "someone"}), APP_ID),
        (f'{{"appid": "{APP_ID}", "appid": "{APP_ID}"}}', None),
        (json.dumps([APP_ID]), None),
        ("{" * 100_000, None),
    ],
)
def test_the_caller_is_known_only_if_the_claims_name_one(
    claims: object, caller: str | None
) -> None:
    """Claims may be absent, odd, or text; what does not name one is nobody's."""
    event = parsed(classic(SCHEDULE_WRITE, SCHEDULE_ID, claims=claims))
    assert isinstance(event, ScheduleWritten)
    assert replace(event, caller=None) == ScheduleWritten(CLUSTER_ID, "event-1", caller, AT)


@pytest.mark.parametrize(
    "event",
    [
        classic(f"{MANAGED_CLUSTERS}/delete", event_type=DELETE_SUCCESS),
        classic(f"{MANAGED_CLUSTERS}/start/action"),
        classic(f"{MANAGED_CLUSTERS}/agentPools/write"),
        classic("Microsoft.Resources/deployments/write"),
        classic(SCHEDULE_DELETE, SCHEDULE_ID),
        classic(SCHEDULE_WRITE, SCHEDULE_ID, DELETE_SUCCESS),
        classic(SCHEDULE_WRITE, f"{ID}/maintenanceConfigurations/default"),
        notified("Microsoft.Compute/virtualMachines"),
        classic(event_type="Microsoft.Resources.ResourceWriteCancel"),
        classic(f"{MANAGED_CLUSTERS}/agentPools/write", event_type=WRITE_FAILURE),
        classic(SCHEDULE_WRITE, SCHEDULE_ID, WRITE_FAILURE),
        classic(f"{MANAGED_CLUSTERS}/listClusterUserCredential/action", event_type=ACTION_FAILURE),
        classic(f"{MANAGED_CLUSTERS}/agentPools/abort/action", event_type=ACTION_FAILURE),
        classic("Microsoft.Compute/virtualMachines/start/action", event_type=ACTION_FAILURE),
        classic(f"{TAGS}/write", f"/subscriptions/{SUBSCRIPTION}"),
        classic(f"{TAGS}/write", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod"),
        classic(f"{TAGS}/write", f"{ID}/agentPools/one{TAGS_OF}"),
        classic(f"{TAGS}/write", f"/subscriptions/{SUBSCRIPTION}{TAGS_OF}"),
        classic(f"{TAGS}/write", f"{ID}{TAGS_OF}{TAGS_OF}"),
        classic(f"{TAGS}/write", event_type=DELETE_SUCCESS),
        classic(f"{TAGS}/write", event_type=WRITE_FAILURE),
        {"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent"},
        {"specversion": "1.0", "type": "Naptime.NodeImageReleased"},
    ],
)
def test_other_events_are_not_ours(event: Mapping[str, object]) -> None:
    """Foreign types, operations and configurations are recognised as such, not as errors."""
    assert isinstance(parsed(event), NotOurs)


def test_a_foreign_type_is_cleaned() -> None:
    """What is logged of a foreign event is short and on one line."""
    found = parsed({"eventType": "one\ntwo\x1b" + "x" * 200})
    assert isinstance(found, NotOurs)
    assert found.event_type.startswith("one?two?x")
    assert len(found.event_type) == 100


OTHER = "ffffffff-0000-4111-8222-0123456789ab"


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (classic() | {"eventType": None}, "eventType"),
        (classic() | {"eventType": 3}, "eventType"),
        (classic() | {"topic": None}, "topic"),
        (classic() | {"topic": "/subscriptions/"}, "source"),
        (classic() | {"topic": f"/subscriptions/{OTHER}"}, "source"),
        (classic() | {"topic": f"x/subscriptions/{SUBSCRIPTION}"}, "source"),
        (classic() | {"topic": "/subscriptions/not-a-guid"}, "subscriptionId"),
        (classic() | {"data": None}, "data"),
        (classic() | {"data": "text"}, "data"),
        (classic(operationName=None), "data.operationName"),
        (classic(subject="/subscriptions/x"), "subject"),
        (classic(subject=f"{ID}/agentPools/one"), "subject"),
        (classic(subject=None, resourceUri=None), "data.resourceUri"),
        (classic(SCHEDULE_WRITE, ID), "configurationId"),
        (classic(subject=ID.replace(SUBSCRIPTION, OTHER)), "source"),
        (classic(f"{TAGS}/write") | {"topic": f"/subscriptions/{OTHER}"}, "source"),
        (notified(None), "data.resourceInfo.type"),
        (notified(resource_id=3), "data.resourceInfo.id"),
        (notified(resource_id=ID.replace(SUBSCRIPTION, OTHER)), "source"),
        (classic() | {"specversion": "0.3"}, "specversion"),
        (classic() | {"specversion": "1.0"}, "type"),
        (cloud(classic()) | {"source": ["x"]}, "source"),
    ],
)
def test_an_event_that_is_not_whole_is_refused(event: Mapping[str, object], field: str) -> None:
    """Wrong ids, foreign subscriptions and missing parts are refused, with the field named."""
    with pytest.raises(InvalidEvent) as caught:
        parsed(event)
    assert [problem.field for problem in caught.value.problems] == [field]


def test_a_system_topics_own_id_may_be_the_source() -> None:
    """Only the subscription of the source counts, however much follows it."""
    source = f"/Subscriptions/{SUBSCRIPTION.upper()}/resourceGroups/x"
    assert parsed(classic() | {"topic": source}) == ClusterWritten(CLUSTER_ID, "event-1", None, AT)


@pytest.mark.parametrize(
    "time", [None, 3, "", "yesterday", "2026-08-20T09:14:55", "0001-01-01T00:00:00+14:00"]
)
@pytest.mark.parametrize("form", [dict, cloud])
def test_the_events_time_is_only_for_figures(time: object, form: type[dict[str, object]]) -> None:
    """A time that is missing, odd or without a zone loses nothing but itself."""
    event = form(classic() | {"eventTime": time})
    assert parsed(event) == ClusterWritten(CLUSTER_ID, "event-1")


@pytest.mark.parametrize(("event_id", "kept"), [("a\nb", "a?b"), (3, None), (None, None)])
def test_the_events_id_is_only_for_reading(event_id: object, kept: str | None) -> None:
    """An id that is missing or odd loses nothing but itself."""
    assert parsed(classic() | {"id": event_id}) == ClusterWritten(CLUSTER_ID, kept, None, AT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        json.dumps([classic()]),
        '{"eventType":"a","eventType":"b"}',
        json.dumps(classic() | {"data": float("nan")}),
        json.dumps(classic() | {"id": "\ud800"}),
        '{"eventType":' + "[" * 200_000,
        '{"eventType":' + "1" * 5000 + "}",
        json.dumps(classic(filler="x" * 1024 * 1024)),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_not_one_strict_object_is_refused(text: str) -> None:
    """Lists, duplicates, NaN, half letters, depth, huge numbers and sizes are all refused."""
    with pytest.raises(InvalidEvent) as caught:
        parse_event(text)
    assert "filler" not in str(caught.value)


@given(st.text())
@settings(max_examples=50, deadline=None)
def test_no_text_makes_another_error(text: str) -> None:
    """Any text is refused as an event, if it is none."""
    with pytest.raises(InvalidEvent):
        parse_event(text)


wholes = st.sampled_from([classic(), classic(SCHEDULE_WRITE, SCHEDULE_ID), notified()])


@given(wholes, st.dictionaries(st.sampled_from([*cloud(classic()), *classic()]), json_values))
@settings(max_examples=200, deadline=None)
def test_no_odd_part_makes_another_error(whole: dict[str, object], odd: dict[str, object]) -> None:
    """With any of its parts replaced by anything, an event is parsed or refused."""
    try:
        found = parsed(whole | odd)
    except InvalidEvent:
        return
    assert isinstance(found, NotOurs) or found.cluster_id == CLUSTER_ID
