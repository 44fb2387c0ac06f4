"""Entra ID and the addresses of the cloud, as service principals need them."""

from urllib.parse import urlencode

import pytest

from local.azure.controls.fault_orders import fault_of
from local.azure.controls.misfortunes import Misfortune
from local.azure.entra.routes import answer_of
from local.azure.entra.tokens import TENANT_ID
from local.azure.json_values import JsonObject, as_list, as_object, parse
from local.azure.replies import Call, Reply
from tests.local.azure.test_identity import claims
from tests.local.azure.world import CLUSTER, NAPTIME, World, content

SCOPE = "https://management.azure.com/.default"
TOKEN = f"/{TENANT_ID}/oauth2/v2.0/token"
TOKEN_V1 = f"/{TENANT_ID}/oauth2/token"
FORM = {"grant_type": "client_credentials", "client_id": NAPTIME, "client_secret": "s3cret"}


def ask(
    world: World, method: str, path: str, form: dict[str, str] | None = None, version: str = ""
) -> Reply:
    answer = answer_of(path)
    assert answer is not None
    call = Call(method, path, {"api-version": version}, {}, urlencode(form or {}).encode())
    return answer(world.simulator, call, world.simulator.misfortune(call))


def token(world: World, path: str = TOKEN, **changes: str) -> Reply:
    return ask(world, "POST", path, {**FORM, "scope": SCOPE, **changes})


def test_token_of_version_2(world: World) -> None:
    """Client credentials give a bearer for an hour that Resource Manager takes."""
    answer = content(token(world))
    assert set(answer) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert answer["expires_in"] == 3599
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert world.call("GET", CLUSTER, headers=headers).status == 200
    claimed = claims(str(answer["access_token"]))
    assert (claimed["appid"], claimed["tid"]) == (NAPTIME, TENANT_ID)


def test_audience_is_the_scope_without_its_end(world: World) -> None:
    """A scope with two slashes keeps one of them in the audience, as Entra does."""
    answer = content(token(world, scope="https://management.core.windows.net//.default"))
    assert claims(str(answer["access_token"]))["aud"] == "https://management.core.windows.net/"


def test_token_of_version_1(world: World) -> None:
    """The end point of version 1 takes a resource and answers numbers as strings."""
    answer = content(token(world, TOKEN_V1, resource="https://management.azure.com/"))
    assert answer["expires_in"] == "3599"
    assert str(answer["expires_on"]).isdigit()
    assert answer["resource"] == "https://management.azure.com/"


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": "me"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://management.azure.com/"}, 400, "invalid_scope", 1002012),
    ],
)
def test_refusals(
    world: World, changes: dict[str, str], status: int, error: str, number: int
) -> None:
    """What is refused has OAuth's code and the number of AADSTS."""
    world.simulator.client_secret = "s3cret"
    reply = token(world, **changes)
    answer = content(reply)
    assert (reply.status, answer["error"], answer["error_codes"]) == (status, error, [number])
    assert str(answer["error_description"]).startswith(f"AADSTS{number}: ")


def test_unknown_tenant(world: World) -> None:
    """Another tenant than the one there is, is AADSTS90002."""
    path = "/99999999-9999-4999-8999-999999999999/v2.0/.well-known/openid-configuration"
    answer = content(ask(world, "GET", path))
    assert answer["error_codes"] == [90002]


@pytest.mark.parametrize("tenant", [TENANT_ID, "common", "organizations"])
def test_discovery(world: World, tenant: str) -> None:
    """The configuration of a tenant names the token end point under the simulator's own URL."""
    world.simulator.url = "https://localhost:1234"
    found = content(ask(world, "GET", f"/{tenant}/v2.0/.well-known/openid-configuration"))
    assert found["token_endpoint"] == f"https://localhost:1234/{tenant}/oauth2/v2.0/token"
    assert found["issuer"] == f"https://localhost:1234/{tenant}/v2.0"
    keys = content(ask(world, "GET", f"/{tenant}/discovery/v2.0/keys"))
    assert keys == {"keys": []}


def test_instance_discovery(world: World) -> None:
    """The discovery of instances leads to the tenant's configuration."""
    found = content(ask(world, "GET", "/common/discovery/instance"))
    assert str(found["tenant_discovery_endpoint"]).endswith(".well-known/openid-configuration")
    assert answer_of(CLUSTER) is None


def test_journal_keeps_no_secret(world: World) -> None:
    """The journal has the client and the scope of a request for a token, never its secret."""
    token(world)
    shown = world.simulator.journal.entries()[-1].to_json()
    assert shown["caller"] == NAPTIME
    assert as_object(shown["requestBody"])["scope"] == SCOPE
    assert "s3cret" not in str(shown)


def test_tokens_can_be_refused_by_order(world: World) -> None:
    """The fault identity-refused is for Entra's tokens too, and for nothing else of it."""
    world.simulator.faults.add(fault_of({"fault": "identity-refused"}))
    path = f"/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    assert ask(world, "GET", path).status == 200
    assert token(world).status == 503
    assert token(world).status == 200


@pytest.mark.parametrize("version", ["1.0", "2015-01-01"])
def test_addresses_in_the_flat_form(world: World, version: str) -> None:
    """The first versions of /metadata/endpoints are one flat object."""
    world.simulator.url = "https://localhost:1234"
    found = content(addresses(world, version))
    assert set(found) == {"galleryEndpoint", "graphEndpoint", "portalEndpoint", "authentication"}
    assert as_object(found["authentication"])["loginEndpoint"] == "https://localhost:1234/"


def test_addresses_with_locations(world: World) -> None:
    """The version of 2018 adds audiences and locations."""
    found = content(addresses(world, "2018-01-01"))
    public = as_object(as_object(found["cloudEndpoint"])["public"])
    assert "westeurope" in as_list(public["locations"])


def test_addresses_as_a_list_and_as_one(world: World) -> None:
    """The version of 2019 lists clouds, that of 2022 is the one that was asked."""
    (listed,) = as_list(parse(addresses(world, "2019-05-01").body))
    one: JsonObject = content(addresses(world, "2022-09-01"))
    assert listed == one
    audiences = as_list(as_object(one["authentication"])["audiences"])
    assert audiences[0] == "https://management.core.windows.net/"
    assert addresses(world, "").status == 400


def addresses(world: World, version: str) -> Reply:
    return ask(world, "GET", "/metadata/endpoints", version=version)


def test_machine_form_of_managed_identity(world: World) -> None:
    """A machine's end point wants Metadata: true and answers numbers as strings."""
    path = "/metadata/identity/oauth2/token"
    answer = answer_of(path)
    assert answer is not None
    query = {"api-version": "2018-02-01", "resource": "https://management.azure.com/"}

    def given(headers: dict[str, str], **changes: str) -> Reply:
        call = Call("GET", path, {**query, **changes}, headers)
        return answer(world.simulator, call, Misfortune())

    token_given = content(given({"Metadata": "true"}, client_id=NAPTIME))
    assert token_given["client_id"] == NAPTIME
    assert (token_given["expires_in"], token_given["token_type"]) == ("86399", "Bearer")
    without = given({})
    assert (without.status, content(without)["error"]) == (400, "bad_request_102")
    assert content(given({"Metadata": "true"}, resource=""))["error"] == "invalid_request"
