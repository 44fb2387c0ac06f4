"""The facts of the lines of the log, each a Struct whose fields are the facts."""

from msgspec import Struct

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.vocabulary.ids import ClusterId


class Reconciled(Struct, frozen=True, kw_only=True):
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


class RunFinished(Struct, frozen=True, kw_only=True):
    """What came of a run; `outcomes` is JSON."""

    run_id: str
    cause: str
    outcomes: str
    calls: int
    throttled: int
    unreadable_subscriptions: int
    stopped_shards: int
    crowded_starts: int


class Poisoned(Struct, frozen=True, kw_only=True):
    """What was given up, if the message says of which cluster."""

    cluster_id: ClusterId | None
    reason: str
    advice: str


class Why(Struct, frozen=True, kw_only=True):
    """The reason alone."""

    why: str


class ClusterAndWhy(Struct, frozen=True, kw_only=True):
    """Which cluster, and the reason."""

    cluster_id: ClusterId
    why: str


class SubscriptionAndWhy(Struct, frozen=True, kw_only=True):
    """Which subscription, and the reason."""

    subscription_id: str
    why: str


class LocationAndWhy(Struct, frozen=True, kw_only=True):
    """Which location, and the reason."""

    location: str
    why: str


class EventsAndWhy(Struct, frozen=True, kw_only=True):
    """How many events, and the reason."""

    events: int
    why: str


class QueueAndWhy(Struct, frozen=True, kw_only=True):
    """Of which queue a message is, its next attempt counted from 1, and the reason."""

    queue: str
    attempt: int
    why: str


class RowAndWhy(Struct, frozen=True, kw_only=True):
    """Which row of a table, and the reason."""

    partition: str
    key: str
    why: str


class EventReceived(Struct, frozen=True, kw_only=True):
    """What became of an event, and of which cluster it is, if of one."""

    what: str
    cluster_id: ClusterId | None


class RunAskedFor(Struct, frozen=True, kw_only=True):
    """The run, and whether it was under way already."""

    run_id: str
    joined: bool


class RunsMended(Struct, frozen=True, kw_only=True):
    """How much was put right; None where nothing had to be."""

    begun: int | None
    started: int | None
    listed: int | None
    batons: int | None
    closed: int | None
    dropped: int | None
    forgotten: int | None
    clocks: int | None


class ImageAgesRead(Struct, frozen=True, kw_only=True):
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


class ReleaseReceived(Struct, frozen=True, kw_only=True):
    """What became of the event of a released image: the run, if there is one."""

    what: str
    location: str | None
    image: str | None
    run_id: str | None
    joined: bool | None


class NodeImagesWatched(Struct, frozen=True, kw_only=True):
    """How many locations were looked at, with what; `why` is of the first that failed."""

    locations: int
    released: int
    failed: int
    why: str | None


class NodeImagesComeFrom(Struct, frozen=True, kw_only=True):
    """Where the images of a location are read from."""

    location: str
    source: str
    why: str | None
