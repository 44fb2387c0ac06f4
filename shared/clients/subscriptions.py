"""The subscriptions that the caller sees: each page one attempt, bounded in time.

A request of our own through the pipeline that the AKS client has anyway, as for Resource Graph: the
SDK for subscriptions would be one more dependency for one list.
"""

from functools import partial
from typing import TYPE_CHECKING, cast

from azure.core.exceptions import DecodeError, HttpResponseError
from azure.core.rest import AsyncHttpResponse, HttpRequest

from shared.clients.arm import ArmClients, is_same_place
from shared.domain.errors import AzureUnavailable
from shared.domain.vocabulary.ids import is_guid

if TYPE_CHECKING:
    from azure.mgmt.containerservice.aio import ContainerServiceClient

API_VERSION = "2022-12-01"
MOST_PAGES = 1000
ANY = "00000000-0000-0000-0000-000000000000"
"""The path names no subscription, and the SDK's client wants one."""

READABLE = frozenset({"Enabled", "Warned", "PastDue"})
"""The states in which clusters can be read and written (learn.microsoft.com, subscription states);
what is disabled or deleted is not looked in."""


class SubscriptionList:
    """Lists subscriptions, as `az account list` does: those of the token's tenant."""

    def __init__(self, arm: ArmClients) -> None:
        """Take the clients of Azure Resource Manager."""
        self._arm = arm

    async def ids(self) -> list[str]:
        """Give the ids of all that can be read, in lower case and in order; raises AzureError."""
        url = f"{self._arm.endpoint}/subscriptions?api-version={API_VERSION}"
        client, found = self._arm.of(ANY), set[str]()
        for _ in range(MOST_PAGES):
            request = HttpRequest("GET", url)
            page, link = await self._arm.bounded(partial(_ask, client, request))
            found |= set(page)
            if not link:
                return sorted(found)
            if not is_same_place(link, url):
                raise AzureUnavailable("The next page of the subscriptions is not at Azure.")
            url = link
        raise AzureUnavailable("The list of subscriptions comes to no end.")


async def _ask(client: "ContainerServiceClient", request: HttpRequest) -> tuple[list[str], str]:
    response = await client.send_request(request)
    if response.status_code != 200:  # noqa: PLR2004 - the one status that is an answer
        raise HttpResponseError(response=response)
    return _read(response)


def _read(response: AsyncHttpResponse) -> tuple[list[str], str]:
    try:
        answer = response.json()
    except ValueError as error:
        raise DecodeError("the answer is no JSON", response=response) from error
    match answer:
        case {"value": list(items), **rest}:
            found = [_readable(item) for item in cast("list[object]", items)]
            return [each for each in found if each], str(rest.get("nextLink") or "")
        case _:
            raise DecodeError("the answer is no page of subscriptions", response=response)


def _readable(item: object) -> str | None:
    match item:
        case {"subscriptionId": str(identifier), "state": str(state)}:
            return identifier.lower() if state in READABLE and is_guid(identifier) else None
        case _:
            return None
