"""The decoder of ARM's answers, held to the SDK's own models and to one reading of each answer."""

import gzip
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType, FrameType

import pytest
from aiohttp import web
from azure.mgmt.containerservice.models import MaintenanceConfiguration, ManagedCluster
from hypothesis import given
from hypothesis import strategies as st

from shared.clients import answers
from shared.clients.aks import AksClient
from shared.domain.deciding.observed import (
    ObservedCluster,
    UnreadableCluster,
    observe_cluster,
    observe_configuration,
    observe_unreadable,
)
from shared.domain.errors import AzureError
from shared.domain.vocabulary.invalid import InvalidResourceId
from tests.clusters import SUBSCRIPTION, Json, cluster, cluster_id, schedule
from tests.contract.test_odd_answers import WINDOW, OddAzure, odd, odd_arm

EXAMPLES = Path(__file__).parents[1] / "local" / "azure" / "examples"

ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=8), st.just("Auto")
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=8), inner, max_size=2)
    ),
    max_leaves=4,
)


def members(*names: str) -> st.SearchStrategy[Json]:
    """Give objects that have some of these members, whatever these hold."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys((*names, "other"), ANYTHING))


PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "provisioningState": ANYTHING,
        "nodeResourceGroup": ANYTHING,
        "nodeProvisioningProfile": st.one_of(members("mode"), ANYTHING),
        "autoUpgradeProfile": st.one_of(
            members("nodeOSUpgradeChannel", "upgradeChannel"), ANYTHING
        ),
        "agentPoolProfiles": ANYTHING,
    },
)
BODIES = st.fixed_dictionaries(
    {"id": st.one_of(st.just(str(cluster_id())), ANYTHING)},
    optional={
        "location": st.one_of(st.just("West Europe"), ANYTHING),
        "tags": st.one_of(st.dictionaries(st.text(max_size=5), st.text(max_size=5)), ANYTHING),
        "sku": st.one_of(members("name", "tier"), ANYTHING),
        "properties": st.one_of(PROPERTIES, ANYTHING),
        "identity": ANYTHING,
    },
)


def recorded(name: str) -> list[Json]:
    """Give the resources of an official example, single or in a list."""
    example = json.loads((EXAMPLES / name).read_text("utf-8"))
    bodies = [each["body"] for each in example["responses"].values() if "body" in each]
    return [item for body in bodies for item in body.get("value", [body])]


def observed(body: Json) -> ObservedCluster | UnreadableCluster:
    """Observe a cluster, whatever its id."""
    try:
        return observe_cluster(body)
    except InvalidResourceId:
        return observe_unreadable(body)


def _cluster(body: Json) -> ObservedCluster | UnreadableCluster:
    return observed({**answers.CLUSTER.decode(json.dumps(body))})


@given(BODIES)
def test_a_cluster_is_what_is_read_of_the_whole_body(body: Json) -> None:
    """Whatever a body holds: what is decoded of it says the same as all of it."""
    assert _cluster(body) == observed(body)


@pytest.mark.parametrize(
    "body", [*recorded("ManagedClustersList.json"), cluster(tags={"a": "b"}), cluster(mode=None)]
)
def test_a_cluster_is_what_the_sdks_model_says(body: Json) -> None:
    """Of each recorded cluster naptime sees what it would see of the SDK's own model."""
    assert _cluster(body) == observed(ManagedCluster(body).as_dict())


CONFIGURATIONS = [
    body
    for name in EXAMPLES.glob("MaintenanceConfigurations*.json")
    for body in recorded(name.name)
] + [
    {"id": "/x/aksManagedNodeOSUpgradeSchedule", "name": name, "properties": schedule(day)}
    for day in ("Monday", "Sunday")
    for name in ("aksManagedNodeOSUpgradeSchedule", "default", None)
]


@pytest.mark.parametrize("body", CONFIGURATIONS)
def test_a_configuration_is_what_the_sdks_model_says(body: Json) -> None:
    """Of each recorded configuration naptime sees what it would see of the SDK's own model."""
    ours = observe_configuration(answers.CONFIGURATION.decode(json.dumps(body)))
    theirs = observe_configuration(MaintenanceConfiguration(body).as_dict())
    assert ours == theirs
    assert ours.schedule == theirs.schedule


