"""The errors of Azure Resource Manager and of AKS behind it, in the two shapes that clients meet.

The gateway wraps its errors in `error` and says so in a header; AKS's own are flat. (Recorded
traffic of azure-cli and azure-powershell, 2023 to 2026.)
"""

import json
from enum import StrEnum
from http import HTTPStatus

from local.azure.replies import Reply

# The header by which the gateway says that it was no resource provider who refused.
FAILURE_CAUSE = "x-ms-failure-cause"


class Shape(StrEnum):
    """Who speaks: the gateway of Resource Manager, or the AKS resource provider."""

    ARM = "arm"
    AKS = "aks"


class AzureRefusal(Exception):
    """A call that Azure answers with an error: status, code, message and whose shape it has."""

    def __init__(  # noqa: PLR0913 - the six things that an error answer consists of
        self,
        status: int,
        code: str,
        message: str,
        *,
        shape: Shape = Shape.ARM,
        subcode: str = "",
        headers: dict[str, str] | None = None,
        details: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.shape = shape
        self.subcode = subcode
        self.headers = headers or {}
        self.details = details

    def reply(self) -> Reply:
        """Write the error as the response that a client gets."""
        if self.shape is Shape.ARM:
            wrapped = {"error": {"code": self.code, "message": self.message}}
            return Reply(
                status=self.status,
                body=json.dumps(wrapped, separators=(",", ":")).encode(),
                content_type="application/json; charset=utf-8",
                headers={FAILURE_CAUSE: "gateway", **self.headers},
                code=self.code,
            )
        flat = {
            "code": self.code,
            "details": self.details,
            "message": self.message,
            "subcode": self.subcode,
        }
        return Reply(
            status=self.status,
            body=json.dumps(flat, indent=1).encode(),
            headers=dict(self.headers),
            code=self.code,
        )


def aks_invalid(message: str) -> AzureRefusal:
    """Refuse a parameter as AKS does: 400, flat, details null, subcode empty."""
    return AzureRefusal(HTTPStatus.BAD_REQUEST, "InvalidParameter", message, shape=Shape.AKS)


def cluster_not_found(group: str, cluster: str) -> AzureRefusal:
    """Say that the cluster does not exist: the gateway answers, also for its children."""
    return AzureRefusal(
        HTTPStatus.NOT_FOUND,
        "ResourceNotFound",
        f"The Resource 'Microsoft.ContainerService/managedClusters/{cluster}' under resource group"
        f" '{group}' was not found. For more details please go to"
        " https://aka.ms/ARMResourceNotFoundFix",
    )


def configuration_not_found(name: str, cluster: str) -> AzureRefusal:
    """Say that the cluster has no such configuration, as AKS says it of an agent pool.

    The text for configurations was never recorded; the sibling's was.
    """
    message = (
        f"Could not find the maintenance configuration: {name} in the managed cluster: {cluster}"
    )
    return AzureRefusal(
        HTTPStatus.NOT_FOUND,
        "NotFound",
        f"{message}.",
        shape=Shape.AKS,
        subcode="GetMaintenanceConfiguration_NotFound",
        details=[
            {
                "code": "Unspecified",
                "message": f"rpc error: code = NotFound desc = {message}",
            }
        ],
    )


def group_not_found(group: str) -> AzureRefusal:
    """Say that the resource group does not exist."""
    return AzureRefusal(
        HTTPStatus.NOT_FOUND,
        "ResourceGroupNotFound",
        f"Resource group '{group}' could not be found.",
    )


def subscription_not_found(subscription: str) -> AzureRefusal:
    """Say that the subscription does not exist, or is none that the caller can see."""
    return AzureRefusal(
        HTTPStatus.NOT_FOUND,
        "SubscriptionNotFound",
        f"The subscription '{subscription}' could not be found.",
    )


def bad_request_content(detail: str) -> AzureRefusal:
    """Say that the body is no JSON object."""
    return AzureRefusal(
        HTTPStatus.BAD_REQUEST,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{detail}'.",
    )


def no_route(path: str) -> AzureRefusal:
    """Say that a path leads nowhere."""
    if not path.lower().startswith("/subscriptions/"):
        return AzureRefusal(
            HTTPStatus.NOT_FOUND,
            "MissingSubscription",
            "The request did not have a subscription or a valid tenant level resource provider.",
        )
    return AzureRefusal(
        HTTPStatus.NOT_FOUND,
        "InvalidResourceType",
        f"The resource type could not be found for the path '{path}'.",
    )


def wrong_method(method: str, resource_type: str) -> AzureRefusal:
    """Say that a resource has no such method."""
    return AzureRefusal(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "HttpMethodNotAllowed",
        f"The HTTP method '{method}' is not supported at the resource type '{resource_type}'.",
    )
