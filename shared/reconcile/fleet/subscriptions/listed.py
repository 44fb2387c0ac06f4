"""What one listing of a subscription has found so far, and how it is written down."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import replace
from datetime import datetime, timedelta
from itertools import batched

from msgspec import Struct, field

from shared.domain.deciding.decision import Action, Decision, Desired, Finding
from shared.domain.deciding.observed import ObservedCluster
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.policy import screen
from shared.domain.errors import AzureError
from shared.domain.fleet.batch import CLUSTERS_A_BATCH, Batch, PendingCluster, left_to_the_queue
from shared.domain.fleet.crowding import Crowd
from shared.domain.fleet.last_known import LastKnown
from shared.domain.fleet.run_records import ListingState, SubscriptionRecord, refused_call
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.tally import Tally
from shared.domain.fleet.unreadable import Refusal
from shared.domain.messages.given_up import NODE_OS
from shared.domain.updates.left_out import LeftOutOfPlan
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.fleet.store import Stored, batches_of
from shared.reconcile.fleet.subscriptions.before import Before
from shared.reconcile.fleet.updates.ordered import Ordered

UNPROTECTED_FIRST, PROTECTED_LATER, GIVEN_UP_LAST = "0", "1", "2"

MISSED_FOR = timedelta(hours=1)
"""How long after a listing has missed a cluster another must miss it, too, for it to be gone."""

CLOCKS_APART = timedelta(minutes=2)
"""How far a worker's clock, which tells when an event came, may be from the storage service's."""

_JUST_READ = Decision(
    Action.SKIP, (Finding(Reason.RECENTLY_READ, "Its schedule was seen a short while ago."),)
)
_NOT_LOOKED_AT = frozenset({Reason.RECENTLY_READ, Reason.NOT_IN_PLAN})


class Gone(Struct, frozen=True):
    """Which clusters are to be forgotten, by their hashes, and since when others are missing."""

    to_forget: set[str]
    missing: Mapping[str, datetime | None]
    """None for those that are there again."""


class Listed(Struct):
    """What one listing has found so far."""

    row: Stored[SubscriptionRecord]
    """The subscription's row, as this listing wrote it last."""
    desired: Desired
    known: dict[str, Before]
    """The clusters that are remembered, by their hashes."""
    heard: dict[str, datetime]
    """When events about clusters came last, by their hashes; only where that matters."""
    given_up: dict[str, str]
    """Which schedule of clusters was given up, by their hashes; empty for the node OS schedule."""
    alive_at: datetime
    """When this worker's clock last said so in the row; only stretches of it are used."""
    met: set[str] = field(default_factory=set)
    """The hashes of all clusters so far; two pages may hold the same one."""
    shards: Counter[Shard] = field(default_factory=Counter)
    """How many clusters of each shard are to be looked at."""
    beside: str = ""
    """The run that is stuck on some shards, and may be at work on others."""
    rows: int = 0
    """How many rows they take."""
    seen: set[str] = field(default_factory=set)
    """The hashes of all clusters with node auto-provisioning."""
    pages: int = 0
    places: set[str] = field(default_factory=set)
    """The locations that they are in, by their short names."""
    screened: Tally = field(default_factory=Tally)
    left_out: list[LastKnown] = field(default_factory=list)
    """Those of a page that naptime leaves alone, where that is new."""
    ordered: Ordered = field(default_factory=Ordered)
    """What is to be changed, in a run that only changes what it has been told to."""
    crowds: list[Crowd] = field(default_factory=list)
    """The starts that many of the subscription's clusters share, by what is remembered of them."""

    def refused(
        self, error: AzureError, next_try_at: datetime | None
    ) -> Stored[SubscriptionRecord]:
        """Give the row after a page that was refused; of the pages before it only the calls count.

        Whoever lists it again finds their clusters again.
        """
        record = self.row.record
        calls = replace(record.screened, calls=self.screened.calls)
        record = replace(record, screened=calls).after_refusal(error, self.row.read_at, next_try_at)
        return replace(self.row, record=record)

    def count_refusal(self, error: AzureError) -> None:
        """Count the call that was refused, where the pages before it count as well."""
        self.screened += refused_call(error)

    def meet(self, clusters: Iterable[ObservedCluster]) -> list[ObservedCluster]:
        """Note clusters of a page, and give those that are met for the first time."""
        new = {each.id.hash: each for each in clusters if each.id.hash not in self.met}
        self.met.update(new)
        with_nap = {word: each for word, each in new.items() if each.auto_provisioning}
        self.seen.update(with_nap)
        self.places.update(Shard.of(each).location for each in with_nap.values())
        return [*new.values()]

    def leave_out(
        self, cluster: ObservedCluster, decision: Decision, now: datetime, *, dry_run: bool
    ) -> None:
        """Count a cluster that is not looked at; note that, unless it is what is known of it."""
        deferred = decision.action is Action.DEFER
        kind = OutcomeKind.DEFERRED if deferred else OutcomeKind.SKIPPED
        self.screened = self.screened.counting(kind, decision.reason)
        self.ordered.leave(cluster.id, decision)
        before = self.known.get(cluster.id.hash)
        is_news = before is None or before.reason != decision.reason.value
        is_left_alone = not deferred and decision.reason not in _NOT_LOOKED_AT
        if is_left_alone and cluster.auto_provisioning and is_news:
            outcome = Outcome.left_out(cluster, decision, dry_run=dry_run)
            self.left_out.append(LastKnown(outcome, self.row.read_at, now))

    def concluded(self, refusal: Refusal | None) -> SubscriptionRecord:
        """Give the subscription's record, once it is listed; with a refusal, not to its end."""
        if refusal is None:
            self.screened += self.ordered.absent(self.met)
        return replace(
            self.row.record,
            state=ListingState.LISTED,
            due_at=None,
            shards={shard.location: clusters for shard, clusters in self.shards.items()},
            screened=self.screened,
            crowds=tuple(self.crowds),
            refusal=refusal,
            left_out=LeftOutOfPlan.of(self.ordered.left_out),
        )

    def leave_shards(self, shards: Iterable[Shard]) -> None:
        """Leave the clusters of some shards to another run, which is at work on them."""
        for shard in shards:
            clusters = self.shards.pop(shard)
            reason = Reason.LEFT_TO_ANOTHER_RUN
            self.screened = self.screened.counting(OutcomeKind.SKIPPED, reason, clusters)

    def batches_of(
        self, clusters: Sequence[ObservedCluster], listed_at: datetime | None
    ) -> list[Batch]:
        """Put clusters that are to be looked at into rows, those of a shard and priority together.

        Counts them; a cluster is given once. `listed_at` is the storage service's time of the page.
        """
        found: defaultdict[tuple[Shard, str], list[PendingCluster]] = defaultdict(list)
        for cluster in clusters:
            word, shard = cluster.id.hash, Shard.of(cluster)
            self.shards[shard] += 1
            pending = self._pending(word, cluster, listed_at)
            found[shard, self._priority(word)].append(pending)
        return [
            Batch.new(self._next_key(shard, priority), some)
            for (shard, priority), pending in found.items()
            for some in batched(pending, CLUSTERS_A_BATCH, strict=False)
        ]

    def _next_key(self, shard: Shard, priority: str) -> str:
        self.rows += 1
        return f"{batches_of(shard, self.row.record.listing)}{priority}{self.rows:05}"

    def _priority(self, word: str) -> str:
        if word in self.given_up:
            return GIVEN_UP_LAST
        before = self.known.get(word)
        return PROTECTED_LATER if before and before.explicit else UNPROTECTED_FIRST

    def _pending(
        self, word: str, cluster: ObservedCluster, listed_at: datetime | None
    ) -> PendingCluster:
        before = self.known.get(word)
        part, update = self.given_up.get(word), self.ordered.permitted.get(word)
        given_up = part == NODE_OS
        return PendingCluster(
            self._with_asked_tags(cluster),
            unknown=before is None,
            # What is to be changed is looked at under a claim, with the write that follows.
            explicit=before is not None and before.explicit and update is None,
            listed_at=listed_at,
            given_up=given_up,
            upgrades_given_up=part is not None and not given_up,
            waiting=before is not None and before.waiting and not given_up,
            told=before.told if before else frozenset[Reason](),
            written=before.written if before else None,
            update=update,
        )

    @property
    def gone(self) -> "Gone":
        """Tell what has become of the clusters that are not among those with the feature.

        A subscription's list lags minutes behind, so one that misses a cluster proves nothing.
        """
        now = self.row.read_at
        without = {word for word in self.met - self.seen if word in self.known | self.given_up}
        absent = (self.known.keys() | self.given_up.keys()) - self.met
        since = {word: self._missing_since(word) for word in absent}
        twice = {word for word, at in since.items() if at and now - at >= MISSED_FOR}
        gone = twice | {word for word in absent if self._reason(word) == Reason.CLUSTER_GONE.value}
        back = {word for word in self.seen & self.known.keys() if self.known[word].missing_since}
        missing = {word: now for word, at in since.items() if at is None and word not in gone}
        return Gone(without | gone, {**missing, **dict.fromkeys(back)})

    def _missing_since(self, word: str) -> datetime | None:
        before = self.known.get(word)
        return before.missing_since if before else None

    def _reason(self, word: str) -> str:
        return self.known[word].reason if word in self.known else ""

    def screened_by(
        self, cluster: ObservedCluster, fresh_for: timedelta, now: datetime
    ) -> Decision | None:
        """Decide without its configurations (fresh for so long); None if they have to be read."""
        if decision := screen(cluster, self.desired, now):
            return decision
        if not_planned := self.ordered.refusal(cluster, now):
            return not_planned
        return _JUST_READ if self._is_fresh(cluster, fresh_for) else self._too_large(cluster)

    def _too_large(self, cluster: ObservedCluster) -> Decision | None:
        return left_to_the_queue(self._with_asked_tags(cluster))

    def _with_asked_tags(self, cluster: ObservedCluster) -> ObservedCluster:
        # A cluster may have more tags than a row takes; those that a rule looks at are few.
        return cluster.with_tags(self.desired.policy.asked_tags)

    def _is_fresh(self, cluster: ObservedCluster, fresh_for: timedelta) -> bool:
        """Say whether an explicit schedule was just seen, and nothing was heard since.

        An event counts from its receipt, whether or not its message has been worked on.
        """
        word = cluster.id.hash
        before = self.known.get(word)
        verified_at = before.verified_at if before else None
        if verified_at is None or self.row.read_at - verified_at >= fresh_for:
            return False
        heard_at = self.heard.get(word)
        return heard_at is None or heard_at < verified_at - CLOCKS_APART
