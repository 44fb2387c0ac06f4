"""Some clusters of a shard in one table row: what a run has yet to look at, and what came of it.

One row for many, because a row of a transaction costs the SDK's client half a millisecond of
processor time whatever is in it (docs/decisions/0018-clusters-in-batches.md).
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from copy import replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Self, cast

from msgspec import Struct

from shared.domain.deciding.decision import Action, Decision, Finding
from shared.domain.deciding.last_outcome import LONGEST_OUTCOME, LastOutcomeJson
from shared.domain.deciding.observed import ObservedCluster
from shared.domain.deciding.written import Written
from shared.domain.updates.plan import Planned, PlannedJson
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import from_text, to_text
from shared.domain.vocabulary.reasons import Reason, reasons_in
from shared.domain.vocabulary.rows import Row, Value, Values

CLUSTERS_A_BATCH = 25
"""With `LONGEST_OUTCOME` characters each they fit into a row: it takes 1 MiB, two bytes each."""

_TOO_LARGE = Decision(
    Action.DEFER,
    (
        Finding(
            Reason.RECORD_TOO_LARGE,
            "A run has no room for its tags that the policy asks for; the queue reads it anew.",
        ),
    ),
)

COLUMN = "c[0-9]{2}"
"""What a column's name looks like."""

_PENDING = "pending"
_OUTCOME, _REASON = "outcome_", "reason_"

type Json = dict[str, object]


class Place(NamedTuple):
    """Where a cluster is: the key of the row, and its column in it."""

    batch: str
    column: str


class PendingCluster(Struct, frozen=True):
    """A cluster that a run has to look at: all that deciding needs, so that it need not be read."""

    cluster: ObservedCluster
    attempts: int = 0
    unknown: bool = False
    """Whether nothing was remembered of it when it was listed."""
    explicit: bool = False
    """Whether an explicit schedule was seen before, so that probably nothing is to be written."""
    listed_at: datetime | None = None
    """When it was listed, by the storage service's clock; None in a row of the version before."""
    given_up: bool = False
    """Whether it is among what was given up, and is to be forgotten there once it works."""
    upgrades_given_up: bool = False
    """Whether its schedule of Kubernetes upgrades is instead."""
    sent: bool = False
    """Whether a write was sent that nothing was heard of."""
    waiting: bool = False
    """Whether a message on the queue of clusters has patience with it already."""
    told: frozenset[Reason] = frozenset()
    """The findings that were told of it before, and were there when it was last read."""
    written: Written | None = None
    """What naptime wrote for it and has not let go, as far as was known when it was listed."""
    update: Planned | None = None
    """What the run may change its schedule to; None where it changes none that is there."""

    def to_json(self) -> Json:
        return {
            "clusterId": str(self.cluster.id),
            "attempts": self.attempts,
            "unknown": self.unknown,
            "explicit": self.explicit,
            "listedAt": to_text(self.listed_at) if self.listed_at else None,
            "givenUp": self.given_up,
            "upgradesGivenUp": self.upgrades_given_up,
            "sent": self.sent,
            "waiting": self.waiting,
            "told": ",".join(sorted(self.told)),
            "written": self.written.to_json() if self.written else None,
            "update": self.update.to_json() if self.update else None,
            **self.cluster.to_json(),
        }

    @classmethod
    def of(cls, body: Mapping[str, object]) -> Self:
        listed_at, update = body.get("listedAt"), body.get("update")
        written = body.get("written")
        return cls(
            ObservedCluster.from_json(ClusterId.parse(str(body["clusterId"])), body),
            attempts=int(str(body["attempts"])),
            unknown=body.get("unknown") is True,
            explicit=body.get("explicit") is True,
            listed_at=from_text(str(listed_at)) if listed_at else None,
            given_up=body["givenUp"] is True,
            upgrades_given_up=body.get("upgradesGivenUp") is True,
            sent=body["sent"] is True,
            waiting=body.get("waiting") is True,
            told=reasons_in(str(body["told"])),
            written=Written.from_json(cast("Json", written)) if written else None,
            update=Planned.from_json(cast("PlannedJson", update)) if update else None,
        )


