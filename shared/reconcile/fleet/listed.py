"""What one listing of a subscription has found so far, and how it is written down."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched
from typing import Self

from shared.domain.deciding.observed import ObservedCluster
from shared.domain.fleet.batch import CLUSTERS_A_BATCH, Batch, PendingCluster
from shared.domain.fleet.last_known import LastKnown, Remembered
from shared.domain.fleet.run_records import SubscriptionRecord
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.tally import Tally
from shared.domain.vocabulary.errors import AzureError
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.fleet.store import Stored, batches_of

UNPROTECTED_FIRST, PROTECTED_LATER = "0", "1"


@dataclass(frozen=True, slots=True)
class Before:
    """What was known of a cluster before this listing."""

    explicit: bool
    told: frozenset[Reason]
    verified_at: datetime | None
    reason: str

    @classmethod
    def of(cls, known: Remembered) -> Self:
        """Keep of what is remembered only what matters here: there may be ten thousand."""
        reason = known.last_outcome["reason"] if known.is_known else ""
        return cls(known.explicit, known.told, known.verified_at, reason)


@dataclass(slots=True)
class Listed:
    """What one listing has found so far."""

    row: Stored[SubscriptionRecord]
    """The subscription's row, as this listing wrote it last."""
    known: dict[str, Before]
    """The clusters that are remembered, by their hashes."""
    heard: dict[str, datetime]
    """When events about clusters came last, by their hashes; only where that matters."""
    given_up: dict[str, ClusterId]
    """The clusters that were given up, by their hashes."""
    alive_at: datetime
    """When this worker's clock last said so in the row; only stretches of it are used."""
    met: set[str] = field(default_factory=set)
    """The hashes of all clusters so far; two pages may hold the same one."""
    shards: Counter[Shard] = field(default_factory=Counter)
    """How many clusters of each shard are to be looked at."""
    rows: int = 0
    """How many rows they take."""
    seen: set[str] = field(default_factory=set)
    """The hashes of all clusters with node auto-provisioning."""
    screened: Tally = field(default_factory=Tally)
    left_out: list[LastKnown] = field(default_factory=list)
    """Those of a page that naptime leaves alone, where that is new."""

    def refused(self, error: AzureError) -> Stored[SubscriptionRecord]:
        """Give the row after a page that was refused; of the pages before it only the calls count.

        Whoever lists it again finds their clusters again.
        """
        record = self.row.record
        calls = replace(record.screened, calls=self.screened.calls)
        return replace(self.row, record=replace(record, screened=calls).after_refusal(error))

    def is_new(self, cluster: ObservedCluster) -> bool:
        """Say whether a cluster is met for the first time, and remember it."""
        word = cluster.id.hash
        known = word in self.met
        self.met.add(word)
        return not known

    def batches_of(self, clusters: Sequence[ObservedCluster]) -> list[Batch]:
        """Put clusters that are to be looked at into rows, those of a shard and priority together.

        Counts them; a cluster is given once.
        """
        found: defaultdict[tuple[Shard, str], list[PendingCluster]] = defaultdict(list)
        for cluster in clusters:
            word, shard = cluster.id.hash, Shard.of(cluster)
            self.shards[shard] += 1
            found[shard, self._priority(word)].append(self._pending(word, cluster))
        return [
            Batch.new(self._next_key(shard, priority), some)
            for (shard, priority), pending in found.items()
            for some in batched(pending, CLUSTERS_A_BATCH, strict=False)
        ]

    def _next_key(self, shard: Shard, priority: str) -> str:
        self.rows += 1
        return f"{batches_of(shard, self.row.record.listing)}{priority}{self.rows:05}"

    def _priority(self, word: str) -> str:
        before = self.known.get(word)
        return PROTECTED_LATER if before and before.explicit else UNPROTECTED_FIRST

    def _pending(self, word: str, cluster: ObservedCluster) -> PendingCluster:
        before = self.known.get(word)
        told = before.told if before else frozenset[Reason]()
        return PendingCluster(cluster, given_up=word in self.given_up, told=told)
