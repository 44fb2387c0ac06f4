"""The headers of every answer, over the wire."""

import re
from io import BytesIO

import pytest

from tests.local.azure.conftest import Served
from tests.local.azure.world import CLUSTER, CONFIGURATIONS, NODE_OS, window


async def headers_of(served: Served, target: str, **asked: str) -> dict[str, str]:
    headers = {**served.bearer(), **{k.replace("_", "-"): v for k, v in asked.items()}}
    url = f"{served.server.url}{target}"
    async with served.session.get(url, headers=headers) as response:
        return {name.lower(): value for name, value in response.headers.items()}


async def test_every_answer_has_ids_and_a_date(served: Served) -> None:
    """Answers, errors too, carry request ids, the simulated date and the usual protections."""
    for target in (f"{CLUSTER}?api-version=2026-08-01", CLUSTER, "/nowhere"):
        headers = await headers_of(served, target)
        correlation = headers["x-ms-correlation-request-id"]
        assert headers["x-ms-routing-request-id"] == f"WESTEUROPE:20260826T120000Z:{correlation}"
        assert headers["date"] == "Wed, 26 Aug 2026 12:00:00 GMT"
        assert headers["cache-control"] == "no-cache"
        assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert headers["x-content-type-options"] == "nosniff"
        assert re.fullmatch(
            "Ref A: [0-9A-F]{32} Ref B: [A-Z0-9]+ Ref C: 2026-08-26T12:00:00Z",
            headers["x-msedge-ref"],
        )


async def test_correlation_is_kept(served: Served) -> None:
    """A correlation id that the client sends comes back; its request id only when asked for."""
    sent = {"x_ms_correlation_request_id": "c-1", "x_ms_client_request_id": "r-1"}
    headers = await headers_of(served, CLUSTER, **sent)
    assert headers["x-ms-correlation-request-id"] == "c-1"
    assert headers["x-ms-routing-request-id"].endswith(":c-1")
    assert "x-ms-client-request-id" not in headers
    asked = await headers_of(served, CLUSTER, **sent, x_ms_return_client_request_id="true")
    assert asked["x-ms-client-request-id"] == "r-1"


async def test_aks_has_request_ids_of_its_own(served: Served) -> None:
    """AKS gives its answers an id of its own; what the gateway answers has one id for both."""
    for target, is_of_aks in (
        (f"{CLUSTER}?api-version=2026-08-01", True),
        (f"{NODE_OS}?api-version=2026-08-01", True),
        (f"{CLUSTER}0?api-version=2026-08-01", False),
        ("/subscriptions?api-version=2022-12-01", False),
    ):
        headers = await headers_of(served, target)
        same = headers["x-ms-request-id"] == headers["x-ms-correlation-request-id"]
        assert same is not is_of_aks, target


async def test_operations_are_named_after_their_request(served: Served) -> None:
    """The call that begins an operation has the operation's id as its request id."""
    url = f"{served.server.url}{CLUSTER}?api-version=2026-08-01"
    async with served.session.delete(url, headers=served.bearer()) as response:
        operation = f"/operations/{response.headers['x-ms-request-id']}?"
        assert operation in response.headers["Azure-AsyncOperation"]


async def test_aks_names_the_caller(served: Served) -> None:
    """AKS's answers name tenant and object of the caller; a cluster that is read does not."""
    caller = served.simulator.tokens.caller(served.bearer()["Authorization"])
    named = f"tenantId={caller.tenant_id},objectId={caller.object_id}/westeurope/"
    headers = await headers_of(served, f"{CONFIGURATIONS}?api-version=2026-08-01")
    assert headers["x-ms-operation-identifier"].startswith(named)
    for target in (f"{CLUSTER}?api-version=2026-08-01", "/subscriptions?api-version=2022-12-01"):
        assert "x-ms-operation-identifier" not in await headers_of(served, target)


async def test_remaining_calls_are_told(served: Served) -> None:
    """Answers tell how many reads are left."""
    headers = await headers_of(served, f"{CLUSTER}?api-version=2026-08-01")
    assert headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert headers["x-ms-ratelimit-remaining-subscription-global-reads"] == "3749"


@pytest.mark.parametrize("target", [f"{CLUSTER}0?api-version=2026-08-01", CLUSTER])
async def test_the_gateways_refusals_tell_of_no_remaining_calls(
    served: Served, target: str
) -> None:
    """Where the gateway refuses, no header says how many calls are left."""
    headers = await headers_of(served, target)
    assert headers["x-ms-failure-cause"] == "gateway"
    assert not [name for name in headers if "ratelimit" in name]


@pytest.mark.parametrize(
    ("target", "content_type"),
    [
        (f"{CLUSTER}?api-version=2026-08-01", "application/json"),
        (CLUSTER, "application/json; charset=utf-8"),
    ],
)
async def test_content_types_differ(served: Served, target: str, content_type: str) -> None:
    """AKS's own answers have no charset in their content type, the gateway's have."""
    assert (await headers_of(served, target))["content-type"] == content_type


async def test_deletion_has_no_body(served: Served) -> None:
    """DELETE answers without body and content type, 204 without a length as well."""
    url = f"{served.server.url}{NODE_OS}?api-version=2026-08-01"
    headers = served.bearer()
    async with served.session.put(url, json=window(), headers=headers) as response:
        assert response.status == 200
    for status in (200, 204):
        async with served.session.delete(url, headers=headers) as response:
            assert response.status == status
            assert await response.read() == b""
            assert "content-type" not in response.headers


async def test_too_large_bodies_are_refused(served: Served) -> None:
    """A body of more than 4 MB is refused without being parsed."""
    url = f"{served.server.url}{NODE_OS}?api-version=2026-08-01"
    body = BytesIO(b" " * (4 * 1024 * 1024 + 1))
    async with served.session.put(url, data=body, headers=served.bearer()) as response:
        assert response.status == 413


async def test_no_answer_tells_what_serves_it(served: Served) -> None:
    """No answer names the web server that the simulator runs on."""
    async with served.session.get(f"{served.server.url}/tenants") as response:
        assert response.headers.getall("Server") == ["nginx"]
