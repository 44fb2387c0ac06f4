"""Everything that can go wrong, as one tree.

NaptimeError
 |- InvalidInput          text from outside breaks a rule; holds every problem found
 |   |- InvalidResourceId
 |   |- InvalidWindow
 |   |- InvalidEvent
 |   |- InvalidMessage
 |   |- InvalidPolicy
 |   `- InvalidSetting
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
     |- ClusterGone         404 on a read            terminal
     |- WriteTargetGone     404 on the write         terminal
     `- Rejected            400, every other 4xx     terminal
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Self

from shared.domain.vocabulary.plain_text import one_line, shown
from shared.domain.vocabulary.reasons import Reason


class NaptimeError(Exception):
    """The root of what this project raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: which field, its value (at most 80 printable characters), the rule."""

    field: str
    value: str
    rule: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", one_line(self.value))

    def __str__(self) -> str:
        return f"{self.field} '{self.value}': {self.rule}"

    @classmethod
    def of(cls, field: str, value: object, rule: str) -> Self:
        """Describe any JSON value; objects and lists are named by kind, not shown."""
        return cls(field, shown(value), rule)


class InvalidInput(NaptimeError):
    """Text from outside that breaks rules; `problems` holds all of them, at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join(str(problem) for problem in self.problems)

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
    """A call to Azure that failed.

    `status` is the HTTP status (None if there was no answer), `code` the error code in the body,
    `retry_after` the wait that the answer asks for. `quick` says that trying again for about a
    minute is worth it.
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
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
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
    """404 on the write."""

    reason = Reason.WRITE_TARGET_GONE


class Rejected(AzureError):
    """400, or any other 4xx that has no class of its own."""

    reason = Reason.REJECTED_BY_AZURE
