"""Which window a cluster gets, and why: the first rule from the top that matches.

Pure: the same policy, cluster and day give the same choice, whatever else is in the fleet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Self, TypedDict

from shared.domain.policy.match import Match, Matched
from shared.domain.policy.updates import NEVER, UpdateRules
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.plain_text import one_line


@dataclass(frozen=True, slots=True)
class Leave:
    """An exemption: until the end of a day in UTC, for whom, and what for."""

    until: date
    owner: str
    reason: str

    def is_over(self, at: datetime) -> bool:
        """Say whether its last day has passed at an aware instant."""
        return at.astimezone(UTC).date() > self.until


@dataclass(frozen=True, slots=True)
class ReportOnly:
    """The cluster is looked at, and never written to."""


type Use = NamedWindow | Leave | ReportOnly
"""What a rule says of the clusters that it is for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """For whom, and what: one window, an exemption, or a look only."""

    name: str
    use: Use
    match: Match = field(default_factory=Match)


class StepJson(TypedDict):
    """One rule that was asked, whether it matched, and why."""

    rule: str
    matched: bool
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """The same; `why` is what the cluster is, or has."""

    rule: str
    matched: bool
    why: str

    def to_json(self) -> StepJson:
        return {"rule": self.rule, "matched": self.matched, "why": self.why}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is wanted for one cluster, by which rule, and every rule that was asked on the way.

    `expired` is an exemption that is over and would have matched. `unknown_tag` is the value of
    the tag that names a window, where there is none of that name.
    """

    use: Use
    rule: str
    trace: tuple[Step, ...]
    expired: Leave | None = None
    unknown_tag: str | None = None
    policy_hash: str = ""
    """The version of the policy; empty for the settings' own."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Named windows, and rules of which the last one is for every cluster and never ends.

    `choose_tag` (in lower case) is the key of the tag that names a window, None where none does.
    `hash` names the version of a policy that came from a file.
    """

    windows: Mapping[str, NamedWindow]
    rules: tuple[Rule, ...]
    choose_tag: str | None = None
    hash: str = ""
    updates: UpdateRules = NEVER

    @classmethod
    def of_one(cls, window: NamedWindow) -> Self:
        """Make the policy that gives every cluster the same window."""
        return cls({window.name: window}, (Rule(window.name, window),))

    @property
    def asked_tags(self) -> frozenset[str]:
        """The keys (in lower case) of the tags that a rule looks at, or that name a window."""
        keys = {key for rule in self.rules for key in rule.match.tags}
        return frozenset(keys | ({self.choose_tag} if self.choose_tag else set()))

    def choose(self, cluster: Matched, at: datetime) -> Choice:
        """Choose for a cluster at an aware instant: the first rule that matches.

        A window that the cluster's own tag names goes before rules, but not before an exemption.
        """
        trace, expired, rule = self._first(cluster, at)
        named = self._tagged(cluster)
        if named is None or isinstance(rule.use, Leave):
            return Choice(rule.use, rule.name, trace, expired, policy_hash=self.hash)
        window = self.windows.get(named.lower())
        if window is None:
            unknown = one_line(named)
            return Choice(rule.use, rule.name, trace, expired, unknown, policy_hash=self.hash)
        tagged = Step(f"tag {self.choose_tag}", matched=True, why=f"it names {window.name}")
        return Choice(window, tagged.rule, (tagged, *trace), expired, policy_hash=self.hash)

    def _first(self, cluster: Matched, at: datetime) -> tuple[tuple[Step, ...], Leave | None, Rule]:
        """Ask the rules from the top; an exemption that is over is passed by."""
        trace: list[Step] = []
        expired = None
        for rule in self.rules:
            step = _asked(rule, cluster, at)
            trace.append(step)
            if step.matched:
                return tuple(trace), expired, rule
            if isinstance(rule.use, Leave) and rule.match.why_not(cluster) is None:
                expired = expired or rule.use
        raise ValueError("the last rule of a policy is for every cluster")

    def _tagged(self, cluster: Matched) -> str | None:
        found = (value for key, value in cluster.tags.items() if key.lower() == self.choose_tag)
        return next(found, None)


def _asked(rule: Rule, cluster: Matched, at: datetime) -> Step:
    why_not = rule.match.why_not(cluster)
    if why_not is None and isinstance(rule.use, Leave) and rule.use.is_over(at):
        why_not = f"the exemption ended on {rule.use.until}"
    return Step(rule.name, why_not is None, why_not or rule.match.why(cluster))
