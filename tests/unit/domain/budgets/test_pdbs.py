"""Pod disruption budgets that keep nodes from being emptied."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings

from shared.domain.budgets.checking.findings import Code
from shared.domain.budgets.checking.pdbs import check_pdbs
from tests.unit.domain.budgets.pools import Json
from tests.unit.domain.strategies import json_values


def pdb(name: str, selector: object, **rule: object) -> Json:
    """Write a pod disruption budget."""
    metadata = {"name": name, "namespace": "shop"}
    return {
        "kind": "PodDisruptionBudget",
        "metadata": metadata,
        "spec": {"selector": selector, **rule},
    }


def deployment(name: str, replicas: int | None, namespace: str = "shop", **labels: str) -> Json:
    """Write a workload whose pods have labels."""
    spec: Json = {"template": {"metadata": {"labels": {"app": name, **labels}}}}
    if replicas is not None:
        spec["replicas"] = replicas
    metadata = {"name": name, "namespace": namespace}
    return {"kind": "Deployment", "metadata": metadata, "spec": spec}


WEB: Json = {"matchLabels": {"app": "web"}}


@pytest.mark.parametrize(
    ("rule", "replicas", "is_found"),
    [
        ({"minAvailable": 3}, 3, True),
        ({"minAvailable": 2}, 3, False),
        ({"minAvailable": "100%"}, 3, True),
        ({"minAvailable": "67%"}, 3, True),  # 2.01 is rounded up to 3
        ({"minAvailable": "66%"}, 3, False),
        ({"minAvailable": 1}, None, True),  # one replica is the default
        ({"minAvailable": 5}, 3, True),
        ({"minAvailable": 1}, 0, False),
        ({"minAvailable": 1}, -5, False),  # the API server takes none such
        ({"maxUnavailable": 0}, 3, True),
        ({"maxUnavailable": "0%"}, 3, True),
        ({"maxUnavailable": "1%"}, 3, False),  # rounded up to one
        ({"maxUnavailable": 1}, 1, False),
        ({}, 3, False),
        ({"minAvailable": 3}, 0, False),  # no pod, nothing to evict
    ],
)
def test_a_budget_that_lets_no_pod_go_is_found_by_arithmetic(
    rule: Mapping[str, int | str], replicas: int | None, is_found: object
) -> None:
    """With all pods healthy."""
    found = check_pdbs([pdb("web", WEB, **rule), deployment("web", replicas)])
    assert [each.code for each in found] == ([Code.NO_DISRUPTION_ALLOWED] if is_found else [])


def test_the_sentence_names_the_rule_and_the_workloads() -> None:
    """And what it means for the node."""
    (found,) = check_pdbs([pdb("web", WEB, minAvailable=2), deployment("web", 2)])
    assert found.message.startswith(
        "PodDisruptionBudget shop/web: minAvailable 2 of 2 pods lets none go (Deployment web)."
    )


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ({}, True),
        (None, False),
        ({"matchLabels": {"app": "web", "tier": "front"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["front"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Gt", "values": ["1"]}]}, False),
    ],
)
def test_a_selector_matches_as_kubernetes_does(selector: object, matches: object) -> None:
    """An empty one matches every pod of its namespace, none matches none."""
    web = deployment("web", 1, tier="front")
    assert bool(check_pdbs([pdb("p", selector, maxUnavailable=0), web])) is matches
    other = deployment("web", 1, "other", tier="front")
    assert check_pdbs([pdb("p", selector, maxUnavailable=0), other]) == []


def test_pods_under_two_budgets_are_never_evicted() -> None:
    """Whatever each of them allows."""
    both = [pdb("a", WEB, maxUnavailable=1), pdb("b", {}, maxUnavailable=1)]
    (found,) = check_pdbs([*both, deployment("web", 3), deployment("api", 3)])
    assert (found.code, found.message) == (
        Code.TWO_PDBS,
        (
            "PodDisruptionBudget shop/a and PodDisruptionBudget shop/b match the same pods "
            "(Deployment web)."
        ),
    )


def test_what_a_workload_owns_is_counted_once() -> None:
    """A deployment's replica set and its pods are the deployment's."""
    owned = {"name": "web-1", "namespace": "shop", "ownerReferences": [{"kind": "Deployment"}]}
    labels = {"labels": {"app": "web"}}
    replica_set: Json = {
        "kind": "ReplicaSet",
        "metadata": owned,
        "spec": {"replicas": 2, "template": {"metadata": labels}},
    }
    pods: list[Json] = [{"kind": "Pod", "metadata": {**owned, **labels}}] * 2
    bare: Json = {"kind": "Pod", "metadata": {"name": "bare", "namespace": "shop", **labels}}
    objects = [pdb("web", WEB, minAvailable=2), deployment("web", 2), replica_set, *pods]
    assert "of 2 pods" in check_pdbs(objects)[0].message
    assert check_pdbs([*objects, bare]) == []


@settings(max_examples=40)
@given(json_values)
def test_any_json_in_a_budget_or_workload_is_read(value: object) -> None:
    """Nothing is raised, whatever is there."""
    odd: Json = {"kind": "PodDisruptionBudget", "metadata": value, "spec": value}
    workload: Json = {"kind": "StatefulSet", "metadata": value, "spec": value}
    check_pdbs([odd, workload, pdb("p", value, minAvailable=value), deployment("web", 1)])
