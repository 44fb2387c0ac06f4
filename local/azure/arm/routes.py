"""Every path that the simulated Resource Manager knows, a row each; compared without case."""

from functools import lru_cache

from local.azure.arm import (
    group_calls,
    resource_calls,
    resource_graph,
    subscription_calls,
    tag_calls,
)
from local.azure.arm.route import TAGS, Route, Row, Service, Way
from local.azure.arm.rows import AKS_ROWS, CLUSTER, GROUP, SUBSCRIPTION

_PROVIDERS = f"{SUBSCRIPTION}/providers"
_RESOURCES = "Microsoft.Resources"

# What the gateway answers itself; of Resource Graph it is told that a query is a read.
OTHER_ROWS = (
    Row(
        "/providers/microsoft.resourcegraph/resources",
        "Microsoft.ResourceGraph/resources",
        {"POST": Way("Resources", resource_graph.query_resources, verb="read")},
        Service.GRAPH,
        is_open=True,
    ),
    Row(
        "/tenants",
        f"{_RESOURCES}/tenants",
        {"GET": Way("Tenants_List", subscription_calls.list_tenants)},
        Service.GATEWAY,
        is_open=True,
    ),
    Row(
        "/subscriptions",
        f"{_RESOURCES}/subscriptions",
        {"GET": Way("Subscriptions_List", subscription_calls.list_subscriptions)},
        Service.GATEWAY,
        is_open=True,
    ),
    Row(
        SUBSCRIPTION,
        f"{_RESOURCES}/subscriptions",
        {"GET": Way("Subscriptions_Get", subscription_calls.get_subscription)},
        Service.GATEWAY,
    ),
    Row(
        f"{SUBSCRIPTION}/locations",
        f"{_RESOURCES}/subscriptions/locations",
        {"GET": Way("Subscriptions_ListLocations", subscription_calls.list_locations)},
        Service.GATEWAY,
    ),
    Row(
        _PROVIDERS,
        f"{_RESOURCES}/providers",
        {"GET": Way("Providers_List", subscription_calls.list_providers)},
        Service.GATEWAY,
    ),
    Row(
        f"{_PROVIDERS}/{{namespace}}",
        f"{_RESOURCES}/providers",
        {"GET": Way("Providers_Get", subscription_calls.get_provider)},
        Service.GATEWAY,
    ),
    Row(
        f"{_PROVIDERS}/{{namespace}}/register",
        f"{_RESOURCES}/providers/register",
        {"POST": Way("Providers_Register", subscription_calls.register_provider)},
        Service.GATEWAY,
    ),
    Row(
        f"{_PROVIDERS}/{{namespace}}/unregister",
        f"{_RESOURCES}/providers/unregister",
        {"POST": Way("Providers_Unregister", subscription_calls.unregister_provider)},
        Service.GATEWAY,
    ),
    Row(
        f"{SUBSCRIPTION}/resources",
        f"{_RESOURCES}/subscriptions/resources",
        {"GET": Way("Resources_List", resource_calls.list_resources)},
        Service.GATEWAY,
    ),
    Row(
        f"{SUBSCRIPTION}/resourcegroups",
        f"{_RESOURCES}/resourceGroups",
        {"GET": Way("ResourceGroups_List", group_calls.list_groups)},
        Service.GATEWAY,
    ),
    Row(
        GROUP,
        f"{_RESOURCES}/resourceGroups",
        {
            "GET": Way("ResourceGroups_Get", group_calls.get_group),
            "HEAD": Way("ResourceGroups_CheckExistence", group_calls.head_group, may_be_new=True),
            "PUT": Way("ResourceGroups_CreateOrUpdate", group_calls.put_group, may_be_new=True),
        },
        Service.GATEWAY,
    ),
    Row(
        f"{CLUSTER}/providers/microsoft.resources/tags/default",
        TAGS,
        {
            "GET": Way("Tags_GetAtScope", tag_calls.get_tags),
            "PUT": Way("Tags_CreateOrUpdateAtScope", tag_calls.put_tags),
            "PATCH": Way("Tags_UpdateAtScope", tag_calls.patch_tags),
            "DELETE": Way("Tags_DeleteAtScope", tag_calls.delete_tags),
        },
        Service.GATEWAY,
    ),
)
_SEGMENTS = tuple((row, row.template.split("/")) for row in (*AKS_ROWS, *OTHER_ROWS))


@lru_cache(maxsize=16384)
def route_of(path: str) -> Route | None:
    """Take a path apart; None where it leads to nothing that the simulator knows."""
    segments = path.rstrip("/").split("/")
    for row, template in _SEGMENTS:
        parts = _matched(segments, template)
        if parts is not None:
            return Route(row, **parts)
    return None


def _matched(segments: list[str], template: list[str]) -> dict[str, str] | None:
    if len(segments) != len(template):
        return None
    parts: dict[str, str] = {}
    for segment, expected in zip(segments, template, strict=True):
        if expected.startswith("{"):
            if not segment:
                return None
            parts[expected[1:-1]] = segment
        elif segment.lower() != expected:
            return None
    return parts
