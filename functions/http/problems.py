"""Errors of the HTTP API: RFC 9457 problems, one kind for each reason (docs/problems.md).

What a handler raises where a request is not granted; each becomes a problem.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import NotRequired, TypedDict

from msgspec import Struct

from functions.http.parts import BODY_LIMIT
from shared.domain.deciding.advice import OfferJson
from shared.domain.deciding.conditions import DifferenceJson
from shared.domain.deciding.decision import FindingJson
from shared.domain.messages.touches import LastRemovedJson
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Reason


class ProblemKind(Struct, frozen=True):
    """A reason why a request is not granted; the sentences are those of docs/problems.md."""

    reason: str
    status: int
    title: str
    advice: str

    @property
    def type(self) -> str:
        """The `type` of RFC 9457: stable, and no address, for naptime has no public host."""
        return f"urn:naptime:problem:{self.reason}"


class BrokenRuleJson(TypedDict):
    """One broken rule: the field, its value (cut short), and the rule."""

    field: str
    value: str
    rule: str


class ProblemJson(TypedDict):
    """A problem (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    reason: str
    advice: str
    correlationId: str
    field: NotRequired[str]
    problems: NotRequired[list[BrokenRuleJson]]
    azureStatus: NotRequired[int]
    azureCode: NotRequired[str]
    lastOutcome: NotRequired[dict[str, object]]
    givenUp: NotRequired[dict[str, object]]
    imageAge: NotRequired[dict[str, object]]
    lastRemoved: NotRequired[LastRemovedJson]
    etag: NotRequired[str]
    findings: NotRequired[list[FindingJson]]
    warnings: NotRequired[list[FindingJson]]
    changes: NotRequired[list[DifferenceJson]]
    offer: NotRequired[OfferJson]


INVALID_REQUEST = ProblemKind(
    "InvalidRequest",
    400,
    "Something in the request breaks a rule.",
    "Correct every field in `problems`; each comes with the rule that it breaks.",
)
FOREIGN_SUBSCRIPTION = ProblemKind(
    "ForeignSubscription",
    403,
    "The subscription is not among those that naptime may act on.",
    "Check the id, or add the subscription to `NAPTIME_SUBSCRIPTIONS`.",
)
NO_SUCH_RUN = ProblemKind(
    "NoSuchRun",
    404,
    "There is no run with this id.",
    "Take the id from `GET /api/runs`; runs are kept for about 90 days.",
)
NO_SCHEDULE = ProblemKind(
    "ScheduleMissing",
    404,
    "The cluster has no node OS schedule.",
    "Create one with `PUT`, or let naptime do it with `POST /api/reconcile`.",
)
CLUSTER_BUSY = ProblemKind(
    "ClusterBusy",
    503,
    "Somebody else, a run or another request, is at the cluster.",
    "Send the same request again after `Retry-After`; nothing was written.",
)
CONDITION_FAILED = ProblemKind(
    "ConditionFailed",
    412,
    "What is there is not in the state that `If-Match` or `If-None-Match` asks for.",
    "Read it again, decide anew, and send its `ETag` as `If-Match`.",
)
BODY_TOO_LARGE = ProblemKind(
    "BodyTooLarge",
    413,
    "The body is larger than any request of this API needs to be.",
    "Send 64 KiB at most.",
)
NOT_JSON = ProblemKind(
    "NotJson",
    415,
    "The body is said to be something other than JSON.",
    "Send `Content-Type: application/json` (curl: `--json`).",
)
TOO_MANY_RUNS = ProblemKind(
    "TooManyRuns",
    429,
    "As many runs that people asked for are under way as naptime lets be under way at once.",
    "Wait for one to finish (`GET /api/runs?state=Active`), or ask for the whole fleet in one run.",
)
INVALID_SETTING = ProblemKind(
    "InvalidSetting",
    503,
    "naptime's own settings cannot be used.",
    "Correct the app setting that the field names; nothing works until then.",
)
STORAGE_UNAVAILABLE = ProblemKind(
    "StorageUnavailable",
    503,
    "naptime's own storage does not answer just now.",
    "Come back later; if it persists, look at the storage account and naptime's roles on it.",
)

STATUS_OF_REASON: Mapping[Reason, int] = MappingProxyType(
    {
        Reason.CLUSTER_GONE: 404,
        **dict.fromkeys((Reason.ACCESS_DENIED, Reason.DENIED_BY_ASSIGNMENT), 403),
        **dict.fromkeys((Reason.OPERATION_IN_PROGRESS, Reason.SUBSCRIPTION_DISABLED), 409),
        **dict.fromkeys((Reason.THROTTLED, Reason.PACED, Reason.AZURE_UNAVAILABLE), 503),
        **dict.fromkeys((Reason.API_VERSION_NOT_SERVED, Reason.CONNECTION_FAILED), 503),
        **dict.fromkeys((Reason.NOT_AUTHENTICATED, Reason.REJECTED_BY_AZURE), 502),
    }
)
"""What an answer says where Azure refused the call that it needs."""

STATUS_OF_WRITES: Mapping[Reason, int] = MappingProxyType(
    {
        **dict.fromkeys((Reason.DELETE_NOT_GRANTED, Reason.DENIED_BY_POLICY), 403),
        Reason.WRITE_TARGET_GONE: 404,
        Reason.RESOURCE_LOCKED: 409,
    }
)
"""The same for what only a write can be refused with."""

_FORCE = (
    "Change what `findings` name, or send what `offer` holds; or send the same with `?force=true`."
)


def kind_of(reason: Reason) -> ProblemKind:
    """Give the problem for what Azure refused."""
    text = REASONS[reason]
    status = STATUS_OF_REASON.get(reason) or STATUS_OF_WRITES.get(reason, 502)
    return ProblemKind(reason.value, status, text.meaning, text.you_can)


def advised_against(reason: Reason) -> ProblemKind:
    """Give the problem for a schedule that naptime advises against."""
    return ProblemKind(reason.value, 409, REASONS[reason].meaning, _FORCE)


ASKS_AZURE = tuple(kind_of(reason) for reason in STATUS_OF_REASON)
"""The problems of every route whose answer needs a call to Azure."""
WRITES_TO_AZURE = (*ASKS_AZURE, *(kind_of(reason) for reason in STATUS_OF_WRITES))
"""The problems of every route that writes to Azure."""

ADVISED_AGAINST = tuple(
    advised_against(reason)
    for reason in (
        Reason.NOT_AUTO_PROVISIONED,
        Reason.EXCLUDED,
        Reason.EXEMPT,
        Reason.CLUSTER_DELETING,
        Reason.CLUSTER_CREATING,
        Reason.WINDOW_OPEN,
        Reason.START_TOO_SOON,
        Reason.INACTIVE_UNTIL,
        Reason.BLOCKED_BY_NOT_ALLOWED_DATES,
        Reason.INTERVAL_AMBIGUOUS,
        Reason.SCHEDULE_NOT_EXPLICIT,
        Reason.WINDOW_UNREADABLE,
    )
)
"""What a schedule is refused with that a person asks for, unless it is forced."""


class RequestRefused(Exception):
    """A request that naptime does not grant; `members` are further members of the problem."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        field: str | None = None,
        *,
        wait: timedelta | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        """Take what the problem says; `wait` is when coming back is worth it."""
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.field = field
        self.wait = wait
        self.members = members or {}


class BodyTooLarge(RequestRefused):
    """The body is longer than any request of this API needs to be."""

    def __init__(self) -> None:
        """Say how long it may be."""
        super().__init__(BODY_TOO_LARGE, f"a body holds at most {BODY_LIMIT} bytes", "body")


class NotJson(RequestRefused):
    """The body says that it is something else."""

    def __init__(self, media_type: str) -> None:
        """Take the media type, which is not repeated: it is text from outside."""
        del media_type
        super().__init__(NOT_JSON, "the body must be application/json", "Content-Type")


class ForeignSubscription(RequestRefused):
    """A subscription that naptime may not act on."""

    def __init__(self, subscription_id: str) -> None:
        detail = f"{subscription_id} is not in NAPTIME_SUBSCRIPTIONS"
        super().__init__(FOREIGN_SUBSCRIPTION, detail, "subscriptionId")


class TooManyRuns(RequestRefused):
    """As many runs are under way as may be."""

    def __init__(self, most: int) -> None:
        wait = timedelta(minutes=1)
        super().__init__(TOO_MANY_RUNS, f"{most} runs are under way already", wait=wait)
