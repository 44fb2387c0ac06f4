"""Tokens: App Service's identity end point, and what Resource Manager makes of bearers."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from local.azure.controls.misfortunes import Misfortune
from local.azure.entra.routes import answer_identity
from local.azure.fleet import fleet_of
from local.azure.json_values import JsonObject, as_object, parse
from local.azure.replies import Call, Reply
from local.azure.simulator import Setup, Simulator
from tests.local.azure.world import CLUSTER, FLEET, NAPTIME, World, content, gateway_error

RESOURCE = "https://management.azure.com/"


def ask(world: World, header: str = "secret", **query: str) -> Reply:
    given = {"api-version": "2019-08-01", "resource": RESOURCE, **query}
    headers = {"X-IDENTITY-HEADER": header} if header else {}
    call = Call("GET", "/msi/token", given, headers)
    return answer_identity(world.simulator, call, Misfortune())


def claims(token: str) -> JsonObject:
    part = token.split(".")[1]
    return as_object(parse(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_token_in_the_app_service_form(world: World) -> None:
    """The end point answers App Service's JSON, with expires_on as epoch seconds in a string."""
    answer = content(ask(world, client_id=NAPTIME))
    assert set(answer) == {"access_token", "client_id", "expires_on", "resource", "token_type"}
    assert (answer["client_id"], answer["resource"]) == (NAPTIME, RESOURCE)
    assert isinstance(answer["expires_on"], str)
    claimed = claims(str(answer["access_token"]))
    assert (claimed["appid"], claimed["aud"]) == (NAPTIME, RESOURCE)
    assert str(claimed["exp"]) == answer["expires_on"]
    assert {"iss", "oid", "tid"} <= set(claimed)


def test_identity_header_is_required(world: World) -> None:
    """Without X-IDENTITY-HEADER, or with a wrong one where one is set, there is no token."""
    assert ask(world, header="").status == 401
    world.simulator.identity_header = "right"
    assert ask(world, header="wrong").status == 401
    assert ask(world, header="right").status == 200


def test_parameters_are_required(world: World) -> None:
    """Without a resource, or with another api-version, there is no token."""
    assert ask(world, resource="").status == 400
    assert ask(world, **{"api-version": "2017-09-01"}).status == 400


def test_tokens_are_in_the_journal(world: World) -> None:
    """A request for a token is in the journal with the client that got it."""
    ask(world, client_id=NAPTIME)
    entry = world.simulator.journal.entries()[0]
    assert (entry.path, entry.caller, entry.status) == ("/msi/token", NAPTIME, 200)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "AuthenticationFailed"),
        ("Basic abc", "AuthenticationFailedInvalidHeader"),
        ("Bearer nonsense", "InvalidAuthenticationToken"),
        ("Bearer e30.e30.e30", "InvalidAuthenticationToken"),
        ("Bearer \u00e9.\u00e9.\u00e9", "InvalidAuthenticationToken"),
    ],
)
def test_bearers_that_are_none(world: World, header: str, code: str) -> None:
    """A missing or foreign bearer is 401 with a challenge."""
    reply = world.call("GET", CLUSTER, headers={"Authorization": header})
    assert (reply.status, gateway_error(reply)["code"]) == (401, code)
    assert reply.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


def test_token_of_another_start_is_refused(world: World) -> None:
    """A token that another simulator issued is refused."""
    foreign = World().simulator.tokens.issue(RESOURCE).text
    reply = world.call("GET", CLUSTER, headers={"Authorization": f"Bearer {foreign}"})
    assert gateway_error(reply)["code"] == "InvalidAuthenticationToken"


def test_token_for_another_audience_is_refused(world: World) -> None:
    """A token for storage is no token for Resource Manager."""
    token = world.simulator.tokens.issue("https://storage.azure.com/").text
    reply = world.call("GET", CLUSTER, headers={"Authorization": f"Bearer {token}"})
    assert gateway_error(reply)["code"] == "InvalidAuthenticationTokenAudience"


def test_expired_token_is_refused() -> None:
    """A token is refused once its day is over, by the clock that the client has too."""
    wall = [datetime(2026, 8, 26, 12, 0, tzinfo=UTC)]
    world = World(Simulator(Setup(fleet=fleet_of(FLEET), wall=lambda: wall[0])))
    token = world.simulator.tokens.issue(RESOURCE).text
    headers = {"Authorization": f"Bearer {token}"}
    assert world.call("GET", CLUSTER, headers=headers).status == 200
    wall[0] += timedelta(hours=24)
    reply = world.call("GET", CLUSTER, headers=headers)
    assert gateway_error(reply)["code"] == "ExpiredAuthenticationToken"


def test_simulated_weeks_leave_tokens_valid(world: World) -> None:
    """A jump of the simulated time does not take the client's token away."""
    token = world.simulator.tokens.issue(RESOURCE).text
    world.simulator.clock.advance(30 * 24 * 3600)
    assert world.call("GET", CLUSTER, headers={"Authorization": f"Bearer {token}"}).status == 200
