"""What is written down of a run: its record, and its subscriptions."""

import json
from copy import replace
from datetime import datetime
from enum import StrEnum
from typing import Self, TypedDict, cast

from msgspec import Struct, field

from shared.domain.errors import AzureError, Paced, Throttled
from shared.domain.fleet.crowding import Crowd, CrowdJson, crowds_from_text, crowds_to_text
from shared.domain.fleet.run import Run, RunJson, RunState
from shared.domain.fleet.tally import Tally
from shared.domain.fleet.unreadable import Refusal, UnreadableJson
from shared.domain.updates.left_out import NONE_LEFT_OUT, LeftOutJson, LeftOutOfPlan
from shared.domain.updates.plan import VerdictJson
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.rows import Row, Value, object_from_text, without_none

MOST_NAMED, LONGEST_MESSAGE = 10, 200
"""Of each kind of finding so many are in a run's own row, each with so much of Azure's message."""


class ProgressJson(TypedDict):
    """How far a run has come: subscriptions listed, clusters done."""

    subscriptions: int
    subscriptionsListed: int
    clusters: int
    clustersDone: int


class StoppedShardJson(TypedDict):
    """Where writes were stopped, why, and what to do; without a resource group, in all of them."""

    subscriptionId: str
    location: str
    resourceGroup: str | None
    reason: str
    advice: str


class FindingCountsJson(TypedDict):
    """How many findings of each kind there are, where only the first of them are named."""

    unreadableSubscriptions: int
    stoppedShards: int
    crowdedStarts: int
    leftOutOfPlan: int


class RunSummaryJson(TypedDict, total=False):
    """What a run has come to; nothing before its first subscription is listed.

    A list of runs names the first ten findings of each kind, the run itself all of them.
    """

    outcomes: dict[str, int]
    reasons: dict[str, int]
    calls: int
    throttled: int
    owned: int
    updatePlan: VerdictJson
    progress: ProgressJson
    unreadableSubscriptions: list[UnreadableJson]
    stoppedShards: list[StoppedShardJson]
    crowdedStarts: list[CrowdJson]
    leftOutOfPlan: list[LeftOutJson]
    findingCounts: FindingCountsJson


class RunRecordJson(RunJson, RunSummaryJson):
    """A run, and what it came to once it is finished."""

    state: RunState
    finishedAt: str | None
    followedByRunId: str | None
    approvedRunId: str | None


class RunRecord(Struct, frozen=True):
    """The record of a run; `due_at` is when its start must have happened."""

    run: Run
    state: RunState = RunState.ACTIVE
    only_looks: bool = False
    """Whether it stopped before every write when it was asked for, by its scope or the setting."""
    beside: str = ""
    """The run of the same scope that holds on to some shards, and is stuck on others."""
    started: bool = False
    due_at: datetime | None = None
    finished_at: datetime | None = None
    summary: RunSummaryJson = field(default_factory=RunSummaryJson)
    """Its counts as the HTTP API shows them, once it is finished."""
    followed_by: str = ""
    """The run that carries out by itself what this one has planned; empty if none does."""
    approved_run: str = ""
    """The run that carries out what somebody has approved; empty while nobody has."""

    @property
    def may_end(self) -> bool:
        """Say whether it is under way, and knows all that it has to look at."""
        return self.started and self.state is RunState.ACTIVE

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row."""
        return without_none(
            {
                "run": json.dumps(self.run.to_json(), separators=(",", ":")),
                "cause": self.run.cause.value,
                "state": self.state.value,
                "onlyLooks": self.only_looks,
                "beside": self.beside,
                "started": self.started,
                "dueAt": self.due_at,
                "finishedAt": self.finished_at,
                "summary": json.dumps(shortened(self.summary), separators=(",", ":")),
                "followedBy": self.followed_by,
                "approvedRun": self.approved_run,
            }
        )

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(
            Run.from_json(row.text("run")),
            RunState(row.text("state")),
            row.flag("onlyLooks"),
            row.text("beside"),
            row.flag("started"),
            row.instant("dueAt"),
            row.instant("finishedAt"),
            cast("RunSummaryJson", object_from_text(row.text("summary") or "{}")),
            row.text("followedBy"),
            row.text("approvedRun"),
        )

    def to_json(self) -> RunRecordJson:
        """Give it as the HTTP API shows it."""
        finished = self.finished_at
        return {
            **self.run.to_json(),
            "state": self.state,
            "finishedAt": instants.to_text(finished) if finished else None,
            "followedByRunId": self.followed_by or None,
            "approvedRunId": self.approved_run or None,
            **self.summary,
        }


def shortened(summary: RunSummaryJson) -> RunSummaryJson:
    """Give what has room in one property: the rows of the run's parts have the rest."""
    if "unreadableSubscriptions" not in summary:
        return summary
    unreadable = summary["unreadableSubscriptions"][:MOST_NAMED]
    named: list[UnreadableJson] = [
        {**found, "message": one_line(found["message"], LONGEST_MESSAGE)} for found in unreadable
    ]
    return {
        **summary,
        "unreadableSubscriptions": named,
        "stoppedShards": summary["stoppedShards"][:MOST_NAMED],
        "crowdedStarts": summary["crowdedStarts"][:MOST_NAMED],
        # A run of an earlier version of naptime did not name them.
        "leftOutOfPlan": summary.get("leftOutOfPlan", [])[:MOST_NAMED],
    }


