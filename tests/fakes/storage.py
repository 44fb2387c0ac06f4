"""Queue and tables in memory, with the storage service's own clock and whole seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from shared.clients.cluster_records import CLAIM_LASTS, refusal_of
from shared.clients.work_queue import Work
from shared.domain.messages.given_up import OF_RUNS, GivenUp
from shared.domain.messages.work import AlreadyDone, Busy, Claim, ClusterRecord
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.ground.ports import Clock

type Step = Callable[[], None]
"""What happens before each operation: nothing, or the end of the worker."""


def go_on() -> None:
    """Let an operation happen."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its text, when it was taken in and when it can be seen."""

    text: str
    inserted_at: datetime
    visible_at: datetime


@dataclass
class FakeWorkQueue[W: Work]:
    """A queue of work."""

    clock: Clock
    messages: list[Message] = field(default_factory=list)
    fails: int = 0
    step: Step = go_on

    async def send(self, work: W, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay (in whole seconds, rounded up)."""
        self.step()
        if self.fails:
            self.fails -= 1
            raise OSError("the storage account does not answer")
        now = self.clock.now()
        whole = timedelta(seconds=ceil(delay.total_seconds()))
        self.messages.append(Message(work.to_message(), now.replace(microsecond=0), now + whole))

    def due(self) -> Message | None:
        """Take the message that can be seen first, if it can be seen now."""
        first = min(self.messages, key=lambda message: message.visible_at, default=None)
        if first is None or first.visible_at > self.clock.now():
            return None
        self.messages.remove(first)
        return first

    def next_visible(self) -> datetime | None:
        """Tell when the next message can be seen."""
        return min((message.visible_at for message in self.messages), default=None)


@dataclass(frozen=True, slots=True)
class _Row:
    record: ClusterRecord
    changed_at: datetime
    version: int


@dataclass
class FakeClusterRecords:
    """The table of clusters."""

    clock: Clock
    rows: dict[ClusterId, _Row] = field(default_factory=dict)
    step: Step = go_on

    async def claim(
        self, cluster_id: ClusterId, since: datetime | None
    ) -> Claim | Busy | AlreadyDone:
        """Claim the cluster, unless it is claimed or has been reconciled since."""
        self.step()
        now = self.clock.now()
        row = self.rows.get(cluster_id) or _Row(ClusterRecord(cluster_id), now, 0)
        if row.record.claimed and now < row.changed_at + CLAIM_LASTS:
            return Busy()
        if refusal := refusal_of(since, row.record.concluded_at, now):
            return refusal
        claimed = _Row(replace(row.record, claimed=True), now, row.version + 1)
        self.rows[cluster_id] = claimed
        changed_at = row.changed_at if row.version else None
        return Claim(cluster_id, str(claimed.version), now.replace(microsecond=0), changed_at)

    async def release(self, claim: Claim, *, concluded: bool) -> None:
        """Give the claim back, unless somebody has claimed the row since."""
        self.step()
        row = self.rows[claim.cluster_id]
        if str(row.version) != claim.token:
            return
        record = replace(row.record, claimed=False)
        if concluded:
            record = replace(record, concluded_at=claim.claimed_at)
        self.rows[claim.cluster_id] = _Row(record, self.clock.now(), row.version + 1)

    def touch(self, cluster_id: ClusterId) -> None:
        """Claim and release the row at once, as somebody else might."""
        row = self.rows.get(cluster_id) or _Row(ClusterRecord(cluster_id), self.clock.now(), 0)
        self.rows[cluster_id] = _Row(row.record, self.clock.now(), row.version + 2)

    async def get(self, cluster_id: ClusterId) -> ClusterRecord:
        """Read what is remembered of a cluster."""
        row = self.rows.get(cluster_id)
        return row.record if row else ClusterRecord(cluster_id)


@dataclass
class FakeGivenUpRecords:
    """The table of what was given up."""

    rows: dict[str, GivenUp] = field(default_factory=dict)
    fails: int = 0
    step: Step = go_on

    async def put(self, given_up: GivenUp) -> None:
        """Record it."""
        self.step()
        if self.fails:
            self.fails -= 1
            raise OSError("the storage account does not answer")
        self.rows[_place(given_up)] = given_up

    async def get(self, cluster_id: ClusterId) -> GivenUp | None:
        """Read what was given up for one cluster."""
        return self.rows.get(_key(cluster_id, ""))

    async def forget(self, cluster_id: ClusterId) -> None:
        """Remove it."""
        self.step()
        self.rows.pop(_key(cluster_id, ""), None)

    async def forget_run(self, run_id: str) -> None:
        """Remove all that is of a run."""
        self.step()
        self.rows = {at: each for at, each in self.rows.items() if each.run_id != run_id}

    async def page(self, after: str, limit: int) -> Sequence[tuple[str, GivenUp]]:
        """Read up to `limit` records from behind a place."""
        places = sorted(place for place in self.rows if place > after)
        return [(place, self.rows[place]) for place in places[:limit]]


def _place(given_up: GivenUp) -> str:
    if given_up.run_id:
        return f"{OF_RUNS}{given_up.run_id}|{given_up.part}"
    return _key(given_up.cluster_id, given_up.work)


def _key(cluster_id: ClusterId | None, work: str) -> str:
    partition = cluster_id.subscription_id if cluster_id else "unreadable"
    identity = cluster_id.key if cluster_id else work
    return f"{partition}|{sha256(identity.encode()).hexdigest()[:32]}"
