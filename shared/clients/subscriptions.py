"""The subscriptions that the caller sees: each page one attempt, bounded in time.

A request of our own through the pipeline that the AKS client has anyway, as for Resource Graph: the
SDK for subscriptions would be one more dependency for one list.
"""

from functools import partial

from azure.core.rest import HttpRequest

from shared.clients.answers import AS_JSON, SUBSCRIPTIONS, Pages
from shared.clients.arm import ArmClients
from shared.domain.vocabulary.ids import is_guid

API_VERSION = "2022-12-01"
ANY = "00000000-0000-0000-0000-000000000000"
"""The path names no subscription, and the SDK's client wants one."""

READABLE = ("Enabled", "Warned", "PastDue")
"""The states in which clusters can be read and written (learn.microsoft.com, subscription states);
what is disabled or deleted is not looked in."""


class SubscriptionList:
    """Lists subscriptions, as `az account list` does: those of the token's tenant."""

    def __init__(self, arm: ArmClients) -> None:
        """Take the clients of Azure Resource Manager."""
        self._arm = arm

    async def ids(self) -> list[str]:
        """Give the ids of all that can be read, in lower case and in order; raises AzureError."""
        url, version = f"{self._arm.endpoint}/subscriptions", {"api-version": API_VERSION}
        first = HttpRequest("GET", url, params=version, headers=AS_JSON)
        pages, found = Pages(self._arm.of(ANY), SUBSCRIPTIONS, first, API_VERSION), set[str]()
        while page := pages.following:
            _, items = await self._arm.bounded(partial(pages.read, page))
            readable = (
                item.get("subscriptionId") for item in items if item.get("state") in READABLE
            )
            found |= {each.lower() for each in readable if isinstance(each, str) and is_guid(each)}
        return sorted(found)
