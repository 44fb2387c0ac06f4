"""Foreign errors, translated once: what the Azure SDK raises becomes naptime's own tree."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
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

from shared.clients.refusals.codes import BY_POLICY, KINDS, LASTING
from shared.clients.refusals.said import Said
from shared.clients.transport import http_date
from shared.domain.errors import (
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
from shared.domain.messages.work import LONGEST_RETRY_AFTER
from shared.domain.vocabulary.plain_text import LONGEST_MESSAGE, one_line
from shared.telemetry.reports import report_throttled

_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?", re.ASCII)
UNAVAILABLE = frozenset({408, 500, 502, 503, 504})
_BY_STATUS: Mapping[int, type[AzureError]] = {
    401: NotAuthenticated,
    403: AccessDenied,
    404: ClusterGone,
    # AKS answers OperationNotAllowed and EtagMismatch with it; other codes are not documented.
    409: OperationInProgress,
    429: Throttled,
}


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
    return one_line(str(error) or type(error).__name__, LONGEST_MESSAGE)


def _from_response(error: HttpResponseError, now: datetime, *, writing: bool) -> AzureError:
    status, said = error.status_code, Said.of(error)
    known = KINDS.get(status or 0, {})
    code = said.code.lower()
    kind = known.get(code) or LASTING.get(code) or _kind(error, status)
    if kind is ClusterGone and writing:
        kind = WriteTargetGone
    if issubclass(kind, Throttled):
        report_throttled()
    # Where the status alone decides, no code is unknown.
    is_unknown = bool(code and known) and code not in known.keys() | LASTING.keys()
    return kind(
        _message(said, is_unknown=is_unknown),
        status=status,
        code=said.code,
        retry_after=retry_after(error, now),
    )


def _message(said: Said, *, is_unknown: bool) -> str:
    """Put together what was said and what naptime makes of it; the former is cut to its room."""
    names = ", ".join(said.policies)
    start = f"Policy assignment {names}: " if names and said.code.lower() in BY_POLICY else ""
    end = f" (naptime does not know the code {said.code}.)" if is_unknown else ""
    return start + one_line(said.message, LONGEST_MESSAGE - len(start) - len(end)) + end


def _kind(error: HttpResponseError, status: int | None) -> type[AzureError]:
    """Judge by the status alone."""
    match status:
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
            return _BY_STATUS.get(status, Rejected)


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
        return max(http_date(value) - now, timedelta(0))
    except ValueError:
        return None


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
