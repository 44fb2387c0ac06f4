"""What AKS was seen to do with maintenance configurations (recorded traffic, 2023 to 2026)."""

import json
from datetime import UTC, datetime

import pytest

from local.azure.arm.aks_rules import Rules
from local.azure.json_values import as_list, as_object
from tests.local.azure.world import (
    AUTO_UPGRADE,
    CLUSTER,
    CONFIGURATIONS,
    DEFAULT,
    GROUP,
    NODE_OS,
    World,
    aks_error,
    content,
    gateway_error,
    weekly,
    window,
)


def test_create_and_update_answer_200(world: World) -> None:
    """PUT answers 200 to a new configuration as well as to a known one."""
    assert [world.put(NODE_OS, window()).status for _ in range(2)] == [200, 200]


def test_create_answers_201_by_switch(world: World) -> None:
    """With the switch a new configuration is answered with 201, an update still with 200."""
    world.simulator.arm.options.created_status = 201
    assert [world.put(NODE_OS, window()).status for _ in range(2)] == [201, 200]


def test_put_replaces(world: World) -> None:
    """What a PUT leaves out is not kept from the stored configuration."""
    blocked = [{"start": "2026-12-23", "end": "2027-01-03"}]
    world.put(NODE_OS, window(utcOffset="+05:30", startDate="2027-01-01", notAllowedDates=blocked))
    world.put(NODE_OS, window())
    stored = world.stored_window()
    assert (stored["utcOffset"], stored["startDate"]) == ("+00:00", "2026-08-26")
    assert "notAllowedDates" not in stored


def test_omitted_offset_becomes_utc(world: World) -> None:
    """An omitted utcOffset becomes +00:00, in the answer of the PUT and in the GET."""
    answered = content(world.put(NODE_OS, window()))
    assert (
        as_object(as_object(answered["properties"])["maintenanceWindow"]) == world.stored_window()
    )
    assert world.stored_window()["utcOffset"] == "+00:00"


@pytest.mark.parametrize(
    ("offset", "now", "today"),
    [
        ("-08:00", datetime(2023, 3, 16, 3, 11, tzinfo=UTC), "2023-03-15"),
        ("+14:00", datetime(2026, 8, 26, 10, 0, tzinfo=UTC), "2026-08-27"),
        ("+00:00", datetime(2026, 8, 26, 23, 59, 59, tzinfo=UTC), "2026-08-26"),
    ],
)
def test_omitted_start_date_becomes_today_in_the_offset(
    world: World, offset: str, now: datetime, today: str
) -> None:
    """An omitted startDate becomes today in the window's own offset, and is echoed."""
    world.simulator.clock.set(now)
    world.put(NODE_OS, window(utcOffset=offset))
    assert world.stored_window()["startDate"] == today


def test_past_start_date_is_refused(world: World) -> None:
    """A startDate before today in the offset is refused with 400, today is accepted."""
    refused = world.put(NODE_OS, window(startDate="2026-08-25"))
    assert (refused.status, aks_error(refused)["code"]) == (400, "InvalidParameter")
    assert world.put(NODE_OS, window(startDate="2026-08-26")).status == 200


def test_past_start_date_is_accepted_by_switch(world: World) -> None:
    """With the switch a startDate before today is accepted and echoed."""
    world.simulator.arm.options.rules = Rules(past_start_dates=True)
    world.put(NODE_OS, window(startDate="2023-01-01"))
    assert world.stored_window()["startDate"] == "2023-01-01"


def test_start_date_far_ahead_is_accepted(world: World) -> None:
    """A startDate a hundred years ahead is accepted."""
    assert world.put(NODE_OS, window(startDate="2123-01-01")).status == 200


def test_blocked_dates_in_the_past_are_accepted(world: World) -> None:
    """Blocked dates that are wholly past are accepted and echoed."""
    blocked = [{"start": "2020-01-01", "end": "2020-01-02"}]
    world.put(NODE_OS, window(notAllowedDates=blocked))
    assert world.stored_window()["notAllowedDates"] == blocked


