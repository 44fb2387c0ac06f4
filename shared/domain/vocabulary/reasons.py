"""Why naptime decided what it decided, and why it looked: one code for each answer."""

from enum import StrEnum


class Reason(StrEnum):
    """The UpperCamel code of a finding or a failure; stable, so that alerts can name it."""

    NOT_AUTO_PROVISIONED = "NotAutoProvisioned"
    EXCLUDED = "Excluded"
    EXEMPT = "Exempt"
    CLUSTER_DELETING = "ClusterDeleting"
    CLUSTER_GONE = "ClusterGone"
    CLUSTER_CREATING = "ClusterCreating"
    SCHEDULE_MISSING = "ScheduleMissing"
    SCHEDULE_NOT_EXPLICIT = "ScheduleNotExplicit"
    WINDOW_UNREADABLE = "WindowUnreadable"
    INACTIVE_UNTIL = "InactiveUntil"
    BLOCKED_BY_NOT_ALLOWED_DATES = "BlockedByNotAllowedDates"
    LONGER_THAN_WEEKLY = "LongerThanWeekly"
    INTERVAL_AMBIGUOUS = "IntervalAmbiguous"
    NODE_OS_CHANNEL_OFF = "NodeOSChannelOff"
    KUBERNETES_UPGRADE_ANY_TIME = "KubernetesUpgradeAnyTime"
    KEEPS_BEING_REMOVED = "KeepsBeingRemoved"
    REPORT_ONLY = "ReportOnly"
    WINDOW_TAG_UNKNOWN = "WindowTagUnknown"
    EXEMPTION_EXPIRED = "ExemptionExpired"
    OFFSET_STALE = "OffsetStale"
    SCHEDULE_LET_GO = "ScheduleLetGo"
    WINDOWS_CROWDED = "WindowsCrowded"
    NODE_IMAGE_OLD = "NodeImageOld"
    NODE_IMAGE_BEYOND_SUPPORT = "NodeImageBeyondSupport"
    OUTDATED = "Outdated"
    UP_TO_DATE = "UpToDate"
    REQUESTED = "Requested"
    START_TOO_SOON = "StartTooSoon"
    WINDOW_OPEN = "WindowOpen"
    SCHEDULE_RESTORED = "ScheduleRestored"
    PUT_BACK = "PutBack"
    UPDATE_WAITS = "UpdateWaits"
    CHANGED_SINCE_PLANNED = "ChangedSincePlanned"
    NOT_IN_PLAN = "NotInPlan"
    OPERATION_IN_PROGRESS = "OperationInProgress"
    THROTTLED = "Throttled"
    PACED = "Paced"
    AZURE_UNAVAILABLE = "AzureUnavailable"
    CONNECTION_FAILED = "ConnectionFailed"
    ACCESS_DENIED = "AccessDenied"
    DELETE_NOT_GRANTED = "DeleteNotGranted"
    NOT_AUTHENTICATED = "NotAuthenticated"
    DENIED_BY_POLICY = "DeniedByPolicy"
    DENIED_BY_ASSIGNMENT = "DeniedByAssignment"
    RESOURCE_LOCKED = "ResourceLocked"
    SUBSCRIPTION_DISABLED = "SubscriptionDisabled"
    API_VERSION_NOT_SERVED = "ApiVersionNotServed"
    REJECTED_BY_AZURE = "RejectedByAzure"
    WRITE_TARGET_GONE = "WriteTargetGone"
    WRITES_STOPPED = "WritesStopped"
    RECENTLY_READ = "RecentlyRead"
    SUBSCRIPTION_LEFT_OUT = "SubscriptionLeftOut"
    LEFT_TO_ANOTHER_RUN = "LeftToAnotherRun"
    CLUSTER_ID_UNREADABLE = "ClusterIdUnreadable"
    RECORD_TOO_LARGE = "RecordTooLarge"
    POISONED = "Poisoned"


IMAGE_REASONS = frozenset({Reason.NODE_IMAGE_OLD, Reason.NODE_IMAGE_BEYOND_SUPPORT})
"""Findings about the images of a cluster's nodes; they are shown and decide nothing."""

NEEDS_ATTENTION = frozenset(
    {
        Reason.SCHEDULE_NOT_EXPLICIT,
        Reason.WINDOW_UNREADABLE,
        Reason.INACTIVE_UNTIL,
        Reason.BLOCKED_BY_NOT_ALLOWED_DATES,
        Reason.LONGER_THAN_WEEKLY,
        Reason.INTERVAL_AMBIGUOUS,
        Reason.NODE_OS_CHANNEL_OFF,
        Reason.KUBERNETES_UPGRADE_ANY_TIME,
        Reason.KEEPS_BEING_REMOVED,
        Reason.REPORT_ONLY,
        Reason.WINDOW_TAG_UNKNOWN,
        Reason.EXEMPTION_EXPIRED,
        Reason.OFFSET_STALE,
        *IMAGE_REASONS,
    }
)
"""Findings about what naptime leaves alone and a person should look at."""


def reasons_in(text: str) -> frozenset[Reason]:
    """Read reasons that are separated by commas; those that are not known (any more) are left out.

    A later version of naptime may have written the row.
    """
    return frozenset(Reason(word) for word in text.split(",") if word in Reason)


class Cause(StrEnum):
    """Why a cluster is looked at, or a run over many was started."""

    CLUSTER_WRITTEN = "ClusterWritten"
    SCHEDULE_WRITTEN = "ScheduleWritten"
    SCHEDULE_DELETED = "ScheduleDeleted"
    ASKED = "Asked"
    REPLAYED = "Replayed"
    SWEPT = "Swept"
    CLOCKS_CHANGED = "ClocksChanged"
    NODE_IMAGE_RELEASED = "NodeImageReleased"
