"""Answers that the simulator does not give, and a Resource Manager or something before it may."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Self

import pytest
from aiohttp import web
from azure.core.credentials import AccessToken, AccessTokenInfo

from shared.clients.aks import AksClient
from shared.clients.answers import MOST_PAGES
from shared.clients.arm import ArmClients
from shared.clients.node_images import NodeImageClient
from shared.domain.errors import AzureUnavailable, Rejected
from shared.domain.window.recurrence import Weekday, Weekly
from shared.domain.window.window import MaintenanceWindow
from tests.clusters import SUBSCRIPTION, cluster, cluster_id
from tests.contract.served import served_at_every_path
from tests.fakes.clock import FakeClock

type Answer = Callable[[web.Request], web.Response]

WINDOW = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)


class NoIdentity:
    """A credential whose tokens nobody looks at."""

    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """Give a token."""
        return AccessToken("made-up", 2**40)

    async def get_token_info(self, *_scopes: str, **_options: object) -> AccessTokenInfo:
        """Give a token."""
        return AccessTokenInfo("made-up", 2**40)

    async def close(self) -> None:
        """Close nothing."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()


@dataclass
class OddAzure:
    """A Resource Manager that gives one answer to everything, and counts how often."""

    answer: Answer = field(default=lambda _: web.Response(status=500))
    calls: int = 0

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a request."""
        self.calls += 1
        return self.answer(request)


@pytest.fixture
async def odd_arm() -> AsyncIterator[tuple[OddAzure, ArmClients]]:
    """Serve it over TLS, and give it with the SDK's clients of it."""
    azure = OddAzure()
    async with served_at_every_path(azure.serve) as url:
        arm = ArmClients(NoIdentity(), url, FakeClock(), timedelta(seconds=10))
        yield azure, arm
        await arm.close()


@pytest.fixture
def odd(odd_arm: tuple[OddAzure, ArmClients]) -> tuple[OddAzure, AksClient]:
    """Give it with the real client of AKS."""
    azure, arm = odd_arm
    return azure, AksClient(arm)


async def listed(aks: AksClient) -> list[str]:
    """List the clusters of the subscription by their names."""
    pages = aks.list_clusters(SUBSCRIPTION, None)
    return [found.id.name async for page in pages for found in page.clusters]


GROUP_OF_LETTERS = {**cluster("aks-2"), "id": str(cluster_id()).replace("rg-1", "rg-größe")}
WITHOUT_ID = {**cluster("aks-2"), "id": None}


