"""Clusters of a plan that are not even looked at by the run for it, each with its reason."""

import json
from collections.abc import Sequence
from typing import Self, TypedDict

from msgspec import Struct

from shared.domain.deciding.decision import Decision, Finding
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.reasons import Reason

MOST_NAMED = 60
"""So many of a subscription are named: they have to fit into one property, of 32,768 characters."""

LONGEST_MESSAGE = 100

NOT_LISTED = Finding(
    Reason.CLUSTER_GONE, "Its subscription's list does not have it any more; nothing was changed."
)


class LeftOutJson(TypedDict):
    """A cluster of the plan that was not looked at, and why."""

    clusterId: str
    reason: Reason
    message: str


class LeftOut(Struct, frozen=True):
    """A cluster of a plan that was left out."""

    cluster_id: ClusterId
    reason: Reason
    message: str

    @classmethod
    def because(cls, cluster_id: ClusterId, why: Decision | Finding) -> Self:
        """Give it with what was found."""
        finding = why.finding if isinstance(why, Decision) else why
        return cls(cluster_id, finding.reason, one_line(finding.message, LONGEST_MESSAGE))

    @classmethod
    def of(cls, body: LeftOutJson) -> Self:
        """Read what `to_json` gave."""
        cluster_id = ClusterId.parse(body["clusterId"])
        return cls(cluster_id, Reason(body["reason"]), body["message"])

    def to_json(self) -> LeftOutJson:
        return {
            "clusterId": str(self.cluster_id),
            "reason": self.reason,
            "message": self.message,
        }


class LeftOutOfPlan(Struct, frozen=True):
    """How many clusters of a subscription were left out; the first of them are named."""

    count: int = 0
    named: tuple[LeftOut, ...] = ()

    @classmethod
    def of(cls, some: Sequence[LeftOut]) -> Self:
        """Name what has room in a row."""
        return cls(len(some), tuple(some[:MOST_NAMED]))

    def to_text(self) -> str:
        """Write it for a table row."""
        named = [each.to_json() for each in self.named]
        return json.dumps({"count": self.count, "named": named}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote; nothing in a row of an earlier version."""
        if not text:
            return cls()
        body = json.loads(text)
        return cls(body["count"], tuple(LeftOut.of(each) for each in body["named"]))


NONE_LEFT_OUT = LeftOutOfPlan()
