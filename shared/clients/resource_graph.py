"""Azure Resource Graph, for one constant query: each call one attempt, bounded in time.

A request of our own through the pipeline that the AKS client has anyway: the SDK for Resource Graph
would bring msrest and with it a second HTTP stack (azure-mgmt-resourcegraph 8.0.0).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from azure.core.exceptions import DecodeError, HttpResponseError
from azure.core.rest import AsyncHttpResponse, HttpRequest

from shared.clients.arm import ArmClients
from shared.clients.refusals.errors import quota_wait
from shared.clients.transport import answer_of
from shared.domain.images.machines import NAP_MACHINES_QUERY, MachinePage, observe_machine

if TYPE_CHECKING:
    from azure.mgmt.containerservice.aio import ContainerServiceClient

PATH = "/providers/Microsoft.ResourceGraph/resources"
API_VERSION = "2024-04-01"
LARGEST_PAGE = 1000


class ResourceGraph:
    """The machines that NAP made, as Resource Graph has them: late, and only what may be read."""

    def __init__(self, arm: ArmClients) -> None:
        """Take the clients of Azure Resource Manager."""
        self._arm = arm

    async def page(self, subscriptions: Sequence[str], page: str) -> MachinePage:
        """Read a page of the machines of some subscriptions; "" is the first."""
        options: dict[str, object] = {"resultFormat": "objectArray", "$top": LARGEST_PAGE}
        if page:
            options["$skipToken"] = page
        body = {
            "subscriptions": list(subscriptions),
            "query": NAP_MACHINES_QUERY,
            "options": options,
        }
        url = f"{self._arm.endpoint}{PATH}"
        request = HttpRequest("POST", url, params={"api-version": API_VERSION}, json=body)
        # Any subscription's client will do: the path names none.
        client = self._arm.of(subscriptions[0])
        return await self._arm.bounded(lambda: _ask(client, request))


async def _ask(client: "ContainerServiceClient", request: HttpRequest) -> MachinePage:
    response = await answer_of(client, request)
    if response.status_code != 200:  # noqa: PLR2004 - the one status that is an answer
        raise HttpResponseError(response=response)
    return _read(response)


def _read(response: AsyncHttpResponse) -> MachinePage:
    try:
        answer = response.json()
    except ValueError as error:
        raise DecodeError("the answer is no JSON", response=response) from error
    match answer:
        case {"data": list(rows), "$skipToken": str(token)}:
            pass
        case {"data": list(rows), "resultTruncated": "false" | False}:
            token = ""
        case _:
            # Truncated without a token: paging is impossible, and what is there is not all
            # (MicrosoftDocs, resource-graph/concepts/work-with-data.md).
            raise DecodeError("the answer is no whole page of rows", response=response)
    found = [observe_machine(row) for row in cast("list[object]", rows)]
    machines = [machine for machine in found if machine is not None]
    return MachinePage(machines, token, quota_wait(response.headers))
