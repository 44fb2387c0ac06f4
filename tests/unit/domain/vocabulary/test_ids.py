import pytest

from shared.domain.vocabulary.ids import (
    ClusterId,
    is_guid,
    parse_configuration_id,
    parse_scope,
    parse_subscription_id,
)
from shared.domain.vocabulary.invalid import InvalidResourceId
from tests.unit.domain.examples import CLUSTER_ID, SUBSCRIPTION

GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod"
PREFIX = f"{GROUP_ID}/providers/Microsoft.ContainerService/managedClusters"
ID = f"{PREFIX}/aks-nap-01"


def test_an_id_is_rebuilt_from_its_parts() -> None:
    """A parsed id is written as ARM documents it."""
    assert str(ClusterId.parse(ID)) == ID
    assert ClusterId.parse(ID) == ClusterId.of(SUBSCRIPTION, "rg-prod", "aks-nap-01") == CLUSTER_ID


def test_segments_have_no_case_and_names_keep_theirs() -> None:
    """Events write resourcegroups in lower case; the caller's casing of names is kept."""
    text = ID.upper()
    parsed = ClusterId.parse(text)
    assert str(parsed) == PREFIX.replace("rg-prod", "RG-PROD") + "/AKS-NAP-01"
    assert parsed.subscription_id == SUBSCRIPTION


def test_ids_are_compared_without_case() -> None:
    """Two spellings of one cluster are equal and hash alike; another cluster is not."""
    assert ClusterId.parse(ID.upper()) == CLUSTER_ID
    assert len({ClusterId.parse(ID.upper()), CLUSTER_ID}) == 1
    assert ClusterId.of(SUBSCRIPTION, "rg-prod", "aks-nap-02") != CLUSTER_ID
    assert CLUSTER_ID.key == ID.lower()


@pytest.mark.parametrize(
    "text",
    [
        "",
        ID[1:],
        ID + "/",
        ID + "\n",
        ID + "/agentPools/one",
        ID + "?api-version=2026-08-01",
        f"https://management.azure.com{ID}",
        ID.replace("rg-prod", "rg%2fprod"),
        ID.replace("rg-prod", "../rg"),
        ID.replace("rg-prod", "rg."),
        ID.replace("rg-prod", ""),
        ID.replace("rg-prod", "r" * 91),
        ID.replace("resourceGroups", "re\u017fourceGroups"),
        ID.replace("aks-nap-01", "\u212aaks"),
        ID.replace("aks-nap-01", "aks\u0661"),
        ID.replace("aks-nap-01", "-aks"),
        ID.replace("aks-nap-01", "aks_"),
        ID.replace("aks-nap-01", "a" * 64),
        ID.replace("Microsoft.ContainerService", "MicrosoftxContainerService"),
        ID.replace("Microsoft.ContainerService", "Microsoft.Authorization"),
        ID.replace(SUBSCRIPTION, SUBSCRIPTION[:-1]),
        ID.replace(SUBSCRIPTION, "g" + SUBSCRIPTION[1:]),
        ID.replace(SUBSCRIPTION, SUBSCRIPTION.replace("-", "")),
    ],
)
def test_what_is_not_exactly_an_id_is_refused(text: str) -> None:
    """The grammar is anchored, ASCII only, and knows no extra segments."""
    with pytest.raises(InvalidResourceId, match="clusterId"):
        ClusterId.parse(text)


@pytest.mark.parametrize(
    ("group", "name"),
    [("r", "a"), ("r" * 90, "a" * 63), ("(a.b)_-", "a_b-c"), ("-", "A1")],
)
def test_the_longest_and_shortest_names_are_taken(group: str, name: str) -> None:
    """Names up to the documented lengths and letters survive a round trip."""
    made = ClusterId.of(SUBSCRIPTION, group, name)
    assert ClusterId.parse(str(made)) == made


def test_every_wrong_part_is_named() -> None:
    """An id made of three wrong parts names all three."""
    with pytest.raises(InvalidResourceId) as caught:
        ClusterId.of("not-a-guid", "rg.", "-")
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["subscriptionId", "resourceGroup", "name"]


def test_a_configuration_id_is_split() -> None:
    """The id of a maintenance configuration gives its cluster and its name as it is written."""
    found = parse_configuration_id(f"{ID.lower()}/MAINTENANCECONFIGURATIONS/Default")
    assert found == (CLUSTER_ID, "Default")


@pytest.mark.parametrize("text", [ID, f"{ID}/maintenanceConfigurations/", f"{ID}/agentPools/one"])
def test_what_is_not_a_configuration_id_is_refused(text: str) -> None:
    """A cluster's id, or that of another child, is not the id of a configuration."""
    with pytest.raises(InvalidResourceId, match="configurationId"):
        parse_configuration_id(text)


def test_a_resource_group_covers_its_clusters_only() -> None:
    """A scope of a group covers every cluster in it, without case, and none of a longer name."""
    scope = parse_scope(GROUP_ID.upper())
    assert scope.covers(CLUSTER_ID)
    assert not scope.covers(ClusterId.of(SUBSCRIPTION, "rg-prod2", "aks-nap-01"))


def test_a_cluster_covers_itself_only() -> None:
    """A scope of a cluster covers that cluster and not one whose name goes on."""
    scope = parse_scope(ID)
    assert scope.covers(CLUSTER_ID)
    assert not scope.covers(ClusterId.of(SUBSCRIPTION, "rg-prod", "aks-nap-012"))


@pytest.mark.parametrize("text", ["", f"/subscriptions/{SUBSCRIPTION}", f"{GROUP_ID}/", "rg-prod"])
def test_an_id_of_something_else_is_no_scope(text: str) -> None:
    """A whole subscription or a bare name cannot be excluded."""
    with pytest.raises(InvalidResourceId, match="scope"):
        parse_scope(text)


def test_a_subscription_id_is_a_guid() -> None:
    """A subscription id is given in lower case, or refused."""
    assert parse_subscription_id(SUBSCRIPTION.upper()) == SUBSCRIPTION
    assert is_guid(SUBSCRIPTION)
    with pytest.raises(InvalidResourceId, match="subscriptionId"):
        parse_subscription_id(f"{{{SUBSCRIPTION}}}")