def refused_call(error: AzureError) -> Tally:
    """Count a call that was refused; one that a pause has kept from being sent is none."""
    return Tally(
        calls=int(not isinstance(error, Paced)), throttled=int(isinstance(error, Throttled))
    )


class ListingState(StrEnum):
    """How far the listing of a subscription has come."""

    PENDING = "Pending"
    LISTED = "Listed"
    UNREADABLE = "Unreadable"


class SubscriptionRecord(Struct, frozen=True):
    """One subscription of a run: to be listed, listed (with how many clusters where), or not."""

    subscription_id: str
    state: ListingState = ListingState.PENDING
    listing: int = 0
    """How often somebody has begun to list it; the rows of those that came to no end count not."""
    due_at: datetime | None = None
    """When somebody must have listed it, or said that it takes longer."""
    shards: dict[str, int] = field(default_factory=dict)
    """How many clusters there are to look at, by location."""
    screened: Tally = field(default_factory=Tally)
    """The clusters that need no look at their configurations, and the calls of the listing."""
    refusal: Refusal | None = None
    """Why it could not be read (to its end); one that is pending is tried again by this run."""
    crowds: tuple[Crowd, ...] = ()
    """The starts that many of its clusters share."""
    left_out: LeftOutOfPlan = NONE_LEFT_OUT
    """Clusters that the run was to change, and that are not to be looked at (any more)."""

    def after_refusal(
        self, error: AzureError, now: datetime, next_try_at: datetime | None = None
    ) -> "SubscriptionRecord":
        """Give the record with one more call for it, which was refused."""
        refused = refused_call(error)
        since = self.refusal.since if self.refusal and self.refusal.since else now
        refusal = Refusal.of_error(error, since, next_try_at)
        return replace(self, screened=self.screened + refused, refusal=refusal)

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row."""
        return without_none(
            {
                "state": self.state.value,
                "finished": self.state is not ListingState.PENDING,
                "listing": self.listing,
                "dueAt": self.due_at,
                "shards": json.dumps(self.shards, separators=(",", ":")),
                "screened": self.screened.to_text(),
                "crowds": crowds_to_text(self.crowds),
                "leftOutOfPlan": self.left_out.to_text() if self.left_out.count else None,
                **(self.refusal.to_values() if self.refusal else {}),
            }
        )

    @classmethod
    def of(cls, subscription_id: str, row: Row) -> Self:
        return cls(
            subscription_id,
            ListingState(row.text("state")),
            row.whole("listing"),
            row.instant("dueAt"),
            json.loads(row.text("shards")),
            Tally.from_text(row.text("screened")),
            Refusal.of(row),
            crowds_from_text(subscription_id, row.text("crowds")),
            LeftOutOfPlan.from_text(row.text("leftOutOfPlan")),
        )
