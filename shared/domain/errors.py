"""Everything that can go wrong, as one tree.

NaptimeError
 |- InvalidInput          text from outside breaks rules: of a resource id, a window, an event, ...
 |   `- InvalidSetting    ... of an environment variable
 |- AmbiguousWindow       the documentation leaves open when this window occurs
 |- StorageRefused        a row or message that storage never takes: too large, above all
 `- AzureError            a call to Azure failed; says whether and when to try again
     |- Throttled           429                      retryable, quick
     |   |- SubscriptionThrottled  ... of Resource Manager's own
     |   `- ReadThrottled          ... of AKS's for one cluster, or for the listing
     |- Paced               not sent: our own pace   retryable
     |   `- TooManyConflicts  ... or too many at one row of storage
     |- OperationInProgress 409 in progress          retryable, quick
     |- AzureUnavailable    408, 500, 502, 503, 504  retryable, quick
     |- ConnectionFailed    no (whole) answer        retryable, quick; a write may be applied
     |- DeleteNotGranted    403 on the deletion      terminal
     |- AccessDenied, NotAuthenticated 403 and 401   retryable, slowly; no token at first quickly
     |- ApiVersionNotServed 400, 404 of a rollout    retryable
     |- ClusterGone         404 on a read            terminal
     |- WriteTargetGone     404 on the write         retryable
     `- Rejected            400, every other 4xx     terminal; and by its code why

The first two are in `vocabulary/invalid.py`: whoever reads text needs them, and nothing of Azure.
"""

from datetime import timedelta
from typing import ClassVar

from shared.domain.vocabulary.invalid import InvalidInput, NaptimeError
from shared.domain.vocabulary.plain_text import LONGEST_MESSAGE, one_line
from shared.domain.vocabulary.reasons import Reason


class InvalidSetting(InvalidInput):
    """A setting that cannot be used; the field is the environment variable's name."""


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


class Passing(AzureError):
    """What is mostly over within a minute."""

    retryable = True
    quick = True


class Throttled(Passing):
    """429: too many requests."""

    reason = Reason.THROTTLED


class SubscriptionThrottled(Throttled):
    """429 of Resource Manager's own limit, which is that of the whole subscription."""


class ReadThrottled(Throttled):
    """429 of AKS's own limit for reading this one cluster, or for listing: it names nothing else.

    Whoever reads a cluster often enough uses that limit up for everybody.
    """


class Paced(AzureError):
    """Not sent: naptime's own pace leaves no call for that shard until `retry_after`."""

    reason = Reason.PACED
    retryable = True


AGAIN_AFTER_CONFLICTS = timedelta(seconds=2)


class TooManyConflicts(Paced):
    """A row was changed by others each time: too many want it at once; worth asking again soon."""

    def __init__(self, what: str) -> None:
        """Take the row's key, or whatever else was wanted."""
        super().__init__(f"Too many want {what} at once.", retry_after=AGAIN_AFTER_CONFLICTS)


class OperationInProgress(Passing):
    """409 because another operation on the cluster has not ended."""

    reason = Reason.OPERATION_IN_PROGRESS


class AzureUnavailable(Passing):
    """408, 500, 502, 503 or 504."""

    reason = Reason.AZURE_UNAVAILABLE


class ConnectionFailed(Passing):
    """No answer, or half of one: after a write it is not known whether it was applied."""

    reason = Reason.CONNECTION_FAILED


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
