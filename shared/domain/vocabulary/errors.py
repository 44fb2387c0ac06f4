"""Everything that can go wrong, as one tree.

NaptimeError
 |- InvalidInput          text from outside breaks rules: of a resource id, a window, an event, ...
 |- AmbiguousWindow       the documentation leaves open when this window occurs
 |- StorageRefused        a row or message that storage never takes: too large, above all
 `- AzureError            a call to Azure failed; says whether and when to try again
     |- Throttled           429                      retryable, quick
     |- Paced               not sent: our own pace   retryable
     |- OperationInProgress 409 in progress          retryable, quick
     |- AzureUnavailable    408, 500, 502, 503, 504  retryable, quick
     |- ConnectionFailed    no (whole) answer        retryable, quick; a write may be applied
     |- AccessDenied        403                      retryable, slowly
     |- DeleteNotGranted    403 on the deletion      terminal
     |- NotAuthenticated    401                      retryable, slowly
     |   `- TokenUnavailable no token to be had       retryable, quick, then slowly
     |- ApiVersionNotServed 400, 404 of a rollout    retryable
     |- ClusterGone         404 on a read            terminal
     |- WriteTargetGone     404 on the write         retryable
     `- Rejected            400, every other 4xx     terminal
         |- DeniedByPolicy, DeniedByAssignment     403
         `- ResourceLocked, SubscriptionDisabled   409
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Self

from shared.domain.vocabulary.plain_text import LONGEST_MESSAGE, MOST_SAID, one_line, shown
from shared.domain.vocabulary.reasons import Reason


class NaptimeError(Exception):
    """The root of what this project raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: which field, its value (80 printable characters each at most), the rule."""

    field: str
    value: str
    rule: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", one_line(self.field))
        object.__setattr__(self, "value", one_line(self.value))

    def __str__(self) -> str:
        return f"{self.field} '{self.value}': {self.rule}"

    @classmethod
    def of(cls, field: str, value: object, rule: str) -> Self:
        """Describe any JSON value; objects and lists are named by kind, not shown."""
        return cls(field, shown(value), rule)


class InvalidInput(NaptimeError):
    """Text from outside that breaks rules; at least one of `problems`, and `more` that were cut.

    As a text it has a few: somebody may have broken the same rule a thousand times.
    """

    def __init__(self, problems: Iterable[Problem], more: int = 0) -> None:
        self.problems = tuple(problems)
        self.more = more
        super().__init__(self.problems, more)

    def __str__(self) -> str:
        few = self.few()
        said = "; ".join(str(problem) for problem in few.problems)
        return f"{said}; and {few.more} more" if few.more else said

    def few(self) -> Self:
        """Keep as many problems as a text has room for."""
        kept = self.problems[:MOST_SAID]
        return type(self)(kept, self.more + len(self.problems) - len(kept))

    @classmethod
    def because(cls, field: str, value: object, rule: str) -> Self:
        """Make an error of a single problem."""
        return cls([Problem.of(field, value, rule)])


class InvalidResourceId(InvalidInput):
    """Not an id of the expected kind, or with a part that the grammar does not allow."""


class InvalidWindow(InvalidInput):
    """A maintenance window that AKS would refuse; fields are paths in the ARM body."""


class InvalidEvent(InvalidInput):
    """An event that is not what Event Grid sends."""


class InvalidMessage(InvalidInput):
    """A queue message that naptime did not write."""


class InvalidPolicy(InvalidInput):
    """A policy's file that cannot be put in force; fields are places in the file."""


class InvalidSetting(InvalidInput):
    """A setting that cannot be used; the field is the environment variable's name."""


class AmbiguousWindow(NaptimeError):
    """Asked for the occurrences of a window whose documentation allows several readings."""


class StorageRefused(NaptimeError):
    """A row, a transaction or a message is not what storage takes, and never will be."""


class AzureError(NaptimeError):
    """A call to Azure that failed; `quick` says that trying again for a minute is worth it.

    `status` (None without an answer), `code` and `retry_after` (a wait) are the answer's.
    """

    reason: ClassVar[Reason]
    retryable: ClassVar[bool] = False
    quick: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        retry_after: timedelta | None = None,
    ) -> None:
        self.message = one_line(message, LONGEST_MESSAGE)
        super().__init__(self.message)
        self.status = status
        self.code = one_line(code)
        self.retry_after = retry_after


class Throttled(AzureError):
    """429: too many requests."""

    reason = Reason.THROTTLED
    retryable = True
    quick = True


class Paced(AzureError):
    """Not sent: naptime's own pace leaves no call for that shard until `retry_after`."""

    reason = Reason.PACED
    retryable = True


class OperationInProgress(AzureError):
    """409 because another operation on the cluster has not ended."""

    reason = Reason.OPERATION_IN_PROGRESS
    retryable = True
    quick = True


class AzureUnavailable(AzureError):
    """408, 500, 502, 503 or 504."""

    reason = Reason.AZURE_UNAVAILABLE
    retryable = True
    quick = True


class ConnectionFailed(AzureError):
    """No answer, or half of one: after a write it is not known whether it was applied."""

    reason = Reason.CONNECTION_FAILED
    retryable = True
    quick = True


class AccessDenied(AzureError):
    """403; a new role assignment can take minutes to arrive, so it is tried again slowly."""

    reason = Reason.ACCESS_DENIED
    retryable = True


class DeleteNotGranted(AzureError):
    """403 on a deletion: the role has that permission only by a parameter of the deployment."""

    reason = Reason.DELETE_NOT_GRANTED


class NotAuthenticated(AzureError):
    """401: the token was refused."""

    reason = Reason.NOT_AUTHENTICATED
    retryable = True


class TokenUnavailable(NotAuthenticated):
    """The identity gave no token, which it mostly does a moment later."""

    quick = True


class ClusterGone(AzureError):
    """404 on a read of the cluster or of its list of configurations."""

    reason = Reason.CLUSTER_GONE


class WriteTargetGone(AzureError):
    """404 on the write, though the cluster was there right before it: one replica lags behind."""

    reason = Reason.WRITE_TARGET_GONE
    retryable = True


class ApiVersionNotServed(AzureError):
    """The provider does not serve the call just now: AKS is being rolled out, or a cloud lags."""

    reason = Reason.API_VERSION_NOT_SERVED
    retryable = True


class Rejected(AzureError):
    """400, or any other 4xx that has no class of its own."""

    reason = Reason.REJECTED_BY_AZURE


class DeniedByPolicy(Rejected):
    """403 because of an Azure policy; whether and when somebody exempts naptime nobody knows."""

    reason = Reason.DENIED_BY_POLICY


class DeniedByAssignment(Rejected):
    """403 because of a deny assignment, which is stronger than any role."""

    reason = Reason.DENIED_BY_ASSIGNMENT


class ResourceLocked(Rejected):
    """409 because of a lock on the cluster, its resource group or its subscription."""

    reason = Reason.RESOURCE_LOCKED


class SubscriptionDisabled(Rejected):
    """The subscription is disabled, and so nothing in it can be written."""

    reason = Reason.SUBSCRIPTION_DISABLED
