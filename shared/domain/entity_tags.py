"""ETags for what has none: ARM gives maintenance configurations no version, so a hash stands in.

A condition is checked on what ARM says right before the write. Between the two somebody may still
write: without ARM's help that cannot be seen (Azure/azure-rest-api-specs, no If-Match there).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from shared.domain.errors import InvalidInput
from shared.domain.observed import ObservedConfiguration

# RFC 9110, 8.8.3 and 13.1: a list of entity tags, weak or not, of visible characters.
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_LIST = re.compile(rf"{_TAG.pattern}(?:[ \t]*,[ \t]*{_TAG.pattern})*")
_ANY = "*"


def entity_tag(observed: ObservedConfiguration | None) -> str | None:
    """Give the ETag of a configuration: equal for equal `properties`; None if there is none."""
    if observed is None:
        return None
    canonical = json.dumps(observed.properties, sort_keys=True, separators=(",", ":"))
    return f'"{sha256(canonical.encode()).hexdigest()[:32]}"'


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of the observed configuration for a write to be made; nothing by default."""

    matches: frozenset[str] = frozenset()
    matches_none: frozenset[str] = frozenset()

    def holds(self, tag: str | None) -> bool:
        """Say whether it holds of a configuration with this ETag (None: there is none)."""
        if self.matches and not _is_among(tag, self.matches):
            return False
        return not _is_among(tag, self.matches_none)


def read_condition(if_match: str | None, if_none_match: str | None) -> Condition:
    """Read the two headers, None where one is not given; raises InvalidInput."""
    return Condition(_tags("If-Match", if_match), _tags("If-None-Match", if_none_match))


def _tags(name: str, value: str | None) -> frozenset[str]:
    if value is None:
        return frozenset()
    if value.strip() == _ANY:
        return frozenset({_ANY})
    if not _LIST.fullmatch(value.strip()):
        raise InvalidInput.because(name, value, 'must be * or ETags, such as "0a1b2c"')
    return frozenset(_TAG.findall(value))


def _is_among(tag: str | None, tags: Iterable[str]) -> bool:
    return tag is not None and any(each in {_ANY, tag} for each in tags)
