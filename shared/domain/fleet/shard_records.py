"""What is written down of a shard of a run, beside its clusters (`cluster_batch`)."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.run_records import StoppedShardJson
from shared.domain.fleet.run_work import Baton
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.tally import Tally
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.vocabulary.rows import Row, Value, without_none

WRITES_TO_STOP = 10
"""So many writes in a row that end alike and for good stop a shard's writes."""


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """One shard of a run, as of the end of its newest baton."""

    run_id: str
    shard: Shard
    cause: Cause
    dry_run: bool
    known: int
    pending: int
    listing: int
    """The listing of its subscription that came to its end; only that one's batches count."""
    generation: int = 1
    """The only generation that a baton may have to count."""
    due_at: datetime | None = None
    """When that baton can be seen."""
    tally: Tally = field(default_factory=Tally)
    streak_reason: str = ""
    streak: int = 0
    """How many writes in a row have ended for that reason, for good."""
    stopped: str = ""
    """Why nothing more is written in this shard; empty if nothing stops it."""
    finished: bool = False

    @property
    def baton(self) -> Baton:
        """The baton that counts."""
        return Baton(self.run_id, self.shard, self.generation)

    def counting(self, outcome: Outcome) -> Self:
        """Give the record with one more cluster settled."""
        tally = self.tally.counting(outcome.kind, outcome.reason)
        return replace(self, tally=tally, pending=self.pending - 1)

    def after_write(self, outcome: Outcome) -> Self:
        """Give the record after a write that ended for good, well or not."""
        if outcome.kind is not OutcomeKind.FAILED:
            return replace(self, streak_reason="", streak=0)
        reason = outcome.reason.value
        streak = self.streak + 1 if reason == self.streak_reason else 1
        stopped = self.stopped or (reason if streak >= WRITES_TO_STOP else "")
        return replace(self, streak_reason=reason, streak=streak, stopped=stopped)

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row."""
        return without_none(
            {
                "cause": self.cause.value,
                "dryRun": self.dry_run,
                "known": self.known,
                "pending": self.pending,
                "listing": self.listing,
                "generation": self.generation,
                "dueAt": self.due_at,
                "tally": self.tally.to_text(),
                "streakReason": self.streak_reason,
                "streak": self.streak,
                "stopped": self.stopped,
                "finished": self.finished,
            }
        )

    @classmethod
    def of(cls, run_id: str, shard: Shard, row: Row) -> Self:
        """Read a row."""
        return cls(
            run_id,
            shard,
            Cause(row.text("cause")),
            row.flag("dryRun"),
            row.whole("known"),
            row.whole("pending"),
            row.whole("listing"),
            row.whole("generation"),
            row.instant("dueAt"),
            Tally.from_text(row.text("tally")),
            row.text("streakReason"),
            row.whole("streak"),
            row.text("stopped"),
            row.flag("finished"),
        )

    def stopped_json(self) -> StoppedShardJson:
        """Say why its writes were stopped, as the HTTP API shows it."""
        return {
            "subscriptionId": self.shard.subscription_id,
            "location": self.shard.location,
            "reason": self.stopped,
            "advice": REASONS[Reason(self.stopped)].you_can,
        }
