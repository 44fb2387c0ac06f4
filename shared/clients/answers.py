"""ARM's answers, decoded once: from bytes to what naptime looks at, and nothing else of them.

The SDK makes models of whole answers, which are then made dicts again; and its pipeline decodes
each before that. As a stream an answer passes that by. Members that do not matter are skipped, and
what a member holds is not trusted: it may be anything that JSON has, and is judged where it is
observed.
"""

from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Final, NotRequired, TypedDict

import msgspec
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from shared.clients.arm import is_same_place
from shared.clients.transport import answer_of
from shared.domain.errors import AzureUnavailable
from shared.domain.vocabulary.plain_text import LONGEST_MESSAGE, one_line

if TYPE_CHECKING:
    from azure.core.rest import AsyncHttpResponse
    from azure.mgmt.containerservice.aio import ContainerServiceClient

type Other = str | int | float | bool | list[object] | None
"""Whatever is no object."""

READ: Final = frozenset({200})
AS_JSON: Final = {"Accept": "application/json"}


class _Mode(TypedDict, total=False):
    mode: object


class _Channels(TypedDict, total=False):
    nodeOSUpgradeChannel: object
    upgradeChannel: object


class _Properties(TypedDict, total=False):
    provisioningState: object
    nodeProvisioningProfile: _Mode | Other
    autoUpgradeProfile: _Channels | Other
    nodeResourceGroup: object


class Cluster(TypedDict, total=False):
    """What is looked at of a managed cluster."""

    id: object
    location: object
    tags: object
    sku: object
    properties: _Properties | Other


class Configuration(TypedDict, total=False):
    """What is looked at of a maintenance configuration."""

    id: object
    name: object
    properties: object


class Subscription(TypedDict, total=False):
    """What is looked at of a subscription."""

    subscriptionId: object
    state: object


class ListPage[T](TypedDict):
    """One page of a list."""

    value: list[T]
    nextLink: NotRequired[str | None]


CLUSTER = msgspec.json.Decoder(Cluster)
CLUSTERS = msgspec.json.Decoder(ListPage[Cluster])
CONFIGURATION = msgspec.json.Decoder(Configuration)
CONFIGURATIONS = msgspec.json.Decoder(ListPage[Configuration])
SUBSCRIPTIONS = msgspec.json.Decoder(ListPage[Subscription])

MOST_PAGES = 1000
"""No listing that ARM has is so long; AKS has 5,000 clusters in a subscription at most."""


async def answer_to(
    client: "ContainerServiceClient", request: HttpRequest, expected: frozenset[int]
) -> "AsyncHttpResponse":
    """Send a request through the SDK's pipeline and read its answer, which stays as it came.

    Raises HttpResponseError for any other status, as the SDK's own operations do.
    """
    response = await answer_of(client, request)
    if response.status_code not in expected:
        raise HttpResponseError(response=response)
    return response


def resource[T](decoder: msgspec.json.Decoder[T], response: "AsyncHttpResponse") -> T:
    """Decode an answer that has one resource in it; raises AzureUnavailable."""
    return _decoded(decoder, response.content, "The answer is no resource.")


class Pages[T]:
    """The pages of one listing, which come to an end: `following` is the request for the next.

    One that leads back to a page that was read, or always to another, would be asked for as fast
    as it is answered, for ever.
    """

    def __init__(
        self,
        client: "ContainerServiceClient",
        decoder: msgspec.json.Decoder[ListPage[T]],
        first: HttpRequest,
        version: str,
    ) -> None:
        self._version = version
        self._client = client
        self._decoder = decoder
        self.following: HttpRequest | None = first
        self._asked = set[str]()

    async def read(self, page: HttpRequest) -> tuple["AsyncHttpResponse", list[T]]:
        """Read the page that follows; raises AzureUnavailable where that is none, or was read."""
        response = await answer_to(self._client, page, READ)
        url = response.request.url
        if url in self._asked or len(self._asked) == MOST_PAGES:
            raise AzureUnavailable("The pages of a listing come to no end.")
        self._asked.add(url)
        # A body without a list is no empty list: what is not seen would be written over.
        found = _decoded(self._decoder, response.content, "The answer is no page of a list.")
        self.following = self._behind(found.get("nextLink") or "", url)
        return response, found["value"]

    def _behind(self, link: str, url: str) -> HttpRequest | None:
        """Ask for the next page: with the token, so it has to be where the one before was."""
        if not link:
            return None
        if not is_same_place(link, url):
            raise AzureUnavailable("The next page of a listing is not at Azure.")
        # As the SDK does; where the link names a version, that is the one.
        return HttpRequest("GET", link, params={"api-version": self._version}, headers=AS_JSON)


def _decoded[T](decoder: msgspec.json.Decoder[T], body: bytes, otherwise: str) -> T:
    try:
        return decoder.decode(body.removeprefix(BOM_UTF8))
    except msgspec.ValidationError as error:
        raise AzureUnavailable(otherwise) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        # A proxy's page with status 200.
        why = one_line(str(error), LONGEST_MESSAGE)
        raise AzureUnavailable(f"The answer is not JSON: {why}") from error
