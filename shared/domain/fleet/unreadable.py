"""Subscriptions that cannot be read: why, since when, and when they are tried next."""

import json
from copy import replace
from datetime import datetime, timedelta
from typing import Self, TypedDict

from msgspec import Struct

from shared.domain.errors import AzureError
from shared.domain.fleet.run import Run, RunScope
from shared.domain.messages.work import LONGEST_RETRY_AFTER, PATIENCE
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.vocabulary.rows import Row, Value, without_none

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(minutes=30)


class UnreadableJson(TypedDict):
    """A subscription that could not be read (to its end), why, and what to do.

    `since` is when it was refused first, `nextTryAt` when it is tried next by itself (both UTC);
    null where it is not.
    """

    subscriptionId: str
    reason: str
    message: str
    advice: str
    azureCode: str | None
    since: str | None
    nextTryAt: str | None


class Refusal(Struct, frozen=True):
    """Why a subscription could not be read, with Azure's code."""

    reason: Reason
    message: str
    code: str = ""
    since: datetime | None = None
    next_try_at: datetime | None = None

    @classmethod
    def of_error(
        cls, error: AzureError, since: datetime, next_try_at: datetime | None = None
    ) -> Self:
        """Take what Azure said."""
        return cls(error.reason, error.message, error.code, since, next_try_at)

    def to_values(self) -> dict[str, Value]:
        """Give its values in a row."""
        return without_none(
            {
                "reason": self.reason.value,
                "message": self.message,
                "azureCode": self.code,
                "since": self.since,
                "nextTryAt": self.next_try_at,
            }
        )

    @classmethod
    def of(cls, row: Row) -> "Refusal | None":
        """Read it from a row; None if there is none."""
        if not row.text("reason"):
            return None
        return cls(
            Reason(row.text("reason")),
            row.text("message"),
            row.text("azureCode"),
            row.instant("since"),
            row.instant("nextTryAt"),
        )

    def to_json(self, subscription_id: str) -> UnreadableJson:
        """Give it as the HTTP API shows it."""
        return {
            "subscriptionId": subscription_id,
            "reason": self.reason.value,
            "message": self.message,
            "advice": REASONS[self.reason].you_can,
            "azureCode": self.code or None,
            "since": instants.to_text(self.since) if self.since else None,
            "nextTryAt": next_try_text(self),
        }


def next_try_text(refusal: Refusal | None) -> str | None:
    """Say when a subscription is tried next; None where it is not."""
    at = refusal.next_try_at if refusal else None
    return instants.to_text(at) if at else None


class Waiting(Struct, frozen=True):
    """A subscription that is tried again until it can be read, and the run that follows then."""

    cause: Cause
    scope: RunScope
    refusal: Refusal
    since: datetime
    next_try_at: datetime
    attempt: int = 1

    @classmethod
    def of_run(cls, run: Run, subscription_id: str, error: AzureError, now: datetime) -> Self:
        """Begin to wait for a subscription that a run was refused."""
        scope = replace(run.scope, subscription_id=subscription_id)
        next_try_at = now + delay_before(1, error.retry_after)
        refusal = Refusal.of_error(error, now, next_try_at)
        return cls(run.cause, scope, refusal, now, next_try_at)

    def again(self, error: AzureError, now: datetime, jitter: float) -> "Waiting":
        """Give it after another refusal; `jitter` is from 0 to 1."""
        attempt = self.attempt + 1
        next_try_at = now + delay_before(attempt, error.retry_after) * (1 + jitter / 4)
        refusal = Refusal.of_error(error, self.since, next_try_at)
        return replace(self, attempt=attempt, refusal=refusal, next_try_at=next_try_at)

    def is_spent(self, now: datetime) -> bool:
        """Say whether the patience for it has run out."""
        return now - self.since >= PATIENCE

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row."""
        scope = json.dumps(self.scope.to_json(), separators=(",", ":"))
        return {
            **self.refusal.to_values(),
            "cause": self.cause.value,
            "scope": scope,
            "since": self.since,
            "nextTryAt": self.next_try_at,
            "attempt": self.attempt,
        }

    @classmethod
    def of(cls, row: Row) -> "Waiting | None":
        """Read a row; None if it is none of these."""
        refusal, since, next_try_at = (
            Refusal.of(row),
            row.instant("since"),
            row.instant("nextTryAt"),
        )
        if refusal is None or since is None or next_try_at is None:
            return None
        scope = RunScope.from_json(json.loads(row.text("scope")))
        return cls(
            Cause(row.text("cause")), scope, refusal, since, next_try_at, row.whole("attempt")
        )


def delay_before(attempt: int, retry_after: timedelta | None) -> timedelta:
    """Say how long to wait before an attempt, counted from 1: a minute, doubling up to 30.

    What Azure asks for is the lower bound, up to 6 hours.
    """
    doubled = min(FIRST_DELAY * (1 << min(attempt - 1, 10)), LONGEST_DELAY)
    return max(doubled, min(retry_after or timedelta(), LONGEST_RETRY_AFTER))
