"""Which window a cluster gets, and why: the first rule from the top that matches.

Pure: the same policy, cluster and day give the same choice, whatever else is in the fleet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Self, TypedDict

from msgspec import Struct

from shared.domain.policy.index import RuleIndex
from shared.domain.policy.match import Match, Matched
from shared.domain.policy.updates import NEVER, UpdateRules
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.window.window import MaintenanceWindow


class Leave(Struct, frozen=True):
    """An exemption: until the end of a day in UTC, for whom, and what for."""

    until: date
    owner: str
    reason: str

    def is_over(self, at: datetime) -> bool:
        """Say whether its last day has passed at an aware instant."""
        return at.astimezone(UTC).date() > self.until


class ReportOnly(Struct, frozen=True):
    """The cluster is looked at, and never written to."""


class SameWindow(Struct, frozen=True):
    """Kubernetes is upgraded in the window of the node images."""


type Use = NamedWindow | Leave | ReportOnly
"""What a rule says of the clusters that it is for."""


class Rule(Struct, frozen=True):
    """For whom, and what: one window, an exemption, or a look only."""

    name: str
    use: Use
    match: Match = Match()
    kubernetes: NamedWindow | SameWindow | None = None
    """The window of Kubernetes upgrades that is made where there is none; None: none is made."""


class StepJson(TypedDict):
    """One rule that was asked, whether it matched, and why."""

    rule: str
    matched: bool
    why: str


class Step(Struct, frozen=True):
    """The same; `why` is what the cluster is, or has."""

    rule: str
    matched: bool
    why: str

    def to_json(self) -> StepJson:
        return {"rule": self.rule, "matched": self.matched, "why": self.why}


class Choice(Struct, frozen=True):
    """What is wanted for one cluster, by which rule, and what it was asked of.

    `expired` is an exemption that is over and would have matched. `unknown_tag` is the value of
    the tag that names a window, where there is none of that name.
    """

    use: Use
    rule: str
    choosing: "Choosing"
    expired: Leave | None = None
    unknown_tag: str | None = None
    kubernetes: NamedWindow | SameWindow | None = None

    @property
    def policy_hash(self) -> str:
        """The version of the policy; empty for the settings' own."""
        return self.choosing.policy.hash

    def planned(
        self, cluster_id: ClusterId, now: datetime, lead: timedelta
    ) -> MaintenanceWindow | None:
        """Give the window as it would be written at `now`; None where none is to be written."""
        use = self.use
        return use.planned(cluster_id, now, lead) if isinstance(use, NamedWindow) else None

    @property
    def trace(self) -> tuple[Step, ...]:
        """Every rule that was asked on the way, and why it matched or not."""
        return self.choosing.trace


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
    index: RuleIndex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", RuleIndex([rule.match for rule in self.rules]))

    @classmethod
    def of_one(cls, window: NamedWindow, kubernetes: SameWindow | None = None) -> Self:
        """Make the policy that gives every cluster the same window."""
        return cls({window.name: window}, (Rule(window.name, window, kubernetes=kubernetes),))

    @property
    def asked_tags(self) -> frozenset[str]:
        """The keys (in lower case) of the tags that a rule looks at, or that name a window."""
        keys = {key for rule in self.rules for key in rule.match.tags}
        return frozenset(keys | ({self.choose_tag} if self.choose_tag else set()))

    def choose(self, cluster: Matched, at: datetime) -> Choice:
        """Choose for a cluster at an aware instant: the first rule that matches.

        A window that the cluster's own tag names goes before rules, but not before an exemption.
        """
        choosing = Choosing(self, cluster, at)
        rule, expired = self._first(cluster, at)
        named, other = self.named_by_tag(cluster), rule.kubernetes
        if named is None or isinstance(rule.use, Leave):
            return Choice(rule.use, rule.name, choosing, expired, kubernetes=other)
        window = self.windows.get(named.lower())
        if window is None:
            unknown = one_line(named)
            return Choice(rule.use, rule.name, choosing, expired, unknown, kubernetes=other)
        return Choice(window, f"tag {self.choose_tag}", choosing, expired, kubernetes=other)

    def _first(self, cluster: Matched, at: datetime) -> tuple[Rule, Leave | None]:
        """Find the first rule that matches; an exemption that is over is passed by."""
        rules = (self.rules[place] for place in self.index.candidates(cluster))
        matching = (rule for rule in rules if rule.match.holds(cluster))
        rule, expired = next(matching), None
        while isinstance(rule.use, Leave) and rule.use.is_over(at):
            expired = expired or rule.use
            # There is one: the last rule of a policy is for every cluster, and never ends.
            rule = next(matching)
        return rule, expired

    def named_by_tag(self, cluster: Matched) -> str | None:
        """Give the value of the cluster's tag that may name a window; None where there is none."""
        if self.choose_tag is None:
            return None
        found = (value for key, value in cluster.tags.items() if key.lower() == self.choose_tag)
        return next((value.strip() for value in found), None)


class Choosing(Struct, frozen=True):
    """What was asked of a policy: for which cluster, and when."""

    policy: Policy
    cluster: Matched
    at: datetime

    @property
    def trace(self) -> tuple[Step, ...]:
        """Ask again, and keep what each rule says."""
        steps = tuple(self._steps())
        named = self.policy.named_by_tag(self.cluster)
        window = self.policy.windows.get(named.lower()) if named is not None else None
        rule = next(rule for rule in self.policy.rules if rule.name == steps[-1].rule)
        if window is None or isinstance(rule.use, Leave):
            return steps
        why = f"it names {window.name}"
        return (Step(f"tag {self.policy.choose_tag}", matched=True, why=why), *steps)

    def _steps(self) -> Iterator[Step]:
        for rule in self.policy.rules:
            step = _asked(rule, self.cluster, self.at)
            yield step
            if step.matched:
                return


def _asked(rule: Rule, cluster: Matched, at: datetime) -> Step:
    why_not = rule.match.why_not(cluster)
    if why_not is None and isinstance(rule.use, Leave) and rule.use.is_over(at):
        why_not = f"the exemption ended on {rule.use.until}"
    return Step(rule.name, why_not is None, why_not or rule.match.why(cluster))