@pytest.mark.parametrize("strange", [GROUP_OF_LETTERS, WITHOUT_ID], ids=["letters", "no id"])
async def test_a_cluster_with_a_strange_id_costs_no_other_its_place(
    odd: tuple[OddAzure, AksClient],
    strange: dict[str, object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One whose id naptime cannot read is left out of the listing, and the log says which."""
    azure, aks = odd
    page = {"value": [cluster("aks-1"), strange, cluster("aks-3")]}
    azure.answer = lambda _: web.json_response(page)
    assert await listed(aks) == ["aks-1", "aks-3"]
    (line,) = [line for line in caplog.messages if line.startswith("cluster left out")]
    assert SUBSCRIPTION in line


async def test_a_cluster_of_no_concern_with_a_strange_id_is_not_told_of(
    odd: tuple[OddAzure, AksClient], caplog: pytest.LogCaptureFixture
) -> None:
    """Without node auto-provisioning naptime would leave it alone anyway."""
    azure, aks = odd
    page = {"value": [{**cluster("aks-2", mode=None), "id": None}, cluster("aks-3")]}
    azure.answer = lambda _: web.json_response(page)
    assert await listed(aks) == ["aks-3"]
    assert not [line for line in caplog.messages if line.startswith("cluster left out")]


async def test_pages_that_go_in_circles_come_to_an_end(odd: tuple[OddAzure, AksClient]) -> None:
    """A page that leads back to one that was read ends the listing as a failed one."""
    azure, aks = odd
    azure.answer = lambda request: web.json_response(
        {"value": [cluster()], "nextLink": str(request.url.with_query("$skiptoken=again"))}
    )
    with pytest.raises(AzureUnavailable):
        await listed(aks)
    assert azure.calls == 3


async def test_configurations_that_go_in_circles(odd: tuple[OddAzure, AksClient]) -> None:
    """The same holds for the pages of a cluster's configurations."""
    azure, aks = odd
    azure.answer = lambda request: web.json_response(
        {"value": [], "nextLink": str(request.url.with_query("$skiptoken=again"))}
    )
    with pytest.raises(AzureUnavailable):
        await aks.list_configurations(cluster_id())
    assert azure.calls == 3


async def test_a_page_for_people_with_status_200(odd: tuple[OddAzure, AksClient]) -> None:
    """What a proxy puts in the place of an answer is an outage, whatever was asked for."""
    azure, aks = odd
    azure.answer = lambda _: web.Response(text="<html>Sign in</html>", content_type="text/html")
    with pytest.raises(AzureUnavailable):
        await listed(aks)
    with pytest.raises(AzureUnavailable):
        await aks.list_configurations(cluster_id())
    with pytest.raises(AzureUnavailable):
        await aks.put_node_os_schedule(cluster_id(), WINDOW)


async def test_a_group_that_is_not_there_is_no_cluster_that_has_gone(
    odd: tuple[OddAzure, AksClient],
) -> None:
    """Azure refuses a listing of what it does not know: that is for somebody to correct."""
    azure, aks = odd
    message = "Resource group 'rg-1' could not be found."
    body = {"error": {"code": "ResourceGroupNotFound", "message": message}}
    azure.answer = lambda _: web.json_response(body, status=404)
    with pytest.raises(Rejected, match=message):
        await listed(aks)


NO_PAGES: dict[str, object] = {
    "null": None,
    "a text": "x",
    "a list": [],
    "no value": {"error": {"code": "InternalServerError", "message": "later"}},
    "a value of null": {"value": None},
    "a value that is an object": {"value": {"aks-1": {}}},
    "an item of null": {"value": [None]},
    "a link that is none": {"value": [], "nextLink": 5},
    "a link to elsewhere": {"value": [], "nextLink": "https://elsewhere.example/page"},
    "a link without encryption": {"value": [], "nextLink": "http://localhost/page"},
    "a link to nowhere": {"value": [], "nextLink": "https://[/page"},
}


@pytest.mark.parametrize("body", NO_PAGES.values(), ids=NO_PAGES.keys())
async def test_an_answer_without_a_list_is_not_an_empty_list(
    odd: tuple[OddAzure, AksClient], body: object
) -> None:
    """Nothing is concluded from an answer without a list: there may well be a schedule."""
    azure, aks = odd
    azure.answer = lambda _: web.json_response(body)
    with pytest.raises(AzureUnavailable, match="page"):
        await listed(aks)
    with pytest.raises(AzureUnavailable, match="page"):
        await aks.list_configurations(cluster_id())
    assert azure.calls == 2


async def test_pages_without_an_end_come_to_one(odd: tuple[OddAzure, AksClient]) -> None:
    """A listing that has always another page ends as a failed one, before it is all there is."""
    azure, aks = odd
    azure.answer = lambda request: web.json_response(
        {"value": [], "nextLink": str(request.url.with_query(f"$skiptoken={azure.calls}"))}
    )
    with pytest.raises(AzureUnavailable, match="no end"):
        await listed(aks)
    assert azure.calls == MOST_PAGES + 1


async def test_a_page_for_people_in_the_place_of_a_cluster(
    odd_arm: tuple[OddAzure, ArmClients],
) -> None:
    """What the SDK itself reads as JSON, and is none, is an outage as well."""
    azure, arm = odd_arm
    images = NodeImageClient(arm, "2026-04-02-preview")
    azure.answer = lambda _: web.Response(text="<html>Sign in</html>", content_type="text/html")
    with pytest.raises(AzureUnavailable):
        await images.image_pools(cluster_id())
    with pytest.raises(AzureUnavailable):
        await images.newest_of_pool(cluster_id(), "system")


@pytest.mark.parametrize("body", [None, "x", []], ids=["null", "a text", "a list"])
async def test_an_answer_without_a_resource_is_an_outage(
    odd: tuple[OddAzure, AksClient], body: object
) -> None:
    """An answer without a resource in it is an outage; a write may have been applied."""
    azure, aks = odd
    azure.answer = lambda _: web.json_response(body)
    with pytest.raises(AzureUnavailable):
        await aks.get_cluster(cluster_id())
    with pytest.raises(AzureUnavailable):
        await aks.put_node_os_schedule(cluster_id(), WINDOW)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sat, 21 Nov 2026 12:00:00 -0000", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("Sat, 21 Nov 99999999999999999999 12:00:00 GMT", None),
        ("yesterday", None),
    ],
)
async def test_odd_dates_of_answers(
    odd: tuple[OddAzure, AksClient], date: str, expected: datetime | None
) -> None:
    """ARM's own time can be compared with any other, or is not known."""
    azure, aks = odd
    azure.answer = lambda _: web.json_response({"value": []}, headers={"Date": date})
    assert (await aks.list_configurations(cluster_id())).answered_at == expected
