"""The subscriptions that the caller sees: those that can be read, from all pages, or none."""

import pytest
from aiohttp import web

from shared.clients.arm import ArmClients
from shared.clients.subscriptions import API_VERSION, SubscriptionList
from shared.domain.errors import AccessDenied, AzureUnavailable
from tests.clusters import Json
from tests.contract.test_odd_answers import NO_PAGES, OddAzure, odd_arm

__all__ = ["odd_arm"]


def listed(number: int, state: object = "Enabled") -> Json:
    """Give a subscription as ARM lists it."""
    identifier = f"0000000{number}-ABCD-0000-0000-000000000000"
    return {"subscriptionId": identifier, "displayName": f"sub {number}", "state": state}


def ids(*numbers: int) -> list[str]:
    """Give ids as naptime writes them."""
    return [f"0000000{number}-abcd-0000-0000-000000000000" for number in numbers]


async def test_those_that_can_be_read_are_given(odd_arm: tuple[OddAzure, ArmClients]) -> None:
    """What is disabled or deleted is not looked in, and what is odd costs no other its place."""
    azure, arm = odd_arm
    states = ["Warned", "Disabled", "PastDue", "Deleted", "Enabled", "Expired", None, ["Enabled"]]
    page = [listed(number, state) for number, state in enumerate(states, 1)]
    odd: list[Json] = [{}, {**listed(9), "subscriptionId": "x"}, {**listed(9), "subscriptionId": 3}]
    azure.answer = lambda _: web.json_response({"value": [*page[::-1], *odd]})
    assert await SubscriptionList(arm).ids() == ids(1, 3, 5)


async def test_all_pages_are_read(odd_arm: tuple[OddAzure, ArmClients]) -> None:
    """Each in the version of the API that is asked for at first."""
    azure, arm = odd_arm
    versions: list[str] = []

    def answer(request: web.Request) -> web.Response:
        versions.append(request.query["api-version"])
        link = str(request.url.with_query("$skiptoken=a"))
        return web.json_response(
            {"value": [listed(1)], "nextLink": link} if azure.calls == 1 else {"value": [listed(2)]}
        )

    azure.answer = answer
    assert await SubscriptionList(arm).ids() == ids(1, 2)
    assert versions == [API_VERSION] * 2


@pytest.mark.parametrize("body", NO_PAGES.values(), ids=NO_PAGES.keys())
async def test_an_answer_that_is_no_page_is_no_list(
    odd_arm: tuple[OddAzure, ArmClients], body: object
) -> None:
    """Half a list of subscriptions would look like a fleet that is half as large."""
    azure, arm = odd_arm
    azure.answer = lambda _: web.json_response(body)
    with pytest.raises(AzureUnavailable, match="page"):
        await SubscriptionList(arm).ids()


async def test_a_refusal_is_one_of_our_own_errors(odd_arm: tuple[OddAzure, ArmClients]) -> None:
    """As with every other call."""
    azure, arm = odd_arm
    azure.answer = lambda _: web.json_response({"error": {"code": "x"}}, status=403)
    with pytest.raises(AccessDenied):
        await SubscriptionList(arm).ids()
