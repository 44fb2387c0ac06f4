"""What is known of a call before it is answered: what faults are aimed by, how the journal says."""

from local.azure.controls.misfortunes import Facts
from local.azure.entra.service_principals import entra_request
from local.azure.entra.tokens import Caller, is_identity_path
from local.azure.event_grid.topic_paths import PUBLISH, is_topic_path, publishing_facts
from local.azure.replies import Call


def operation_of(call: Call) -> str:
    """Name the call as the REST specification does (operationId), or the empty string."""
    if call.route is not None:
        return call.route.operation(call.method)
    return PUBLISH if is_topic_path(call.path) else ""


def facts_of(call: Call, caller: Caller) -> Facts:
    """Say what a call can be aimed at by, and what the texts of refusals can speak of."""
    route = call.route
    if route is None:
        return _facts_elsewhere(call)
    return Facts(
        method=call.method,
        path=call.path,
        operation=route.operation(call.method),
        action=route.action(call.method),
        subscription=route.subscription,
        group=route.group,
        cluster=route.cluster,
        location=route.location,
        api_version=call.query.get("api-version", ""),
        app_id=caller.app_id,
        object_id=caller.object_id,
    )


def _facts_elsewhere(call: Call) -> Facts:
    if is_topic_path(call.path):
        return publishing_facts(call)
    is_token = is_identity_path(call.path) or entra_request(call.path) is not None
    return Facts(call.method, call.path, is_other_service=is_token)
