"""Foreign errors, translated once: what the Azure SDK raises becomes naptime's own tree."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from json import JSONDecodeError

from azure.core.exceptions import AzureError as SdkError
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.domain.messages.work import LONGEST_RETRY_AFTER
from shared.domain.vocabulary.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    ClusterGone,
    ConnectionFailed,
    NotAuthenticated,
    OperationInProgress,
    Rejected,
    Throttled,
    TokenUnavailable,
    WriteTargetGone,
)
from shared.domain.vocabulary.plain_text import one_line
from shared.telemetry.reports import report_throttled

# A 409 that waiting cannot mend. Any other is taken for an operation in progress: AKS answers
# OperationNotAllowed and EtagMismatch with it, and whether there are more codes is not documented.
TERMINAL_CONFLICTS = frozenset(
    {"scopelocked", "readonlydisabledsubscription", "missingsubscriptionregistration"}
)
MESSAGE_LIMIT = 500
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?", re.ASCII)
UNAVAILABLE = frozenset({408, 500, 502, 503, 504})


@contextmanager
def translated(now: datetime, *, writing: bool = False) -> Iterator[None]:
    """Turn whatever an SDK call raises into an `AzureError` that says whether to try again.

    `now` is what an HTTP date in Retry-After is compared with; `writing` tells a 404 of a PUT,
    whose parent has gone, from that of a read.
    """
    try:
        yield
    except HttpResponseError as error:
        raise _from_response(error, now, writing=writing) from error
    except (ServiceRequestError, ServiceResponseError, IncompleteReadError, TimeoutError) as error:
        raise ConnectionFailed(_sentence(error)) from error
    except SdkError as error:
        raise AzureUnavailable(_sentence(error)) from error
    except JSONDecodeError as error:
        # A proxy's page with status 200: the SDK reads it with `response.json()`, and lets through
        # what that raises (azure-mgmt-containerservice 41.8.0, aio/operations/_operations.py).
        raise AzureUnavailable(f"The answer is not JSON: {_sentence(error)}") from error


def _sentence(error: BaseException) -> str:
    return one_line(str(error) or type(error).__name__, MESSAGE_LIMIT)


def _from_response(error: HttpResponseError, now: datetime, *, writing: bool) -> AzureError:
    status = error.status_code
    code = one_line(str(error.error.code)) if error.error and error.error.code else ""
    kind = _kind(error, status, code.lower(), writing=writing)
    if kind is Throttled:
        report_throttled()
    message = error.error.message if error.error and error.error.message else error.message
    return kind(
        one_line(message or str(error), MESSAGE_LIMIT),
        status=status,
        code=code,
        retry_after=retry_after(error, now),
    )


def _kind(  # noqa: PLR0911 - one line per row of the table
    error: HttpResponseError, status: int | None, code: str, *, writing: bool
) -> type[AzureError]:
    match status:
        case 429:
            return Throttled
        case 401:
            return NotAuthenticated
        case 403:
            return AccessDenied
        case 404:
            return WriteTargetGone if writing else ClusterGone
        case 409 if code not in TERMINAL_CONFLICTS:
            return OperationInProgress
        case None:
            # Without an answer it is the credential that failed, or a body that was cut off.
            return (
                TokenUnavailable
                if isinstance(error, ClientAuthenticationError)
                else ConnectionFailed
            )
        case _ if status in UNAVAILABLE or isinstance(error, DecodeError):
            return AzureUnavailable
        case _:
            return Rejected


def retry_after(error: HttpResponseError, now: datetime) -> timedelta | None:
    """Read the wait that an answer asks for, six hours at most; None if it asks for none.

    The queues that work waits on take a delay of seven days and refuse a longer one
    (learn.microsoft.com, put-message), and no answer may put anything to sleep for days.
    """
    wait = _asked_wait(error, now)
    return None if wait is None else min(wait, LONGEST_RETRY_AFTER)


def _asked_wait(error: HttpResponseError, now: datetime) -> timedelta | None:
    """Read Retry-After, in seconds or as an HTTP date; None if it is absent or makes no sense.

    Where it is absent a quota that is used up says the same (Resource Graph).
    """
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    value = headers.get("Retry-After", "").strip()
    if not value:
        return quota_wait(headers) or None
    if re.fullmatch(r"\d{1,7}(\.\d+)?", value, re.ASCII):
        return timedelta(seconds=float(value))
    try:
        instant = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return max(aware - now, timedelta(0))


def quota_wait(headers: Mapping[str, str]) -> timedelta:
    """Say how long to wait before another query of Resource Graph; 0 while some are left.

    15 queries in 5 seconds (MicrosoftDocs, guidance-for-throttled-requests.md); `resets-after` is
    hours, minutes and seconds.
    """
    if headers.get("x-ms-user-quota-remaining", "").strip() != "0":
        return timedelta()
    found = _TIME.fullmatch(headers.get("x-ms-user-quota-resets-after", "").strip())
    if found is None:
        return timedelta()
    hours, minutes, seconds = (int(part) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