def test_names_are_compared_without_case(world: World) -> None:
    """A name in another casing is the same configuration, and keeps the last writer's casing."""
    world.put(NODE_OS, window())
    lower = f"{CONFIGURATIONS}/aksmanagednodeosupgradeschedule"
    answered = content(world.put(lower, window(durationHours=8)))
    assert answered["name"] == "aksmanagednodeosupgradeschedule"
    assert str(answered["id"]).endswith("/aksmanagednodeosupgradeschedule")
    listed = as_list(content(world.get(CONFIGURATIONS))["value"])
    assert [as_object(each)["name"] for each in listed] == ["aksmanagednodeosupgradeschedule"]
    assert world.get(NODE_OS).body == world.get(lower).body


def test_unknown_name_is_refused(world: World) -> None:
    """A name that is none of the three is refused with AKS's own text."""
    error = aks_error(world.put(f"{CONFIGURATIONS}/nightly", window()))
    assert error == {
        "code": "InvalidParameter",
        "details": None,
        "message": "Only 'default', 'aksManagedAutoUpgradeSchedule' and"
        " 'aksManagedNodeOSUpgradeSchedule' are allowed configNames for maintenance configuration.",
        "subcode": "",
    }


def test_default_is_weekly_only(world: World) -> None:
    """The configuration default takes no schedule but a weekly one."""
    daily = window(schedule={"daily": {"intervalDays": 1}})
    refused = world.put(DEFAULT, daily)
    assert aks_error(refused)["message"] == (
        "Only weekly schedule is supported for control plane upgrade maintenance configuration:"
        " default."
    )
    assert world.put(DEFAULT, window()).status == 200
    assert world.put(NODE_OS, daily).status == 200
    assert world.put(AUTO_UPGRADE, daily).status == 200


def test_default_takes_legacy_hours(world: World) -> None:
    """The configuration default takes timeInWeek instead of a window, the others do not."""
    legacy = {"properties": {"timeInWeek": [{"day": "Monday", "hourSlots": [1, 2]}]}}
    assert content(world.put(DEFAULT, legacy))["properties"] == legacy["properties"]
    assert world.put(NODE_OS, legacy).status == 400


@pytest.mark.parametrize("slot", [24, -1])
def test_legacy_hours_are_hours_of_a_day(world: World, slot: int) -> None:
    """An hour slot outside 0 to 23 is refused."""
    legacy = {"properties": {"timeInWeek": [{"day": "Monday", "hourSlots": [slot]}]}}
    assert aks_error(world.put(DEFAULT, legacy))["code"] == "InvalidParameter"


def test_old_versions_accept_free_names(world: World) -> None:
    """Through api-version 2023-02-01 any name goes with timeInWeek, and LIST shows it later."""
    legacy = {"properties": {"timeInWeek": [{"day": "Monday", "hourSlots": [1]}]}}
    target = f"{CONFIGURATIONS}/nightly"
    assert world.put(target, legacy, api_version="2023-02-01").status == 200
    listed = as_list(content(world.get(CONFIGURATIONS))["value"])
    assert [as_object(each)["name"] for each in listed] == ["nightly"]
    assert world.delete(target).status == 200


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("2022-11-02-preview", 400),
        ("2023-01-02-preview", 200),
        ("2023-02-01", 400),
        ("2023-05-01", 200),
    ],
)
def test_windows_came_to_previews_first(world: World, version: str, status: int) -> None:
    """A window is refused by the versions that know of hours only."""
    assert world.put(AUTO_UPGRADE, window(), api_version=version).status == status


