"""What a run may change: a plan that names each cluster, what its schedule is, and what it becomes.

A plan is made by a run that only looks, and carried out by another that changes nothing else. So
the brake counts the whole of it before the first write, and what somebody approves is what is done.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Literal, Self, TypedDict, assert_never

from msgspec import Struct

from shared.domain.deciding.own.drift import Drift, DriftJson, digest
from shared.domain.policy.updates import UpdateRules
from shared.domain.vocabulary.fields import BrokenRule, Fields, text
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import from_text

LONGEST_WAIT = timedelta(hours=6)
"""So long an update of a run waits by itself; by then the next run plans it anew."""


class UpdateKind(StrEnum):
    """Which updates a run carries out."""

    PLANNED = "Planned"
    APPROVED = "Approved"
    CLOCKS = "Clocks"
    REVERT = "Revert"


class UpdateOrderJson(TypedDict):
    """Which updates a run carries out, and of which run's plan; null: what the clocks ask for."""

    kind: UpdateKind
    runId: str | None


class UpdateOrder(Struct, frozen=True):
    """What a run carries out, and of which run's plan; empty: what the clocks ask for.

    For a revert, it is the run whose updates are put back.
    """

    kind: UpdateKind
    run_id: str = ""

    def to_json(self) -> UpdateOrderJson:
        """Give it ready for JSON."""
        return {"kind": self.kind, "runId": self.run_id or None}

    @classmethod
    def of(cls, body: UpdateOrderJson) -> Self:
        """Read what `to_json` gave."""
        return cls(UpdateKind(body["kind"]), body["runId"] or "")


class PlannedJson(TypedDict):
    """The hashes of two canonical windows, and the run that may change one to the other.

    `back` of one that is put back.
    """

    before: str
    after: str
    runId: str
    back: bool


class Planned(Struct, frozen=True):
    """One update that may be made: of exactly this, to exactly that, by the hashes of both."""

    before: str
    after: str
    clocks: bool = False
    """Whether only the clocks of its zone ask for it; such an update is not braked."""
    back: bool = False
    """Whether it is what stood before the last update that is to be written."""
    run_id: str = ""
    """The run that may do so."""
    waits_until: datetime | None = None
    """The end (UTC) of the opening that was in the way when it was planned."""

    def allows(self, drift: Drift) -> bool:
        """Say whether this is the very change that was planned."""
        return (digest(drift.before), digest(drift.after)) == (self.before, self.after)

    def to_json(self) -> PlannedJson:
        """Give it ready for JSON."""
        return {
            "before": self.before,
            "after": self.after,
            "runId": self.run_id,
            "back": self.back,
        }

    @classmethod
    def from_json(cls, body: PlannedJson) -> Self:
        """Read what `to_json` gave."""
        return cls(body["before"], body["after"], back=body["back"], run_id=body["runId"])

    @classmethod
    def of(cls, drift: DriftJson | None) -> Self | None:
        """Take what a run has found, where it is to be changed."""
        if drift is None or not drift["update"]:
            return None
        until = drift.get("waitsUntil")
        waits_until = from_text(until) if until else None
        return cls(drift["before"], drift["after"], drift["clocks"], waits_until=waits_until)


def read_planned(message: Fields) -> Planned | None:
    """Read the permit in a message, and note what is wrong with it; None where there is none."""
    fields = message.optional_under("update")
    if fields is None:
        return None
    fields.refuse_unknown(("before", "after", "runId", "back"))
    before, after = fields.required("before", text), fields.required("after", text)
    run_id = fields.required("runId", text)
    back = fields.required("back", _a_flag)
    if before is None or after is None or run_id is None or back is None:
        return None
    return Planned(before, after, back=back, run_id=run_id)


def _a_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BrokenRule("must be true or false")
    return value


class Anything(Struct, frozen=True):
    """Whatever the policy wants: a person has asked for this one cluster."""


type Permit = Planned | Anything
"""What lets an update of one cluster be made; without one, none is."""

type Plan = Mapping[ClusterId, Planned]


def plan_hash(plan: Plan) -> str:
    """Give the hash by which a plan is approved: the same for the same changes, in any order."""
    lines = sorted(f"{each.key} {planned.before} {planned.after}" for each, planned in plan.items())
    return sha256("\n".join(lines).encode()).hexdigest()[:32]


def braked(plan: Plan) -> Plan:
    """Give what counts for the brake: all but what the clocks ask for."""
    return {each: planned for each, planned in plan.items() if not planned.clocks}


def only_for_clocks(plan: Plan) -> Plan:
    """Give what the clocks ask for."""
    return {each: planned for each, planned in plan.items() if planned.clocks}


class VerdictJson(TypedDict):
    """How many updates a run has found, and how many of them need nobody's approval.

    `planHash` names the updates without those that only the clocks ask for.
    """

    planHash: str
    updates: int
    forClocks: int
    owned: int
    atMost: int
    needsApproval: bool


class Verdict(Struct, frozen=True):
    """The same: the brake's arithmetic."""

    plan_hash: str
    updates: int
    for_clocks: int
    owned: int
    most: int

    @classmethod
    def on(cls, plan: Plan, rules: UpdateRules, owned: int) -> Self:
        """Judge a run that found so many owned schedules, over all its shards."""
        counted = braked(plan)
        clocks = len(plan) - len(counted)
        return cls(plan_hash(counted), len(counted), clocks, owned, rules.most(owned))

    @property
    def needs_approval(self) -> bool:
        """Say whether somebody has to approve it before anything is changed."""
        return self.updates > self.most

    @property
    def follows(self) -> Literal[UpdateKind.PLANNED, UpdateKind.CLOCKS]:
        """Say which updates follow by themselves: over the brake only what the clocks ask for."""
        return UpdateKind.CLOCKS if self.needs_approval else UpdateKind.PLANNED

    def to_json(self) -> VerdictJson:
        """Give it as the HTTP API shows it."""
        return {
            "planHash": self.plan_hash,
            "updates": self.updates,
            "forClocks": self.for_clocks,
            "owned": self.owned,
            "atMost": self.most,
            "needsApproval": self.needs_approval,
        }


type OfPlan = Literal[UpdateKind.PLANNED, UpdateKind.APPROVED, UpdateKind.CLOCKS]


def chosen(plan: Plan, kind: OfPlan, now: datetime) -> Plan:
    """Give what of a run's plan a run of that kind carries out from an aware instant on.

    What has to wait for longer than until the next run may come is left to that one, unless
    somebody has approved it.
    """
    match kind:
        case UpdateKind.PLANNED:
            return soon(plan, now)
        case UpdateKind.APPROVED:
            return braked(plan)
        case UpdateKind.CLOCKS:
            return soon(only_for_clocks(plan), now)
        case _:
            assert_never(kind)


def soon(plan: Plan, now: datetime) -> Plan:
    """Leave out what waits for longer than a run has patience with by itself."""
    latest = now + LONGEST_WAIT
    return {
        each: planned
        for each, planned in plan.items()
        if planned.waits_until is None or planned.waits_until <= latest
    }
