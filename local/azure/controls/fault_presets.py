"""The refusals that can be ordered by name, with the texts that real clients have met."""

from collections.abc import Mapping
from http import HTTPStatus

from local.azure.arm.errors import Shape
from local.azure.controls.misfortunes import Refusal

_ARM, _AKS = Shape.ARM, Shape.AKS

# The texts are those seen in public issues and recordings; Throttled's own is documented nowhere.
REFUSALS: Mapping[str, Refusal] = {
    "throttled-by-aks": Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Throttled",
        "The request was throttled. Please try again after {retry_after} seconds. For more"
        " details, see https://aka.ms/aks/throttling-limits.",
        _AKS,
        retry_after=5,
    ),
    "throttled-by-arm": Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "SubscriptionRequestsThrottled",
        "Number of 'read' requests for subscription '{subscription}' actor '{app_id}' exceeded."
        " Please try again after '{retry_after}' seconds.",
        _ARM,
        retry_after=10,
    ),
    "operation-in-progress": Refusal(
        HTTPStatus.CONFLICT,
        "OperationNotAllowed",
        "Operation is not allowed: Another operation (Updating) is in progress, please wait for"
        " it to finish before starting a new operation. See https://aka.ms/aks-pending-operation"
        " for more details",
        _AKS,
    ),
    "etag-mismatch": Refusal(
        HTTPStatus.CONFLICT,
        "EtagMismatch",
        "Operation is not allowed: the managed cluster {cluster} was changed by another operation.",
        _AKS,
        detail="rpc error: code = FailedPrecondition desc = Etag mismatched",
    ),
    "forbidden": Refusal(
        HTTPStatus.FORBIDDEN,
        "AuthorizationFailed",
        "The client '{app_id}' with object id '{object_id}' does not have authorization to perform"
        " action '{action}' over scope '{scope}' or the scope is invalid. If access was recently"
        " granted, please refresh your credentials.",
        _ARM,
    ),
    "locked": Refusal(
        HTTPStatus.CONFLICT,
        "ScopeLocked",
        "The scope '{scope}' cannot perform {verb} operation because following scope(s) are"
        " locked: '{held}'. Please remove the lock and try again.",
        _ARM,
    ),
    "denied-by-policy": Refusal(
        HTTPStatus.FORBIDDEN,
        "RequestDisallowedByPolicy",
        "Resource '{name}' was disallowed by policy. Policy identifiers:"
        ' \'[{"policyAssignment":{"name":"no-changes","id":"{held}/providers'
        '/Microsoft.Authorization/policyAssignments/no-changes"},"policyDefinition":{"name":'
        '"No changes","id":"{held}/providers/Microsoft.Authorization/policyDefinitions'
        "/no-changes\"}}]'.",
        _ARM,
    ),
    "denied-by-assignment": Refusal(
        HTTPStatus.FORBIDDEN,
        "DenyAssignmentAuthorizationFailed",
        "The client '{app_id}' with object id '{object_id}' has permission to perform action"
        " '{action}' on scope '{scope}'; however, the access is denied because of the deny"
        " assignment with name"
        " 'System deny assignment' and Id '00000000000000000000000000000001' at scope '{held}'.",
        _ARM,
    ),
    "subscription-disabled": Refusal(
        HTTPStatus.CONFLICT,
        "ReadOnlyDisabledSubscription",
        "The subscription '{subscription}' is disabled and therefore marked as read only. You"
        " cannot perform any write actions on this subscription until it is re-enabled.",
        _ARM,
    ),
    "not-rolled-out": Refusal(
        HTTPStatus.BAD_REQUEST,
        "NoRegisteredProviderFound",
        "No registered resource provider found for location '{location}' and API version"
        " '{api_version}' for type '{type}'. The supported api-versions are '2026-07-01'. The"
        " supported locations are '{location}'.",
        _ARM,
    ),
    "not-replicated": Refusal(
        HTTPStatus.NOT_FOUND,
        "ResourceNotFound",
        "The Resource 'Microsoft.ContainerService/managedClusters/{cluster}' under resource group"
        " '{group}' was not found. For more details please go to"
        " https://aka.ms/ARMResourceNotFoundFix",
        _ARM,
    ),
    "bad-request": Refusal(
        HTTPStatus.BAD_REQUEST, "InvalidParameter", "The request is not valid.", _AKS
    ),
    "token-refused": Refusal(
        HTTPStatus.UNAUTHORIZED,
        "InvalidAuthenticationToken",
        "The access token is invalid.",
        _ARM,
    ),
    "internal-error": Refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR, "InternalOperationError", "Internal server error", _AKS
    ),
    "bad-gateway": Refusal(
        HTTPStatus.BAD_GATEWAY, "BadGatewayConnection", "The network connectivity issue.", _ARM
    ),
    "unavailable": Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "ServerUnavailable",
        "The service is unavailable, please try again later.",
        _ARM,
    ),
    "gateway-timeout": Refusal(
        HTTPStatus.GATEWAY_TIMEOUT,
        "GatewayTimeout",
        "The gateway did not receive a response from 'Microsoft.ContainerService' within the"
        " specified time period.",
        _ARM,
    ),
}

# What lies on a scope and stays there until it is taken away, and the methods that it stops.
HELD: Mapping[str, str] = {
    "locked": "PUT,PATCH,POST,DELETE",
    "denied-by-policy": "PUT,PATCH",
    "denied-by-assignment": "PUT,PATCH,POST,DELETE",
    "subscription-disabled": "PUT,PATCH,POST,DELETE",
}
