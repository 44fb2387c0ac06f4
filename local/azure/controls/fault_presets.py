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
