"""What is probably not meant in a policy that is right: warned of, never refused."""

from collections.abc import Iterable
from datetime import datetime

from shared.domain.policy.choose import Leave, Policy
from shared.domain.policy.match import Match, Matched, TagWish, fits
from shared.domain.policy.windows import NamedWindow


def warnings_of(policy: Policy, at: datetime) -> list[str]:
    """Say what can be seen without a fleet, at an aware instant."""
    return [*_hidden(policy), *_unused(policy), *_over(policy, at)]


def rules_without_clusters(policy: Policy, clusters: Iterable[Matched], at: datetime) -> list[str]:
    """Name the rules that no cluster gets, in their order."""
    used = {policy.choose(cluster, at).rule for cluster in clusters}
    return [rule.name for rule in policy.rules if rule.name not in used]


def _hidden(policy: Policy) -> Iterable[str]:
    for index, rule in enumerate(policy.rules):
        # An exemption ends, and what stands below it comes into its own then.
        before = (first for first in policy.rules[:index] if not isinstance(first.use, Leave))
        by = next((first for first in before if covers(first.match, rule.match)), None)
        if by:
            yield f"Rule '{rule.name}' is hidden: '{by.name}' before it has every cluster of it."


def _unused(policy: Policy) -> Iterable[str]:
    wanted = (use for rule in policy.rules for use in (rule.use, rule.kubernetes))
    used = {use.name for use in wanted if isinstance(use, NamedWindow)}
    if policy.choose_tag is None:
        for name in policy.windows:
            if name not in used:
                yield f"Window '{name}' is not used by any rule."


def _over(policy: Policy, at: datetime) -> Iterable[str]:
    for rule in policy.rules:
        if isinstance(rule.use, Leave) and rule.use.is_over(at):
            yield f"The exemption of rule '{rule.name}' ended on {rule.use.until}."


def covers(wider: Match, narrower: Match) -> bool:
    """Say whether every cluster of one match is one of another's for certain.

    A no may be wrong: two patterns can mean the same in different letters.
    """
    return (
        _all_of(wider.subscriptions, narrower.subscriptions)
        and _all_of(wider.resource_groups, narrower.resource_groups)
        and _all_of(wider.clusters, narrower.clusters)
        and _all_of(wider.locations, narrower.locations)
        and _all_of(wider.sku, narrower.sku)
        and all(_covers_tag(wish, narrower.tags.get(key)) for key, wish in wider.tags.items())
    )


def _all_of(wider: tuple[str, ...], narrower: tuple[str, ...]) -> bool:
    """Say whether what is asked is asked more narrowly; nothing asked is everything."""
    if not wider:
        return True
    return bool(narrower) and all(_covered(wider, name) for name in narrower)


def _covered(wider: tuple[str, ...], name: str) -> bool:
    # A pattern within a pattern: the `*` of the narrower stands for itself here, and so for any
    # run of characters, which the wider's `*` has to take in whole.
    return any(fits(pattern, name) for pattern in wider)


def _covers_tag(wider: TagWish, narrower: TagWish | None) -> bool:
    match wider, narrower:
        case _, None:
            return False
        case bool(), bool():
            return wider == narrower
        case True, tuple():
            return True
        case tuple(), tuple():
            return {*narrower} <= {*wider}
        case _:
            return False
