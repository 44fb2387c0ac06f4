"""Which rules may be for a cluster, found without asking each of them: two hundred are asked often.

A set of rules is a whole number, whose bits are the rules in their order. For each thing that rules
look at, what a cluster has there gives the set of rules that it speaks for; what is in all of the
sets may be for the cluster, and is asked.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct, field

from shared.domain.policy.match import ANY_RUN, Match, Matched, TagWish

type Rules = int
"""A set of rules."""


class _Values(Struct):
    """One thing that a cluster has, such as its location, and which rules each value speaks for.

    A pattern is found by what stands before its first `*`, or else by what stands behind its last.
    """

    always: Rules = 0
    exact: defaultdict[str, Rules] = field(default_factory=lambda: defaultdict(int))
    begins: defaultdict[int, dict[str, Rules]] = field(default_factory=lambda: defaultdict(dict))
    ends: defaultdict[int, dict[str, Rules]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, rule: Rules, wished: Iterable[str]) -> None:
        """Note what a rule asks for; nothing is anything."""
        some = tuple(wished)
        self.always |= 0 if some else rule
        for each in some:
            self._add_one(rule, each)

    def _add_one(self, rule: Rules, wished: str) -> None:
        first, star, _ = wished.partition(ANY_RUN)
        last = wished.rpartition(ANY_RUN)[2]
        if not star:
            self.exact[wished] |= rule
        elif first:
            self.begins[len(first)][first] = self.begins[len(first)].get(first, 0) | rule
        elif last:
            self.ends[len(last)][last] = self.ends[len(last)].get(last, 0) | rule
        else:
            self.always |= rule

    def of(self, value: str) -> Rules:
        """Give the rules that a value (in lower case) may speak for."""
        found = self.always | self.exact.get(value, 0)
        for length, rules in self.begins.items():
            found |= rules.get(value[:length], 0)
        for length, rules in self.ends.items():
            found |= rules.get(value[-length:], 0)
        return found


class _Tag(Struct):
    """One key of tags, and which rules a cluster that has it may have.

    `needed` are rules that ask for it to be there; each rule asks for one key at most here, so that
    a cluster with few tags need not be asked for all that rules name.
    """

    needed: Rules = 0
    anything: Rules = 0
    values: dict[str, Rules] = field(default_factory=dict)

    def of(self, value: str) -> Rules:
        """Give the rules that a value speaks for."""
        return self.anything | self.values.get(value, 0)


class RuleIndex:
    """Made once for each policy."""

    def __init__(self, matches: Sequence[Match]) -> None:
        self._values = [_values(matches, wished) for wished, _ in _LOOKED_AT]
        keys = sorted({key for match in matches for key in match.tags})
        self._tags = {key: _Tag() for key in keys}
        self._needing: Rules = 0
        for place, match in enumerate(matches):
            self._add_tags(1 << place, match)

    def _add_tags(self, rule: Rules, match: Match) -> None:
        for key, tag in self._tags.items():
            _add(tag, rule, match.tags.get(key))
        needed = next((key for key, wish in match.tags.items() if wish is not False), None)
        if needed is not None:
            self._tags[needed].needed |= rule
            self._needing |= rule

    def candidates(self, cluster: Matched) -> Iterator[int]:
        """Yield the places of the rules that may be for a cluster, in their order."""
        found = -1
        for values, (_, value) in zip(self._values, _LOOKED_AT, strict=True):
            found &= values.of(value(cluster).lower())
        found &= self._by_tags(cluster) if self._tags else -1
        while found:
            lowest = found & -found
            yield lowest.bit_length() - 1
            found ^= lowest

    def _by_tags(self, cluster: Matched) -> Rules:
        needing, found = self._needing, -1
        for key, value in {key.lower(): value for key, value in cluster.tags.items()}.items():
            if tag := self._tags.get(key):
                needing &= ~tag.needed
                found &= tag.of(value)
        return found & ~needing


_LOOKED_AT: tuple[tuple[Callable[[Match], tuple[str, ...]], Callable[[Matched], str]], ...] = (
    (lambda match: match.subscriptions, lambda cluster: cluster.id.subscription_id),
    (lambda match: match.resource_groups, lambda cluster: cluster.id.resource_group),
    (lambda match: match.clusters, lambda cluster: cluster.id.name),
    (lambda match: match.locations, lambda cluster: cluster.location),
    (lambda match: match.sku, lambda cluster: cluster.sku),
)
"""What a rule wishes, and what a cluster has in that place."""


def _values(matches: Sequence[Match], wished: Callable[[Match], tuple[str, ...]]) -> _Values:
    found = _Values()
    for place, match in enumerate(matches):
        found.add(1 << place, wished(match))
    return found


def _add(tag: _Tag, rule: Rules, wish: TagWish | None) -> None:
    tag.anything |= rule if wish is None or wish is True else 0
    for value in wish if isinstance(wish, tuple) else ():
        tag.values[value] = tag.values.get(value, 0) | rule
