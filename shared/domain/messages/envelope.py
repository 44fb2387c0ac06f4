"""The envelope of every queue message: `{"v": 1, "work": {...}}`, compact JSON.

It is there because the Functions host lets top-level keys of a JSON message overwrite the
trigger's metadata (Azure/azure-webjobs-sdk, Utility.ApplyBindingData).
"""

import json
from collections.abc import Mapping

from shared.domain.vocabulary.errors import InvalidMessage
from shared.domain.vocabulary.fields import (
    Fields,
    NotStrictJson,
    parse_object,
    whole_number,
)

MAX_MESSAGE_BYTES = 64 * 1024
"""What Azure Queue Storage takes in one message."""

_VERSION = 1


def seal(work: Mapping[str, object]) -> str:
    """Write a message."""
    return json.dumps({"v": _VERSION, "work": work}, separators=(",", ":"))


def unseal(message: str) -> Fields:
    """Open a message; raises InvalidMessage. Problems of its envelope are among the fields'."""
    try:
        envelope = Fields(parse_object(message, MAX_MESSAGE_BYTES), "", [])
    except NotStrictJson as error:
        raise InvalidMessage.because("message", message, str(error)) from error
    envelope.refuse_unknown(("v", "work"))
    envelope.required("v", whole_number(_VERSION, _VERSION))
    work = envelope.under("work")
    if work is None:
        raise InvalidMessage(envelope.problems)
    return work