def test_nulls_and_empty_lists_are_dropped(world: World) -> None:
    """Explicit nulls and empty lists in a request are not stored."""
    body = window(notAllowedDates=[], utcOffset=None, startDate=None)
    schedule = {**weekly(), "daily": None, "absoluteMonthly": None}
    as_object(as_object(body["properties"])["maintenanceWindow"])["schedule"] = schedule
    assert world.put(NODE_OS, body).status == 200
    stored = world.stored_window()
    assert stored["schedule"] == weekly()
    assert "notAllowedDates" not in stored


def test_body_has_id_name_and_properties_only(world: World) -> None:
    """A configuration is shown without type, systemData and eTag."""
    sent = {**window(), "type": "x", "name": "y", "id": "z", "systemData": {}}
    assert list(content(world.put(NODE_OS, sent))) == ["id", "name", "properties"]


def test_window_keys_keep_the_recorded_order(world: World) -> None:
    """The keys of a window come in the recorded order, whatever the request's was."""
    blocked = [{"start": "2026-12-23", "end": "2027-01-03"}]
    world.put(NODE_OS, window(notAllowedDates=blocked))
    assert list(world.stored_window()) == [
        "schedule",
        "durationHours",
        "utcOffset",
        "startDate",
        "startTime",
        "notAllowedDates",
    ]


def test_json_is_indented_by_one_space(world: World) -> None:
    """AKS's bodies are JSON indented by one space, without a charset in the content type."""
    reply = world.put(NODE_OS, window())
    assert reply.body == json.dumps(content(reply), indent=1).encode()
    assert reply.content_type == "application/json"


def test_cluster_without_configurations_lists_none(world: World) -> None:
    """LIST on a cluster without configurations is 200 with an empty list."""
    reply = world.get(CONFIGURATIONS)
    assert (reply.status, content(reply)) == (200, {"value": []})


@pytest.mark.parametrize("child", ["", "/aksManagedNodeOSUpgradeSchedule", "/nonsense"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_missing_cluster_is_the_gateways_404(world: World, method: str, child: str) -> None:
    """On a missing cluster every call answers the gateway's 404, which names the cluster."""
    target = f"{CONFIGURATIONS}{child}".replace("nap-1", "gone")
    reply = world.call(method, target, window() if method == "PUT" else None)
    error = gateway_error(reply)
    assert (reply.status, error["code"]) == (404, "ResourceNotFound")
    assert "managedClusters/gone' under resource group 'rg-prod'" in str(error["message"])


def test_missing_configuration_is_the_flat_404(world: World) -> None:
    """GET of a configuration that is not there answers AKS's own 404."""
    reply = world.get(NODE_OS)
    assert (reply.status, aks_error(reply)["code"]) == (404, "NotFound")


def test_missing_group_and_subscription_are_named(world: World) -> None:
    """A resource group or subscription that is not there is 404 with its own code."""
    other = world.get(CLUSTER.replace("rg-prod", "rg-none"))
    assert (other.status, gateway_error(other)["code"]) == (404, "ResourceGroupNotFound")
    foreign = world.get(CLUSTER.replace("11111111", "99999999"))
    assert (foreign.status, gateway_error(foreign)["code"]) == (404, "SubscriptionNotFound")
    malformed = world.get(
        "/subscriptions/none/resourceGroups/x/providers/Microsoft.ContainerService/managedClusters/y"
    )
    assert (malformed.status, gateway_error(malformed)["code"]) == (400, "InvalidSubscriptionId")


def test_delete_is_200_then_204(world: World) -> None:
    """DELETE answers 200 without a body, and 204 where there is nothing to delete."""
    world.put(NODE_OS, window())
    replies = [world.delete(NODE_OS) for _ in range(2)]
    assert [(reply.status, reply.body) for reply in replies] == [(200, b""), (204, b"")]
    assert content(world.get(CONFIGURATIONS)) == {"value": []}


def test_siblings_are_left_alone(world: World) -> None:
    """Writing and deleting one configuration does not touch the others."""
    world.put(AUTO_UPGRADE, window(durationHours=8))
    before = world.get(AUTO_UPGRADE).body
    world.put(NODE_OS, window())
    world.delete(NODE_OS)
    assert world.get(AUTO_UPGRADE).body == before


def test_paths_are_compared_without_case(world: World) -> None:
    """Every part of a path is compared without case."""
    world.put(NODE_OS, window())
    shouted = world.get(NODE_OS.upper())
    assert shouted.status == 200
    assert shouted.body == world.get(NODE_OS).body


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"[" * 100_000])
def test_what_is_no_json_object_is_refused_by_the_gateway(world: World, body: bytes) -> None:
    """A body that is no JSON object is 400 InvalidRequestContent, wrapped."""
    reply = world.put(NODE_OS, body)
    assert (reply.status, gateway_error(reply)["code"]) == (400, "InvalidRequestContent")


