"""One call to Resource Manager with everything that its answer depends on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from local.azure.arm import errors
from local.azure.arm.clusters import Cluster
from local.azure.arm.errors import AzureRefusal, Shape
from local.azure.arm.operations import Operations
from local.azure.arm.roles import Roles
from local.azure.arm.route import Route
from local.azure.arm.state import State, Subscription
from local.azure.entra.tokens import Caller
from local.azure.json_values import JsonObject, parse
from local.azure.options import Options
from local.azure.replies import Call


@dataclass(frozen=True, slots=True)
class Visit:
    """A call of a known caller at an instant; its parents are there, the cluster perhaps not.

    Listings are shown `stale` old, and without what is within one of `missing`.
    """

    state: State
    operations: Operations
    options: Options
    call: Call
    caller: Caller
    route: Route
    subscription: Subscription
    present: Cluster | None
    now: datetime
    stale: timedelta
    missing: tuple[str, ...]
    roles: Roles

    @property
    def cluster(self) -> Cluster:
        """The cluster; raises AzureRefusal (404) where there is none."""
        if self.present is None:
            raise errors.cluster_not_found(self.route.group, self.route.cluster)
        return self.present

    @property
    def api_version(self) -> str:
        """The api-version of the call."""
        return self.call.query.get("api-version", "")

    def json_object(self) -> JsonObject:
        """Read the body; raises AzureRefusal (400) unless it is a JSON object."""
        try:
            value = parse(self.call.body)
        except ValueError as error:
            raise errors.bad_request_content(str(error)) from error
        if not isinstance(value, dict):
            raise errors.bad_request_content("the content is not a JSON object")
        return value

    def check_conditions(self) -> None:
        """Raise AzureRefusal (412) where If-Match or If-None-Match does not hold."""
        etag = self.present.etag if self.present else None
        wanted = self.call.headers.get("If-Match", "").strip('"')
        unwanted = self.call.headers.get("If-None-Match", "").strip('"')
        missed = bool(wanted) and (etag is None or wanted not in {"*", etag})
        if missed or (unwanted and etag is not None and unwanted in {"*", etag}):
            message = f"The etag '{wanted or unwanted}' does not match the etag '{etag or ''}'."
            raise AzureRefusal(
                HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed", message, shape=Shape.AKS
            )

    def check_not_busy(self) -> None:
        """Raise AzureRefusal (409) while an operation on the cluster goes on."""
        if self.present is not None and self.present.is_busy:
            raise busy(self.present.provisioning_state)


def busy(state: str) -> AzureRefusal:
    """Refuse what cannot be done now, in the texts of public issues (Azure/AKS, aks-engine)."""
    message = (
        f"Operation is not allowed: Another operation ({state}) is in progress, please wait for"
        " it to finish before starting a new operation. See https://aka.ms/aks-pending-operation"
        " for more details"
    )
    if state == "Deleting":
        message = (
            "Cluster in Deleting provisioning state cannot be reconciled. The only allowed"
            " operation after deletion has started is to retry cluster deletion."
        )
    return AzureRefusal(HTTPStatus.CONFLICT, "OperationNotAllowed", message, shape=Shape.AKS)
