"""What can be wrong with disruption budgets: a code for each, what it means, what to do."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypedDict

from msgspec import Struct


class Code(StrEnum):
    """The kinds of findings, in the order in which they are looked for."""

    REFUSED = "BudgetRefused"
    NODES_NOT_TEXT = "NodesNotText"
    INVALID_CRON = "BudgetInvalidCron"
    NEVER_HITS = "BudgetNeverHits"
    ALWAYS_ACTIVE = "BudgetAlwaysActive"
    NEVER_OPEN = "BudgetNeverOpen"
    INVERTED = "BudgetInverted"
    UNLIMITED_OUTSIDE = "BudgetUnlimitedOutside"
    OPEN_OUTSIDE = "BudgetOpenOutside"
    NO_RATE = "BudgetNoRate"
    OPENS_LATE = "BudgetOpensLate"
    ROUNDS_UP = "BudgetRoundsUp"
    DOES_NOT_FIT = "RolloutDoesNotFit"
    KUBERNETES_OUTSIDE = "KubernetesWindowOutside"
    EXPIRY_IGNORES_BUDGETS = "ExpiryIgnoresBudgets"
    EXPIRY_AT_OLD_PLACE = "ExpiryAtOldPlace"
    NO_DISRUPTION_ALLOWED = "PodsNeverEvicted"
    TWO_PDBS = "PodsUnderTwoBudgets"


class CodeText(NamedTuple):
    """What a code means, and what to do about it."""

    meaning: str
    you_can: str


CODES: Mapping[Code, CodeText] = MappingProxyType(
    {
        Code.REFUSED: CodeText(
            "The NodePool has something that its schema refuses, so it cannot be applied.",
            "Correct what the sentence names; the rest of the pool is looked at after that.",
        ),
        Code.NODES_NOT_TEXT: CodeText(
            "`nodes` is a number where the schema wants text.",
            'Put it in quotes: `nodes: "0"`.',
        ),
        Code.INVALID_CRON: CodeText(
            "Karpenter cannot parse the schedule: no node of the pool is replaced, for any reason.",
            "Correct the schedule; Sunday is 0 or `sun`, and ranges do not wrap.",
        ),
        Code.NEVER_HITS: CodeText(
            "The schedule names a time that does not come, or the duration is zero.",
            "Correct the schedule or the duration.",
        ),
        Code.ALWAYS_ACTIVE: CodeText(
            "The budget has a schedule and is active at all times all the same.",
            "Shorten the duration to less than the time between two hits.",
        ),
        Code.NEVER_OPEN: CodeText(
            "No node is ever replaced for drift.",
            'Give the budget with `nodes: "0"` a schedule and a duration.',
        ),
        Code.INVERTED: CodeText(
            "The budget restricts within the window, and nothing restricts outside.",
            "Budgets only restrict: block outside the window instead.",
        ),
        Code.UNLIMITED_OUTSIDE: CodeText(
            "Outside the window all nodes may be replaced at once.",
            'Add a budget with `nodes: "0"` from the window\'s end to its next start.',
        ),
        Code.OPEN_OUTSIDE: CodeText(
            "Outside the window nodes are replaced, at a rate.",
            'Add a budget with `nodes: "0"` from the window\'s end to its next start.',
        ),
        Code.NO_RATE: CodeText(
            "No budget limits how many nodes are replaced at once when the pool is open.",
            'Add a budget without a schedule, such as `nodes: "10%"`.',
        ),
        Code.OPENS_LATE: CodeText(
            "The pool does not open within a day of the window's start, when images are picked up.",
            "Open the budgets when the window opens.",
        ),
        Code.ROUNDS_UP: CodeText(
            "The percentage is less than one node of this pool, and is rounded up to one.",
            "Nothing to do, if one node at a time is what you want.",
        ),
        Code.DOES_NOT_FIT: CodeText(
            "The window is over before every node has been replaced.",
            "Raise the rate, lengthen the window, or accept that a roll takes several windows.",
        ),
        Code.KUBERNETES_OUTSIDE: CodeText(
            "Kubernetes upgrades start when the pool is closed: nodes stay behind until it opens.",
            "Put `aksManagedAutoUpgradeSchedule` where the pool is open.",
        ),
        Code.EXPIRY_IGNORES_BUDGETS: CodeText(
            "Nodes are deleted when they reach an age, whatever any budget says.",
            "Set `spec.template.spec.expireAfter: Never`; changing it makes the nodes drift once.",
        ),
        Code.EXPIRY_AT_OLD_PLACE: CodeText(
            "`expireAfter` is under `spec.disruption`, where version v1 does not read it.",
            "Move it to `spec.template.spec.expireAfter`.",
        ),
        Code.NO_DISRUPTION_ALLOWED: CodeText(
            "A pod disruption budget lets no pod go, even with all of them healthy.",
            "Lower `minAvailable`, raise `maxUnavailable`, or run more replicas.",
        ),
        Code.TWO_PDBS: CodeText(
            "Pods that two pod disruption budgets match are never evicted.",
            "Let one pod disruption budget match them.",
        ),
    }
)


class BudgetFindingJson(TypedDict):
    """One thing that is wrong: `budget` is the budget's place in the list, from 0."""

    code: str
    budget: int | None
    message: str
    advice: str


class BudgetFinding(Struct, frozen=True):
    """One thing that is wrong, in a sentence; `budget` is the place in the pool's list, from 0."""

    code: Code
    message: str
    budget: int | None = None

    def to_json(self) -> BudgetFindingJson:
        return {
            "code": self.code.value,
            "budget": self.budget,
            "message": self.message,
            "advice": CODES[self.code].you_can,
        }