def test_unknown_fields_are_refused_since_2024(world: World) -> None:
    """A field that the API does not know is refused from 2024-01-01 on, ignored before."""
    body = window(intervalWeeks=1)
    error = aks_error(world.put(NODE_OS, body))
    assert error["code"] == "UnmarshalError"
    assert 'json: unknown field "intervalWeeks"' in str(error["message"])
    assert world.put(NODE_OS, body, api_version="2023-11-01").status == 200
    assert "intervalWeeks" not in world.stored_window()


def test_other_methods_are_not_allowed(world: World) -> None:
    """A method that the resource does not have is 405."""
    assert world.call("POST", CONFIGURATIONS, {}).status == 405


def test_unknown_paths_are_404(world: World) -> None:
    """A path that leads to nothing is 404, wrapped."""
    assert gateway_error(world.get(f"{GROUP}/providers/Microsoft.None/x"))["code"] == (
        "InvalidResourceType"
    )
    assert gateway_error(world.get("/nowhere"))["code"] == "MissingSubscription"


def test_legacy_times_are_written_as_recorded(world: World) -> None:
    """The times of notAllowedTime come back without fractions of zero; what is none is refused."""
    body = {
        "properties": {
            "timeInWeek": [{"day": "Tuesday", "hourSlots": [1, 2]}],
            "notAllowedTime": [
                {"start": "2021-11-26T03:00:00.000Z", "end": "2021-11-30T12:00:00.250Z"}
            ],
        }
    }
    stored = as_object(content(world.put(DEFAULT, body))["properties"])
    assert stored["notAllowedTime"] == [
        {"start": "2021-11-26T03:00:00Z", "end": "2021-11-30T12:00:00.25Z"}
    ]
    for wrong in ("soon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):
        refused = {"properties": {"notAllowedTime": [{"start": wrong, "end": wrong}]}}
        assert aks_error(world.put(DEFAULT, refused))["code"] == "UnmarshalError"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2023-03-01T17:38:33.5305763+08:00", "2023-03-01T09:38:33.5305763Z"),
        ("2023-02-27T17:38:35.7262880+08:00", "2023-02-27T09:38:35.726288Z"),
        ("2026-08-26T20:00:00-05:00", "2026-08-27T01:00:00Z"),
    ],
)
def test_legacy_times_are_stored_in_utc(world: World, given: str, stored: str) -> None:
    """The times of notAllowedTime come back in UTC, to the ten millionth of a second."""
    span = {"start": given, "end": given}
    body = {"properties": {"notAllowedTime": [span]}}
    written = as_object(content(world.put(DEFAULT, body))["properties"])
    assert written["notAllowedTime"] == [{"start": stored, "end": stored}]


def test_keys_of_a_relative_month_are_in_the_recorded_order(world: World) -> None:
    """A relativeMonthly schedule comes back with its weekday before its week, however written."""
    month = {"weekIndex": "Last", "dayOfWeek": "Tuesday", "intervalMonths": 1}
    world.put(NODE_OS, window(schedule={"relativeMonthly": month}))
    stored = as_object(as_object(world.stored_window()["schedule"])["relativeMonthly"])
    assert list(stored) == ["intervalMonths", "dayOfWeek", "weekIndex"]
