"""Whom a rule is for: everything that it names must hold, and a list means "one of".

There are no regular expressions: whoever reads a rule should see whom it means.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct

from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.plain_text import one_line

ANY_RUN = "*"
"""The only sign with a meaning in a pattern."""

PRESENT = "*"
"""What a rule asks of a tag that is to be there, whatever its value."""

LONGEST_TAGS = 16_000
"""Characters of tags in one property of a row, which holds 32,768."""


class Matched(Protocol):
    """What a rule looks at of a cluster; all of it comes with the listing that is made anyway."""

    @property
    def id(self) -> ClusterId: ...

    @property
    def location(self) -> str:
        """In lower case without spaces."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """In the casing of whoever wrote them; ARM compares their keys without case."""
        ...

    @property
    def sku(self) -> str:
        """The name: Automatic or Base; empty where ARM does not say."""
        ...


type TagWish = tuple[str, ...] | bool
"""Values, one of which the tag must have; True where it must be there, False where it must not."""


class Match(Struct, frozen=True):
    """What must hold; what is empty is not asked. Names and patterns are in lower case.

    `resource_groups` and `clusters` are names with `*` for any run of characters. `tags` has its
    keys in lower case; values are compared with their case, as Azure keeps them.
    """

    subscriptions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    tags: Mapping[str, TagWish] = MappingProxyType({})
    sku: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Say whether nothing is asked, so that every cluster matches."""
        return self == Match()

    def holds(self, cluster: Matched) -> bool:
        """Say whether all of it holds, without saying why."""
        found = cluster.id
        return (
            (not self.subscriptions or _is_one_of(self.subscriptions, found.subscription_id))
            and (not self.resource_groups or _is_one_of(self.resource_groups, found.resource_group))
            and (not self.clusters or _is_one_of(self.clusters, found.name))
            and (not self.locations or _is_one_of(self.locations, cluster.location))
            and (not self.sku or _is_one_of(self.sku, cluster.sku))
            and (not self.tags or self._tags_hold(cluster))
        )

    def _tags_hold(self, cluster: Matched) -> bool:
        tags = {key.lower(): value for key, value in cluster.tags.items()}
        return all(_holds(wish, tags.get(key)) for key, wish in self.tags.items())

    def why_not(self, cluster: Matched) -> str | None:
        """Say what does not hold, the first thing of it; None if all of it holds."""
        return next((why for wished, why in self._asked(cluster) if not wished), None)

    def why(self, cluster: Matched) -> str:
        """Say what held, for a cluster that matches."""
        return ", ".join(why for _, why in self._asked(cluster)) or "it is for every cluster"

    def _asked(self, cluster: Matched) -> list[tuple[bool, str]]:
        """Give what is asked, each with whether it holds, and how it is with this cluster."""
        found = cluster.id
        plain = (
            (self.subscriptions, "subscription", found.subscription_id),
            (self.resource_groups, "resource group", found.resource_group),
            (self.clusters, "name", found.name),
            (self.locations, "location", cluster.location),
            (self.sku, "sku", cluster.sku),
        )
        named = [
            (_is_one_of(wanted, value), f"{what} is {one_line(value) or 'not known'}")
            for wanted, what, value in plain
            if wanted
        ]
        tags = {key.lower(): value for key, value in cluster.tags.items()}
        return named + [_tag(key, wish, tags.get(key)) for key, wish in self.tags.items()]


def _is_one_of(patterns: tuple[str, ...], value: str) -> bool:
    return any(fits(pattern, value.lower()) for pattern in patterns)


def fits(pattern: str, name: str) -> bool:
    """Say whether a name (in lower case) fits a pattern in which only `*` has a meaning."""
    return name == pattern if ANY_RUN not in pattern else _compiled(pattern)(name) is not None


@lru_cache(4096)
def _compiled(pattern: str) -> Callable[[str], re.Match[str] | None]:
    first, *middle, last = map(re.escape, pattern.split(ANY_RUN))
    # The first place where a part fits is as good as any later one: without the atomic groups a
    # pattern with eight stars would be tried for minutes on one name.
    found = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{first}{found}.*{last}", re.DOTALL).fullmatch


def _tag(key: str, wish: TagWish, value: str | None) -> tuple[bool, str]:
    holds = _holds(wish, value)
    shown = "is absent" if value is None else f"is {one_line(value) or 'empty'}"
    return holds, f"tag {one_line(key)} {shown}"


def _holds(wish: TagWish, value: str | None) -> bool:
    if isinstance(wish, bool):
        return wish == (value is not None)
    return value in wish


def tags_to_text(tags: Mapping[str, str]) -> str:
    """Write down tags for a policy to be tried out on; as many as there is room for.

    Azure allows 50, of 512 and 256 characters each: more than a property of a row holds. The
    shortest come first, since those are what rules ask for.
    """
    kept: dict[str, str] = {}
    room = LONGEST_TAGS
    for key in sorted(tags, key=lambda key: (len(key) + len(tags[key]), key)):
        room -= len(json.dumps({key: tags[key]}))
        if room < 0:
            break
        kept[key] = tags[key]
    return json.dumps(kept, separators=(",", ":"))
