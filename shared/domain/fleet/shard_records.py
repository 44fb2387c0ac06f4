"""What is written down of a shard of a run, beside its clusters (`batch`).

The brake of a shard: ten writes in a row that are refused alike stop the writes of their scope. A
lock or a policy is on a resource group, so the others go on. A missing role is mostly missing in
the whole subscription: there it is enough that the refusals come from more groups than one.
"""

import json
from collections.abc import Mapping
from copy import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Self

from msgspec import Struct, field

from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.run_records import StoppedShardJson
from shared.domain.fleet.run_work import Baton
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.tally import Tally
from shared.domain.messages.work import SLOW
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.vocabulary.rows import Row, Value, without_none

STUCK_AFTER = timedelta(minutes=15)
"""A shard that has settled nothing for so long is stuck: another run need not wait for it."""

WRITES_TO_STOP = 10
MOST_SCOPES = 100
"""So many groups are kept in mind at once: their names have to fit into one property of a row."""

EVERYWHERE = ""
"""The scope of all resource groups of the shard."""


class Brake(Struct, frozen=True):
    """The refusals in a row, and what is stopped and why, by resource group in lower case."""

    streaks: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Why the last writes were refused, and how many in a row."""
    stopped: Mapping[str, Reason] = field(default_factory=dict)

    def stops(self, group: str) -> Reason | None:
        """Say why nothing more is written in a resource group; None if nothing stops it."""
        return self.stopped.get(EVERYWHERE) or self.stopped.get(group.lower())

    def after_success(self, group: str) -> "Brake":
        """Give the brake after a write that was accepted."""
        over = (EVERYWHERE, group.lower())
        kept = {scope: streak for scope, streak in self.streaks.items() if scope not in over}
        return replace(self, streaks=kept)

    def after_refusal(self, group: str, reason: Reason, code: str) -> "Brake":
        """Give the brake after a write that was refused, with Azure's code."""
        here, why = group.lower(), f"{reason.value} {code}".strip()
        scopes = (here, EVERYWHERE) if reason in SLOW else (here,)
        streaks = {**self.streaks, **{scope: (why, self._after(scope, why)) for scope in scopes}}
        count = {scope: streaks[scope][1] for scope in scopes}
        elsewhere_too = count.get(EVERYWHERE, 0) > count[here]
        full = [
            scope
            for scope in scopes
            if count[scope] >= WRITES_TO_STOP and (scope == here or elsewhere_too)
        ]
        stopped = {**self.stopped, **dict.fromkeys(full, reason)}
        return replace(self, streaks=_newest(streaks), stopped=_newest(stopped))

    def _after(self, scope: str, why: str) -> int:
        before, count = self.streaks.get(scope, ("", 0))
        return count + 1 if before == why else 1

    def to_text(self) -> str:
        """Write it for a table row."""
        body = {"streaks": {**self.streaks}, "stopped": {**self.stopped}}
        return json.dumps(body, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote; of an empty text, a brake that nothing was refused to."""
        body = json.loads(text or "{}")
        streaks = {scope: (why, count) for scope, (why, count) in body.get("streaks", {}).items()}
        stopped = {scope: Reason(why) for scope, why in body.get("stopped", {}).items()}
        return cls(streaks, stopped)


def _newest[T](scopes: Mapping[str, T]) -> dict[str, T]:
    return dict(islice(scopes.items(), max(0, len(scopes) - MOST_SCOPES), None))


class ShardRecord(Struct, frozen=True):
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
    brake: Brake = field(default_factory=Brake)
    finished: bool = False
    progressed_at: datetime | None = None
    """When a cluster was settled last, or it was handed out."""
    policy_hash: str | None = None
    """The version of the policy that its run keeps to."""
    updates: bool = False
    """Whether its run changes schedules, at half of the pace."""

    @property
    def baton(self) -> Baton:
        """The baton that counts."""
        return Baton(self.run_id, self.shard, self.generation)

    def counting(self, outcome: Outcome) -> "ShardRecord":
        """Give the record with one more cluster settled."""
        tally = self.tally.counting(outcome.kind, outcome.reason, owned=outcome.owned)
        return replace(self, tally=tally, pending=self.pending - 1)

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
                "brake": self.brake.to_text(),
                "finished": self.finished,
                "policyHash": self.policy_hash,
                "updates": self.updates,
                "progressedAt": self.progressed_at,
            }
        )

    @classmethod
    def of(cls, run_id: str, shard: Shard, row: Row) -> Self:
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
            Brake.from_text(row.text("brake")),
            row.flag("finished"),
            row.instant("progressedAt"),
            row.text("policyHash") if "policyHash" in row.values else None,
            row.flag("updates"),
        )

    def is_at_work(self, now: datetime) -> bool:
        """Say whether it has clusters left, and settles them; otherwise it is done, or stuck."""
        at = self.progressed_at
        return not self.finished and at is not None and now - at < STUCK_AFTER

    def left(self, reason: Reason) -> "ShardRecord":
        """Give the record of a shard that is finished with all that is pending left out."""
        tally = self.tally.counting(OutcomeKind.SKIPPED, reason, self.pending)
        return replace(self, tally=tally, pending=0, finished=True)

    def stopped_json(self) -> list[StoppedShardJson]:
        """Say what was stopped and why, as the HTTP API shows it."""
        return [
            {
                "subscriptionId": self.shard.subscription_id,
                "location": self.shard.location,
                "resourceGroup": group or None,
                "reason": reason.value,
                "advice": REASONS[reason].you_can,
            }
            for group, reason in self.brake.stopped.items()
        ]
