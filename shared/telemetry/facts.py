"""The facts of the lines of the log, each a dataclass whose fields are the facts."""

from dataclasses import dataclass

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.vocabulary.ids import ClusterId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What came of one cluster; `next_start` in ISO 8601."""

    cluster_id: ClusterId
    outcome: OutcomeKind
    reason: str
    cause: str
    attempts: int
    calls: int
    dry_run: bool
    next_start: str | None
    azure_code: str | None
    rule: str | None
    policy_hash: str | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """What came of a run; `outcomes` is JSON."""

    run_id: str
    cause: str
    outcomes: str
    calls: int
    throttled: int
    unreadable_subscriptions: int
    stopped_shards: int
    crowded_starts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisoned:
    """What was given up, if the message says of which cluster."""

    cluster_id: ClusterId | None
    reason: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The reason alone."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAndWhy:
    """Which cluster, and the reason."""

    cluster_id: ClusterId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionAndWhy:
    """Which subscription, and the reason."""

    subscription_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationAndWhy:
    """Which location, and the reason."""

    location: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsAndWhy:
    """How many events, and the reason."""

    events: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAndWhy:
    """Of which queue a message is, its next attempt counted from 1, and the reason."""

    queue: str
    attempt: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAndWhy:
    """Which row of a table, and the reason."""

    partition: str
    key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReceived:
    """What became of an event, and of which cluster it is, if of one."""

    what: str
    cluster_id: ClusterId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAskedFor:
    """The run, and whether it was under way already."""

    run_id: str
    joined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsMended:
    """How much was put right; None where nothing had to be."""

    begun: int | None
    started: int | None
    listed: int | None
    batons: int | None
    closed: int | None
    dropped: int | None
    forgotten: int | None
    clocks: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAgesRead:
    """What a reading of all machines found; `findings` is JSON."""

    clusters: int
    machines: int
    unknown_images: int
    machines_of_no_cluster: int
    findings: str
    queries: int
    failed_batches: int
    reason: str | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReceived:
    """What became of the event of a released image: the run, if there is one."""

    what: str
    location: str | None
    image: str | None
    run_id: str | None
    joined: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeImagesWatched:
    """How many locations were looked at, with what; `why` is of the first that failed."""

    locations: int
    released: int
    failed: int
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeImagesComeFrom:
    """Where the images of a location are read from."""

    location: str
    source: str
    why: str | None
