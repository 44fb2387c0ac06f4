"""What a handler raises where a request is not granted; each becomes a problem."""

from collections.abc import Mapping
from datetime import timedelta

from functions.problems import (
    BODY_TOO_LARGE,
    FOREIGN_SUBSCRIPTION,
    NOT_JSON,
    TOO_MANY_RUNS,
    ProblemKind,
)
from functions.requests import BODY_LIMIT


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
        """Take its id, parsed."""
        detail = f"{subscription_id} is not in NAPTIME_SUBSCRIPTIONS"
        super().__init__(FOREIGN_SUBSCRIPTION, detail, "subscriptionId")


class TooManyRuns(RequestRefused):
    """As many runs are under way as may be."""

    def __init__(self, most: int) -> None:
        """Take how many may be."""
        wait = timedelta(minutes=1)
        super().__init__(TOO_MANY_RUNS, f"{most} runs are under way already", wait=wait)
