"""Every line of the log, by name: alerts and workbooks query these names.

docs/telemetry.md is this table, held to it by a test.
"""

import logging

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.images.known_image import ImageSource
from shared.telemetry import facts
from shared.telemetry.log import BugLine, Line

DEBUG, INFO, WARNING, ERROR = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR


def level_of_one(one: facts.Reconciled) -> int:
    """Say how loud the outcome of a cluster is."""
    return {OutcomeKind.DEFERRED: WARNING, OutcomeKind.FAILED: ERROR}.get(one.outcome, INFO)


def level_in_run(one: facts.Reconciled) -> int:
    """Say the same of a cluster in a run: ten thousand that needed nothing are as many lines."""
    quiet = one.outcome in {OutcomeKind.UNCHANGED, OutcomeKind.SKIPPED}
    return DEBUG if quiet else level_of_one(one)


def _level_of_run(run: facts.RunFinished) -> int:
    return WARNING if run.unreadable_subscriptions or run.stopped_shards else INFO


def _level_of_ages(read: facts.ImageAgesRead) -> int:
    return WARNING if read.failed_batches or read.detail else INFO


def _level_of_release(received: facts.ReleaseReceived) -> int:
    return INFO if received.run_id else DEBUG


def _level_of_watch(watched: facts.NodeImagesWatched) -> int:
    if watched.failed:
        return WARNING
    return INFO if watched.released else DEBUG


def _level_of_source(found: facts.NodeImagesComeFrom) -> int:
    return INFO if found.source == ImageSource.LOCATION else WARNING


RECONCILED = Line(
    "reconciled",
    facts.Reconciled,
    level_of_one,
    "One cluster was reconciled; a deferral is a warning, a failure an error. In a run, where"
    " nothing had to be done, only for debugging.",
)
RECONCILED_IN_RUN = Line(RECONCILED.what, facts.Reconciled, level_in_run, RECONCILED.when)
RUN_FINISHED = Line(
    "run finished",
    facts.RunFinished,
    _level_of_run,
    "A run has come to its end; a warning where something could not be read or was stopped.",
)
POISONED = Line(
    "poisoned",
    facts.Poisoned,
    ERROR,
    "A message failed as often as the queue delivers it and was given up.",
)
MESSAGE_GIVEN_UP = Line(
    "message given up",
    facts.Why,
    ERROR,
    "A message is none that naptime wrote.",
)
MESSAGE_HELD_BACK = Line(
    "message held back",
    facts.QueueAndWhy,
    WARNING,
    "Storage is in trouble or a setting is refused: the message comes back later, for a day.",
)
ROW_LEFT_ALONE = Line(
    "row left alone",
    facts.RowAndWhy,
    WARNING,
    "A row of a table makes no sense to this version: a later one, or somebody else, has written"
    " it. It stays as it is.",
)
WORK_DROPPED = Line(
    "work dropped",
    facts.ClusterAndWhy,
    WARNING,
    "A message names a cluster that naptime may not act on (any more).",
)
FAILED_ON_CLUSTER = BugLine(
    "failed on a cluster",
    facts.ClusterAndWhy,
    "A bug: naptime failed on a cluster of a run.",
)
CLUSTER_LEFT_OUT = Line(
    "cluster left out",
    facts.SubscriptionAndWhy,
    WARNING,
    "A subscription's list has a cluster with node auto-provisioning whose id naptime cannot read,"
    " and so cannot look after; each time that it is listed.",
)
EVENT_ACCEPTED = Line(
    "event accepted",
    facts.EventReceived,
    INFO,
    "An event put a cluster on the work queue.",
)
EVENT_IGNORED = Line(
    "event ignored",
    facts.EventReceived,
    DEBUG,
    "An event is about something else, or about naptime's own write.",
)
EVENT_REFUSED = Line(
    "event refused",
    facts.Why,
    WARNING,
    "An event broke a rule and was acknowledged. Its values stay out.",
)
RUN_ASKED_FOR = Line(
    "run asked for",
    facts.RunAskedFor,
    INFO,
    "The timer asked for a run over everything.",
)
RUNS_MENDED = Line(
    "runs mended",
    facts.RunsMended,
    WARNING,
    "What a crash left of the runs was put right, or one was asked for where clocks change. Only"
    " what was done at all is named.",
)
IMAGE_AGES_READ = Line(
    "image ages read",
    facts.ImageAgesRead,
    _level_of_ages,
    "The machines of the fleet were read; a warning where a batch of subscriptions failed, or not"
    " one machine can be seen.",
)
NODE_IMAGE_RELEASED = Line(
    "node image released",
    facts.ReleaseReceived,
    _level_of_release,
    "The event of a released node image has come; for debugging where nothing comes of it.",
)
NODE_IMAGES_WATCHED = Line(
    "node images watched",
    facts.NodeImagesWatched,
    _level_of_watch,
    "The node images of all locations were looked at; for debugging where nothing was new, a"
    " warning where a location could not be read.",
)
NODE_IMAGES_COME_FROM = Line(
    "node images come from",
    facts.NodeImagesComeFrom,
    _level_of_source,
    "Where the node images of a location are read from has changed; a warning unless it is the"
    " location's own list.",
)
FAILED_ON_LOCATION = BugLine(
    "failed on a location",
    facts.LocationAndWhy,
    "A bug: naptime failed to look at the node images of a location.",
)
RELEASE_NOT_PUBLISHED = Line(
    "release not published yet",
    facts.LocationAndWhy,
    WARNING,
    "The topic did not take the event of a released node image; it is tried again, and the run has"
    " begun.",
)
EVENTS_LOST = BugLine(
    "events lost",
    facts.EventsAndWhy,
    "Events could not be put on their queue; what they tell of went on.",
)
EVENTS_DROPPED = Line(
    "events dropped",
    facts.EventsAndWhy,
    WARNING,
    "Events were waiting to be published, and there is no topic any more.",
)
EVENTS_GIVEN_UP = Line(
    "events given up",
    facts.EventsAndWhy,
    ERROR,
    "The topic did not take events for a day, or never will.",
)

LINES = (
    RECONCILED,
    RUN_FINISHED,
    POISONED,
    MESSAGE_GIVEN_UP,
    MESSAGE_HELD_BACK,
    ROW_LEFT_ALONE,
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
