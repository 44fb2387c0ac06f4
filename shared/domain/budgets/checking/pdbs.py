"""Pod disruption budgets held against the workloads whose pods they match.

Karpenter evicts pods to empty a node. The arithmetic is that of Kubernetes' disruption controller
with every pod healthy: percentages are rounded up; a pod that two budgets match is not evicted
(Karpenter's pkg/utils/pdb, 2266468, and the eviction API alike).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct

from shared.domain.budgets.checking.findings import BudgetFinding, Code
from shared.domain.vocabulary.plain_text import one_line, shown

PDB = "PodDisruptionBudget"
WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Pod")

_ALL = 100
_NAMES_SHOWN = 3

type Json = Mapping[str, object]


class _Workload(Struct, frozen=True):
    """Pods of one kind: where, how many, and their labels."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    replicas: int


class _Pdb(Struct, frozen=True):
    """A pod disruption budget: its namespace, and which labels it matches."""

    name: str
    namespace: str
    spec: Json

    def matches(self, workload: _Workload) -> bool:
        """Say whether it matches the pods of a workload; without a selector it matches none."""
        selector = self.spec.get("selector")
        if not isinstance(selector, Mapping) or workload.namespace != self.namespace:
            return False
        wanted = _object(selector, "matchLabels")
        if any(workload.labels.get(name) != value for name, value in wanted.items()):
            return False
        expressions = selector.get("matchExpressions")
        return all(
            _holds(cast("Json", each), workload.labels)
            for each in (expressions if isinstance(expressions, list) else ())
            if isinstance(each, Mapping)
        )

    def may_go(self, pods: int) -> int:
        """Give how many of so many healthy pods may go at once."""
        least = self.spec.get("minAvailable")
        if least is not None:
            return max(0, pods - _of(least, pods))
        most = self.spec.get("maxUnavailable")
        return pods if most is None else min(pods, _of(most, pods))


def check_pdbs(objects: Sequence[Json]) -> list[BudgetFinding]:
    """Find the pod disruption budgets that keep nodes from being emptied.

    What matches no workload among the objects is not looked at: nobody knows how many pods it has.
    """
    workloads = list(_workloads(objects))
    pdbs = [_Pdb(*_place(each), _object(each, "spec")) for each in objects if _kind(each) == PDB]
    return [*_none_may_go(pdbs, workloads), *_under_two(pdbs, workloads)]


def _none_may_go(pdbs: list[_Pdb], workloads: list[_Workload]) -> Iterator[BudgetFinding]:
    for pdb in pdbs:
        matched = [each for each in workloads if pdb.matches(each)]
        pods = sum(each.replicas for each in matched)
        if not pods or pdb.may_go(pods):
            continue
        rule = " and ".join(
            f"{name} {shown(pdb.spec[name])}"
            for name in ("minAvailable", "maxUnavailable")
            if pdb.spec.get(name) is not None
        )
        message = (
            f"{_named(pdb)}: {rule} of {pods} pod{'s' * (pods > 1)} lets none go "
            f"({_names(matched)}). Their nodes stay until the pool's terminationGracePeriod is "
            "over, and for ever without one."
        )
        yield BudgetFinding(Code.NO_DISRUPTION_ALLOWED, message)


def _under_two(pdbs: list[_Pdb], workloads: list[_Workload]) -> Iterator[BudgetFinding]:
    under: defaultdict[tuple[str, ...], list[_Workload]] = defaultdict(list)
    for workload in workloads:
        matching = tuple(_named(pdb) for pdb in pdbs if pdb.matches(workload))
        if len(matching) > 1 and workload.replicas:
            under[matching].append(workload)
    for names, matched in under.items():
        message = f"{' and '.join(names)} match the same pods ({_names(matched)})."
        yield BudgetFinding(Code.TWO_PDBS, message)


def _workloads(objects: Sequence[Json]) -> Iterator[_Workload]:
    for each in objects:
        kind = _kind(each)
        if kind not in WORKLOADS:
            continue
        name, namespace = _place(each)
        if kind == "Pod":
            # A pod that a workload owns is counted with it, if the workload is there.
            if not _object(each, "metadata").get("ownerReferences"):
                yield _Workload(f"{kind} {name}", namespace, _labels(each), 1)
            continue
        if _object(each, "metadata").get("ownerReferences"):
            continue
        spec = _object(each, "spec")
        replicas = spec.get("replicas")
        count = max(replicas, 0) if type(replicas) is int else 1
        labels = _labels(_object(spec, "template"))
        yield _Workload(f"{kind} {name}", namespace, labels, count)


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    key, values = str(expression.get("key")), expression.get("values")
    among = labels.get(key) in (values if isinstance(values, list) else ())
    match expression.get("operator"):
        case "In":
            return key in labels and among
        case "NotIn":
            return not (key in labels and among)
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


def _of(value: object, pods: int) -> int:
    """Read a number of pods, or a percentage of them, rounded up."""
    text = str(value)
    if text.endswith("%") and text[:-1].isdecimal():
        return -(-int(text[:-1][:9]) * pods // _ALL)
    return int(text[:9]) if text.isdecimal() else 0


def _kind(body: Json) -> str:
    return str(body.get("kind"))


def _place(body: Json) -> tuple[str, str]:
    metadata = _object(body, "metadata")
    return one_line(str(metadata.get("name"))), one_line(str(metadata.get("namespace", "default")))


def _labels(body: Json) -> Mapping[str, str]:
    labels = _object(_object(body, "metadata"), "labels")
    return {name: value for name, value in labels.items() if isinstance(value, str)}


def _named(pdb: _Pdb) -> str:
    return f"{PDB} {pdb.namespace}/{pdb.name}"


def _names(workloads: list[_Workload]) -> str:
    names = [each.name for each in workloads[:_NAMES_SHOWN]]
    more = len(workloads) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _object(body: Mapping[object, object] | Json, name: str) -> Json:
    value = cast("Json", body).get(name)
    return cast("Json", value) if isinstance(value, Mapping) else {}