def left_to_the_queue(cluster: ObservedCluster) -> Decision | None:
    """Leave a cluster out of a run whose rows have no room for it; None for all but a few."""
    return _TOO_LARGE if len(_to_text(PendingCluster(cluster))) > LONGEST_OUTCOME else None


class SettledCluster(Struct, frozen=True):
    """A cluster that a run is done with: its outcome, as the HTTP API shows it."""

    shown: LastOutcomeJson

    def to_json(self) -> Json:
        return {"shown": self.shown}

    @classmethod
    def of(cls, body: Mapping[str, object]) -> Self:
        return cls(cast("LastOutcomeJson", body["shown"]))


type BatchedCluster = PendingCluster | SettledCluster


class Batch(Struct, frozen=True, dict=True):
    """One row with its clusters, by their columns."""

    key: str
    clusters: Mapping[str, BatchedCluster]

    @classmethod
    def new(cls, key: str, clusters: Iterable[PendingCluster]) -> Self:
        """Make the row of up to `CLUSTERS_A_BATCH` clusters."""
        return cls(key, {f"c{number:02}": cluster for number, cluster in enumerate(clusters)})

    @classmethod
    def of(cls, row: Row) -> Self:
        columns = sorted(name for name in row.values if _is_column(name))
        return cls(row.key, {name: _from_text(row.text(name)) for name in columns})

    @cached_property
    def pending(self) -> Mapping[str, PendingCluster]:
        """The clusters that have yet to be settled."""
        return _of_kind(self.clusters, PendingCluster)

    @cached_property
    def settled(self) -> Mapping[str, SettledCluster]:
        """The clusters that the run is done with."""
        return _of_kind(self.clusters, SettledCluster)

    def changed(self, clusters: Mapping[str, BatchedCluster]) -> "Batch":
        """Give the batch with some of its clusters changed."""
        return replace(self, clusters={**self.clusters, **clusters})

    def to_values(self, columns: Collection[str] | None = None) -> dict[str, Value]:
        """Give the values of the row; with some columns, those that a change of them changes."""
        some = {
            name: self.clusters[name] for name in (self.clusters if columns is None else columns)
        }
        texts: dict[str, Value] = {name: _to_text(cluster) for name, cluster in some.items()}
        settled = [each for each in some.values() if isinstance(each, SettledCluster)]
        return {
            **texts,
            **{name: True for each in settled for name in _marks(each)},
            _PENDING: bool(self.pending),
        }


STILL_PENDING: Values = {_PENDING: True}
"""What the rows have in common that hold a cluster that has yet to be settled."""


def having(outcome: str | None, reason: str | None) -> dict[str, Value]:
    """Give what the rows have in common that may hold a cluster with that outcome and reason."""
    marks = [_OUTCOME + outcome] if outcome else []
    marks += [_REASON + reason] if reason else []
    return dict.fromkeys(marks, True)


def _of_kind[T](clusters: Mapping[str, BatchedCluster], kind: type[T]) -> dict[str, T]:
    return {column: cluster for column, cluster in clusters.items() if isinstance(cluster, kind)}


def _marks(cluster: SettledCluster) -> tuple[str, str]:
    """Name what the service can find the row by, as it cannot look into texts."""
    return _OUTCOME + cluster.shown["outcome"], _REASON + cluster.shown["reason"]


def _is_column(name: str) -> bool:
    return re.fullmatch(COLUMN, name) is not None


def _to_text(cluster: BatchedCluster) -> str:
    return json.dumps(cluster.to_json(), separators=(",", ":"))


def _from_text(text: str) -> BatchedCluster:
    body = json.loads(text)
    return SettledCluster.of(body) if "shown" in body else PendingCluster.of(body)
