"""The envelope of every queue message: `{"v": 1, "work": {...}}`, compact JSON.

It is there because the Functions host lets top-level keys of a JSON message overwrite the
trigger's metadata (Azure/azure-webjobs-sdk, Utility.ApplyBindingData).
"""

import json
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from shared.domain.vocabulary import instants
from shared.domain.vocabulary.fields import (
    Fields,
    NotStrictJson,
    an_instant,
    parse_object,
    whole_number,
)
from shared.domain.vocabulary.invalid import InvalidMessage

MAX_MESSAGE_BYTES = 64 * 1024
"""What Azure Queue Storage takes in one message."""

MOST_ATTEMPTS = 1_000_000
_VERSION = 1
_HELD = "held"


def seal(work: Mapping[str, object]) -> str:
    return _compact({"v": _VERSION, "work": work})


def unseal(message: str) -> Fields:
    """Open a message; raises InvalidMessage. Problems of its envelope are among the fields'."""
    envelope = Fields(_opened(message), "", [])
    envelope.refuse_unknown(("v", "work", _HELD))
    envelope.required("v", whole_number(_VERSION, _VERSION))
    work = envelope.under("work")
    if work is None:
        raise InvalidMessage(envelope.problems)
    return work


class HeldBack(Struct, frozen=True):
    """A message that trouble around naptime keeps from being worked on, for its next delivery.

    `since` (UTC) is when the work was asked for, or where it does not say so when it was held back
    first; `attempt` counts from 1.
    """

    text: str
    since: datetime
    attempt: int

    def to_message(self) -> str:
        return self.text


def hold_back(message: str, now: datetime, inserted_at: datetime | None = None) -> HeldBack:
    """Make the message of the next attempt; raises InvalidMessage for what is no message at all.

    Work that counts its own attempts goes on counting, so that all trouble together lasts for one
    patience; of other work the envelope counts. `inserted_at` is when the queue took it in.
    """
    envelope = _opened(message)
    work = Fields(envelope, "", []).under("work")
    if work is None:
        raise InvalidMessage.because("work", None, "is required")
    body = dict(work.body)
    since, attempt = work.loose("askedAt", an_instant), _attempt(work)
    if since is not None and attempt is not None:
        if inserted_at is not None and "since" in body:
            body["since"] = body["since"] or instants.to_text(inserted_at)
        text = _compact({**envelope, "work": {**body, "attempt": attempt + 1}})
        return HeldBack(text, since, attempt + 1)
    held = Fields(envelope, "", []).loose_under(_HELD)
    since, attempt = held.loose("since", an_instant) or now, (_attempt(held) or 1) + 1
    counted = {"since": instants.to_text(since), "attempt": attempt}
    return HeldBack(_compact({**envelope, _HELD: counted}), since, attempt)


def _attempt(fields: Fields) -> int | None:
    return fields.loose("attempt", whole_number(1, MOST_ATTEMPTS))


def _opened(message: str) -> dict[str, object]:
    try:
        return parse_object(message, MAX_MESSAGE_BYTES)
    except NotStrictJson as error:
        raise InvalidMessage.because("message", message, str(error)) from error


def _compact(body: Mapping[str, object]) -> str:
    return json.dumps(body, separators=(",", ":"))
