"""What another policy would change for a fleet: pure, of what is known of its clusters."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict, assert_never

from msgspec import Struct

from shared.domain.policy.choose import Choice, Leave, Policy, ReportOnly, Use
from shared.domain.policy.match import Matched
from shared.domain.policy.windows import NamedWindow

MOST_NAMED = 200
"""Changed clusters that an answer names; all of them are counted."""


class WantedJson(TypedDict):
    """What a policy wants for a cluster, by which rule; `use` is a sentence."""

    rule: str
    use: str


class ChangedClusterJson(TypedDict):
    """A cluster for which something else would be wanted."""

    clusterId: str
    before: WantedJson
    after: WantedJson


class RuleClustersJson(TypedDict):
    """A rule, or a tag, and how many clusters have it."""

    rule: str
    clusters: int


class Changes(Struct, frozen=True):
    """What would be otherwise: counts by rule of the new policy, and the first of the changed."""

    clusters: int
    changed: int
    by_rule: tuple[RuleClustersJson, ...]
    named: tuple[ChangedClusterJson, ...]


def compare(before: Policy, after: Policy, clusters: Iterable[Matched], at: datetime) -> Changes:
    """Choose for each cluster by both policies at an aware instant."""
    counted = Counter[str]()
    named: list[ChangedClusterJson] = []
    changed = total = 0
    for cluster in clusters:
        total += 1
        was, will = before.choose(cluster, at), after.choose(cluster, at)
        counted[will.rule] += 1
        if was.use != will.use:
            changed += 1
            if len(named) < MOST_NAMED:
                named.append(
                    {"clusterId": str(cluster.id), "before": _wanted(was), "after": _wanted(will)}
                )
    return Changes(total, changed, clusters_by_rule(after, counted), tuple(named))


def clusters_by_rule(policy: Policy, counted: Counter[str]) -> tuple[RuleClustersJson, ...]:
    """Give the counts in the order of the rules, those of none included, tags at the end."""
    rules = [rule.name for rule in policy.rules]
    tags = sorted(counted.keys() - {*rules})
    return tuple({"rule": name, "clusters": counted[name]} for name in (*rules, *tags))


def use_text(use: Use) -> str:
    """Say in a few words what is wanted."""
    match use:
        case NamedWindow():
            return f"window {use.name}"
        case Leave(until):
            return f"leave until {until}"
        case ReportOnly():
            return "report only"
        case _:
            assert_never(use)


def _wanted(choice: Choice) -> WantedJson:
    return {"rule": choice.rule, "use": use_text(choice.use)}