@dataclass
class Parses:
    """How often JSON was read."""

    count: int = 0


@contextmanager
def counted() -> Iterator[Parses]:
    """Count each reading of JSON, by Python's library or by the one that is in C."""
    parses = Parses()
    python = json.JSONDecoder.raw_decode.__code__

    def note(frame: FrameType, event: str, argument: object) -> None:
        parses.count += event == "call" and frame.f_code is python
        if event == "c_call" and isinstance(argument, BuiltinFunctionType):
            parses.count += isinstance(argument.__self__, type(answers.CLUSTER))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield parses
    finally:
        sys.setprofile(before)


__all__ = ["odd", "odd_arm"]


async def test_each_answer_is_decoded_once(odd: tuple[OddAzure, AksClient]) -> None:
    """A cluster, its configurations, a page of clusters, a PUT: the JSON of each is read once."""
    azure, aks = odd
    azure.answer = lambda _: web.json_response(cluster())
    await aks.get_cluster(cluster_id())
    with counted() as parses:
        await aks.get_cluster(cluster_id())
        assert parses.count == 1
        azure.answer = lambda _: web.json_response({"value": [cluster()]})
        assert [page async for page in aks.list_clusters(SUBSCRIPTION, None)]
        assert parses.count == 2
        azure.answer = lambda _: web.json_response({"value": []})
        await aks.list_configurations(cluster_id())
        assert parses.count == 3
        azure.answer = lambda _: web.json_response({"properties": schedule()})
        await aks.put_node_os_schedule(cluster_id(), WINDOW)
        assert parses.count == 4
        azure.answer = lambda _: web.Response(status=204)
        await aks.delete_node_os_schedule(cluster_id())
        assert parses.count == 4


async def test_an_answer_may_be_compressed(odd: tuple[OddAzure, AksClient]) -> None:
    """An answer that comes compressed is read as any other; one that is cut off is an outage."""
    azure, aks = odd
    body = gzip.compress(json.dumps({"value": [cluster("aks-1"), cluster("aks-2")]}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    azure.answer = lambda _: web.Response(body=body, headers=headers)
    pages = [page async for page in aks.list_clusters(SUBSCRIPTION, None)]
    assert [found.id.name for page in pages for found in page.clusters] == ["aks-1", "aks-2"]
    for broken in (body[:-20], b"\x1f\x8b" + body[9:]):
        azure.answer = lambda _, broken=broken: web.Response(body=broken, headers=headers)  # type: ignore[misc]  # a default
        with pytest.raises(AzureError) as caught:
            await aks.list_configurations(cluster_id())
        assert caught.value.retryable


async def test_a_link_keeps_its_version(odd: tuple[OddAzure, AksClient]) -> None:
    """The next page is asked for in the version of its link; in naptime's own where it has none."""
    azure, aks = odd
    asked: list[str] = []

    def answer(request: web.Request) -> web.Response:
        asked.append(request.query.get("api-version", ""))
        link = {1: "$skiptoken=a&api-version=2020-01-01", 2: "$skiptoken=b"}.get(len(asked))
        following = {"nextLink": str(request.url.with_query(link))} if link else {}
        return web.json_response({"value": [cluster(f"aks-{len(asked)}")], **following})

    azure.answer = answer
    pages = [page async for page in aks.list_clusters(SUBSCRIPTION, None)]
    assert len(pages) == 3
    assert asked == ["2026-08-01", "2020-01-01", "2026-08-01"]


@pytest.mark.parametrize("token", ["{0}", "{endpoint}", "a{", "}b"])
async def test_a_link_with_braces_is_followed_as_it_is(
    odd: tuple[OddAzure, AksClient], token: str
) -> None:
    """A link is no template: what stands in braces in it is filled in by nobody."""
    azure, aks = odd
    asked: list[str] = []

    def answer(request: web.Request) -> web.Response:
        asked.append(request.query.get("$skiptoken", ""))
        link = f"{request.url.origin()}{request.path}?$skiptoken={token}"
        following = {"nextLink": link} if len(asked) == 1 else {}
        return web.json_response({"value": [cluster(f"aks-{len(asked)}")], **following})

    azure.answer = answer
    pages = [page async for page in aks.list_clusters(SUBSCRIPTION, None)]
    assert (len(pages), asked) == (2, ["", token])
