"""Work that was given up on."""

from datetime import datetime
from typing import NotRequired, Self, TypedDict

from msgspec import Struct

from shared.domain.deciding.outcome import Outcome
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.rows import Row, Values

LONGEST_TEXT = 60_000
"""In bytes of UTF-16, of which a property takes 64 KiB."""

NODE_OS = ""
"""The part of a record that is of a cluster's node OS schedule."""

OF_RUNS = "run:"
"""How the places of records begin that are of a run."""


class GivenUpJson(TypedDict):
    """Why work was given up, when, after how many attempts, and what to do."""

    reason: str
    message: str
    advice: str
    givenUpAt: str
    attempts: int
    azureCode: NotRequired[str]


class GivenUpClusterJson(GivenUpJson):
    """What was given up; no cluster where the message named none, a run where it was of one."""

    clusterId: str | None
    runId: str | None


class GivenUp(Struct, frozen=True):
    """Work that was given up on, with the reason and what to do."""

    cluster_id: ClusterId | None
    reason: str
    message: str
    advice: str
    given_up_at: datetime
    attempts: int
    work: str
    """The queue message, with which the work can be replayed."""
    run_id: str = ""
    """The run whose message it was; it goes on by itself, and forgets this when it ends."""
    part: str = ""
    """What of the run the message was for: a shard or a subscription; empty for its start.

    Of a cluster, which schedule it was: empty for the node OS schedule.
    """
    azure_code: str = ""
    """The code of Azure's refusal, if it was one."""

    @classmethod
    def of(
        cls,
        outcome: Outcome,
        work: ReconcileCluster,
        now: datetime,
        attempts: int,
        part: str = NODE_OS,
    ) -> Self:
        """Give up work on one cluster for what came of it, with what a person can do."""
        return cls(
            cluster_id=outcome.cluster_id,
            reason=outcome.reason.value,
            message=outcome.message,
            advice=REASONS[outcome.reason].you_can,
            given_up_at=now,
            attempts=attempts,
            work=work.to_message(),
            part=part,
            azure_code=outcome.azure_code,
        )

    @classmethod
    def read(cls, row: Row) -> Self:
        given_up_at = row.instant("givenUpAt")
        if given_up_at is None:
            raise TypeError(f"givenUpAt of {row.key} is no time")
        return cls(
            cluster_id=ClusterId.parse(row.text("clusterId")) if row.text("clusterId") else None,
            reason=row.text("reason"),
            message=row.text("message"),
            advice=row.text("advice"),
            given_up_at=given_up_at,
            attempts=row.whole("attempts"),
            work=row.text("work"),
            run_id=row.text("runId"),
            part=row.text("part"),
            azure_code=row.text("azureCode"),
        )

    def to_values(self) -> Values:
        """Give the columns of the record's row."""
        return {
            "clusterId": str(self.cluster_id) if self.cluster_id else "",
            "reason": self.reason,
            "message": _cut(self.message),
            "advice": self.advice,
            "givenUpAt": self.given_up_at,
            "attempts": self.attempts,
            "work": _cut(self.work),
            "runId": self.run_id,
            "part": self.part,
            "azureCode": self.azure_code,
        }

    def to_json(self) -> GivenUpJson:
        """Give it as the HTTP API shows it: camelCase, times in ISO 8601."""
        shown: GivenUpJson = {
            "reason": self.reason,
            "message": self.message,
            "advice": self.advice,
            "givenUpAt": to_text(self.given_up_at),
            "attempts": self.attempts,
        }
        return {**shown, "azureCode": self.azure_code} if self.azure_code else shown


def _cut(text: str) -> str:
    return text.encode("utf-16-le", "replace")[:LONGEST_TEXT].decode("utf-16-le", "ignore")
