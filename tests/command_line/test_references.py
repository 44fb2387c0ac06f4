"""How a person names a cluster: an id, a name, the portal's URL; anything else says the rule."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naptime.asking.references import ClusterName, only_one, parse_reference
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidInput
from tests.clusters import SUBSCRIPTION, cluster_id

ID = str(cluster_id("aks-1", "rg-1"))
PORTAL = "https://portal.azure.com/"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f" {ID}/ ",
        ID.lower(),
        f"{PORTAL}#@contoso.onmicrosoft.com/resource{ID}/overview",
        f"{PORTAL}#resource{ID}",
        f"{PORTAL}?feature.x=true#@72f988bf-86f1-41af-91ab-2d7cd011db47/resource{ID}/nodePools",
        f"{PORTAL}#view/Microsoft_Azure/Blade/~/overview/id/{ID.replace('/', '%2F')}",
        f"https://ms.portal.azure.com/#@x/resource{ID}/overview",
        f"https://portal.azure.us/#@x/resource{ID}/overview",
    ],
)
def test_an_id_wherever_it_stands(text: str) -> None:
    """An id is found by itself and in what the portal shows in its address bar."""
    assert parse_reference(text) == cluster_id("aks-1", "rg-1")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("aks-1", ClusterName("aks-1")),
        ("rg-1/aks-1", ClusterName("aks-1", "rg-1")),
        ("RG_(x)/AKS-1", ClusterName("AKS-1", "RG_(x)")),
    ],
)
def test_a_name(text: str, name: ClusterName) -> None:
    """A name may have its resource group in front."""
    assert parse_reference(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "rg-1/aks-1/x",
        "aks 1",
        "aks-ö",
        "/subscriptions/x",
        f"{ID}/maintenanceConfigurations/default",
        f"https://portal.azure.com.evil.example/#resource{ID}",
        f"https://evil.example/#resource{ID}",
        f"https://portal.azure.com/{ID}",
        "https://portal.azure.com/#home",
        f"{PORTAL}#resource{ID}x%20y",
        "https://[",
    ],
)
def test_a_text_that_names_no_cluster_is_refused(text: str) -> None:
    """Anything else is refused with the field and the rule."""
    with pytest.raises(InvalidInput) as refused:
        parse_reference(text)
    assert refused.value.problems[0].field == "CLUSTER"


@given(st.text(max_size=200))
def test_nothing_else_is_raised(text: str) -> None:
    """Whatever is typed, it is a reference or refused by a rule."""
    with suppress(InvalidInput):
        parse_reference(text)


def test_the_only_one() -> None:
    """A name stands for a cluster where it is the only one, without case; else it says which."""
    one, other = cluster_id("aks-1", "rg-1"), cluster_id("AKS-1", "rg-2")
    name = ClusterName("Aks-1")
    assert only_one(name, [one, one]) == one
    with pytest.raises(InvalidInput, match=r"2 clusters; say which: .*rg-1.*, .*rg-2"):
        only_one(name, [each for each in (one, other) if name.fits(each)])
    with pytest.raises(InvalidInput, match="CLUSTER 'Aks-1': no cluster of this name"):
        only_one(name, [])


def test_a_name_in_another_group_is_another_cluster() -> None:
    """With a resource group only the cluster in it is meant."""
    assert not ClusterName("aks-1", "rg-2").fits(ClusterId.of(SUBSCRIPTION, "rg-1", "aks-1"))
    assert not ClusterName("aks-2").fits(cluster_id("aks-1"))
