"""Everything that naptime tells Azure Monitor, by name: log lines, custom events, metrics.

Alerts and workbooks query these names; docs/telemetry.md is this table, held to it by a test.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Line:
    """A canonical log line: `what key=value ...`, each fact also a property `naptime_{fact}`."""

    what: str
    when: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A custom event (a row of AppEvents), each fact a property `naptime_{fact}`."""

    name: str
    when: str
    facts: tuple[str, ...]


class Kind(StrEnum):
    """How a metric's points add up."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric; its dimensions have few values each, so never the id of a cluster."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    dimensions: tuple[str, ...] = ()


PROPERTY_PREFIX = "naptime_"
"""Before each fact that is a property: `name` or `message` would be fields of the record itself."""

EVENT_NAME = "microsoft.custom_event.name"
"""The attribute by which the exporter of Azure Monitor tells a custom event from a log line."""

RECONCILED = Line(
    "reconciled",
    "One cluster was reconciled; in a run, where nothing had to be done, only for debugging.",
    (
        *("clusterId", "outcome", "reason", "cause", "attempts"),
        *("calls", "dryRun", "nextStart", "detail"),
    ),
)
RUN_FINISHED = Line(
    "run finished",
    "A run has come to its end; a warning where something could not be read or was stopped.",
    (
        *("runId", "cause", "outcomes", "calls", "throttled"),
        *("unreadableSubscriptions", "stoppedShards"),
    ),
)
POISONED = Line(
    "poisoned",
    "A message failed as often as the queue delivers it and was given up; an error.",
    ("clusterId", "reason", "advice"),
)
MESSAGE_GIVEN_UP = Line(
    "message given up",
    "A message is none that naptime wrote; an error.",
    ("why",),
)
WORK_DROPPED = Line(
    "work dropped",
    "A message names a cluster that naptime may not act on (any more); a warning.",
    ("clusterId", "why"),
)
FAILED_ON_CLUSTER = Line(
    "failed on a cluster",
    "A bug: naptime failed on a cluster of a run; an error, with its stack.",
    ("clusterId", "why"),
)
CLUSTER_LEFT_OUT = Line(
    "cluster left out",
    "A subscription's list has a cluster with node auto-provisioning whose id naptime cannot read,"
    " and so cannot look after; a warning, each time that it is listed.",
    ("subscriptionId", "why"),
)
EVENT_ACCEPTED = Line(
    "event accepted",
    "An event put a cluster on the work queue.",
    ("what", "clusterId"),
)
EVENT_IGNORED = Line(
    "event ignored",
    "An event is about something else, or about naptime's own write; for debugging.",
    ("what", "clusterId"),
)
EVENT_REFUSED = Line(
    "event refused",
    "An event broke a rule and was acknowledged; a warning. Its values stay out.",
    ("why",),
)
RUN_ASKED_FOR = Line(
    "run asked for",
    "The timer asked for a run over everything.",
    ("runId", "joined"),
)
RUNS_MENDED = Line(
    "runs mended",
    "What a crash left of the runs was put right; a warning. Only what was done at all is named.",
    ("begun", "started", "listed", "batons", "closed", "dropped", "forgotten"),
)
IMAGE_AGES_READ = Line(
    "image ages read",
    "The machines of the fleet were read; a warning where a batch of subscriptions failed, or not"
    " one machine can be seen.",
    (
        *("clusters", "machines", "unknownImages", "machinesOfNoCluster", "findings", "queries"),
        *("failedBatches", "reason", "detail"),
    ),
)
NODE_IMAGE_RELEASED = Line(
    "node image released",
    "The event of a released node image has come; for debugging where nothing comes of it.",
    ("what", "location", "image", "runId", "joined"),
)
NODE_IMAGES_WATCHED = Line(
    "node images watched",
    "The node images of all locations were looked at; for debugging where nothing was new, a"
    " warning where a location could not be read.",
    ("locations", "released", "failed", "why"),
)
NODE_IMAGES_COME_FROM = Line(
    "node images come from",
    "Where the node images of a location are read from has changed; a warning unless it is the"
    " location's own list.",
    ("location", "source", "why"),
)
FAILED_ON_LOCATION = Line(
    "failed on a location",
    "A bug: naptime failed to look at the node images of a location; an error, with its stack.",
    ("location", "why"),
)
RELEASE_NOT_PUBLISHED = Line(
    "release not published yet",
    "The topic did not take the event of a released node image; it is tried again, and the run has"
    " begun; a warning.",
    ("location", "why"),
)
EVENTS_LOST = Line(
    "events lost",
    "Events could not be put on their queue; what they tell of went on; an error, with its stack.",
    ("events", "why"),
)
EVENTS_DROPPED = Line(
    "events dropped",
    "Events were waiting to be published, and there is no topic any more; a warning.",
    ("events", "why"),
)
EVENTS_GIVEN_UP = Line(
    "events given up",
    "The topic did not take events for a day, or never will; an error.",
    ("events", "why"),
)

LINES = (
    RECONCILED,
    RUN_FINISHED,
    POISONED,
    MESSAGE_GIVEN_UP,
    WORK_DROPPED,
    FAILED_ON_CLUSTER,
    CLUSTER_LEFT_OUT,
    EVENT_ACCEPTED,
    EVENT_IGNORED,
    EVENT_REFUSED,
    RUN_ASKED_FOR,
    RUNS_MENDED,
    IMAGE_AGES_READ,
    NODE_IMAGE_RELEASED,
    NODE_IMAGES_WATCHED,
    NODE_IMAGES_COME_FROM,
    FAILED_ON_LOCATION,
    RELEASE_NOT_PUBLISHED,
    EVENTS_LOST,
    EVENTS_DROPPED,
    EVENTS_GIVEN_UP,
)

CLUSTER_PROTECTED = Event(
    "Naptime.ClusterProtected",
    "ARM accepted a schedule that naptime wrote by itself; not in a dry run.",
    ("clusterId", "cause", "nextStart", "attempts", "startTime", "utcOffset", "durationHours"),
)
RUN_FINISHED_EVENT = Event(
    "Naptime.RunFinished",
    "A run has come to its end. With `scope` `Everything` and `dryRun` `False` it is the heartbeat"
    " of the sweep.",
    (
        *("runId", "cause", "scope", "dryRun", "durationSeconds", "clusters"),
        *("protected", "needsAttention", "unconfirmed", "leftOut"),
        *("calls", "throttled", "unreadableSubscriptions", "stoppedShards"),
    ),
)
WORK_GIVEN_UP = Event(
    "Naptime.WorkGivenUp",
    "Work was moved to the table `naptimegivenup`; without `clusterId` where a message names none.",
    ("clusterId", "reason", "attempts", "advice"),
)
API_WRITE_RECORDED = Event(
    "Naptime.ApiWriteRecorded",
    "Somebody wrote through the HTTP API: the audit record.",
    ("caller", "action", "clusterId", "outcome", "correlationId"),
)

EVENTS = (CLUSTER_PROTECTED, RUN_FINISHED_EVENT, WORK_GIVEN_UP, API_WRITE_RECORDED)

CLUSTERS = Metric(
    "naptime.clusters",
    Kind.GAUGE,
    "{cluster}",
    "Clusters by state at the end of a run over everything, zeros included: `Protected` (an"
    " explicit schedule, nothing wrong with it), `NeedsAttention` (a schedule that a person should"
    " look at), `Unconfirmed` (the run ended without having seen or written a schedule), `LeftOut`"
    " (not auto-provisioned, excluded, being deleted, gone).",
    ("state",),
)
OUTCOMES = Metric(
    "naptime.outcomes",
    Kind.COUNTER,
    "{outcome}",
    "Outcomes of clusters that were looked at, alone or in a run; dry runs are not counted.",
    ("outcome", "reason", "cause"),
)
UNPROTECTED = Metric(
    "naptime.unprotected",
    Kind.HISTOGRAM,
    "min",
    "Minutes that a cluster was without a schedule, for each one that naptime created outside a"
    " run: from the time of the event that said so to the accepted write; without an event, from"
    " when it was asked for, which is a lower bound. What a run creates is not in it: since when"
    " it was missing is not known, at most since the run before.",
    ("cause",),
)
EVENT_LAG = Metric(
    "naptime.event.lag",
    Kind.HISTOGRAM,
    "s",
    "Seconds from an event's own time to the end of the first look at its cluster.",
    ("cause",),
)
RUN_DURATION = Metric(
    "naptime.run.duration",
    Kind.HISTOGRAM,
    "s",
    "Seconds from asking for a run to its end, by the storage service's clock. `scope` is"
    " `Everything` or `Part`.",
    ("cause", "scope"),
)
THROTTLED = Metric(
    "naptime.throttled",
    Kind.COUNTER,
    "{answer}",
    "Answers 429 of Azure Resource Manager, AKS and Resource Graph, each one, retries included.",
)
WORK_GIVEN_UP_COUNT = Metric(
    "naptime.given_up",
    Kind.COUNTER,
    "{work}",
    "Work that was moved to the table of what was given up.",
    ("reason",),
)
UNREADABLE = Metric(
    "naptime.run.unreadable_subscriptions",
    Kind.COUNTER,
    "{subscription}",
    "Subscriptions that a run could not read.",
    ("reason",),
)
STOPPED = Metric(
    "naptime.run.stopped_shards",
    Kind.COUNTER,
    "{shard}",
    "Shards whose writes a run stopped after ten equal refusals in a row.",
    ("reason",),
)

METRICS = (
    CLUSTERS,
    OUTCOMES,
    UNPROTECTED,
    EVENT_LAG,
    RUN_DURATION,
    THROTTLED,
    WORK_GIVEN_UP_COUNT,
    UNREADABLE,
    STOPPED,
)
