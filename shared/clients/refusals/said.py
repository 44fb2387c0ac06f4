"""What the body of a refusal says: its code, its sentence, and the policies behind it.

AKS answers flat, Resource Manager wrapped in `error`; the SDK reads neither where a member that
nobody needs is null (azure-mgmt-core 1.6.0, ARMErrorFormat), so this reads loosely.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Self

from azure.core.exceptions import HttpResponseError
from msgspec import Struct

from shared.domain.vocabulary.fields import object_in, object_or_empty, text_in
from shared.domain.vocabulary.plain_text import one_line

# Three forms: names in additionalInfo, JSON in the message, or only ids in it
# (learn.microsoft.com, error-policy-requestdisallowedbypolicy).
_IN_MESSAGE = re.compile(r"'(\[.{1,8000}\])'", re.DOTALL)
_ID = re.compile(r"/policy(?:Assignments|Definitions)/([^/'\",\\\s\]]{1,128})", re.IGNORECASE)
_MOST_NAMED = 3


class Said(Struct, frozen=True):
    """The code (empty if there is none), the sentence, and up to three names of policies."""

    code: str
    message: str
    policies: tuple[str, ...] = ()

    @classmethod
    def of(cls, error: HttpResponseError) -> Self:
        """Read what an error says; where its body says nothing, the SDK's own sentence."""
        body = _body_of(error)
        message = text_in(body, "message") or error.message or str(error)
        names = dict.fromkeys(one_line(name) for name in _policies(body, message) if name)
        return cls(one_line(text_in(body, "code") or ""), message, tuple(names)[:_MOST_NAMED])


def _body_of(error: HttpResponseError) -> Mapping[str, object]:
    try:
        body = object_or_empty(json.loads(error.response.text())) if error.response else {}
    except (ValueError, RecursionError):
        return {}
    return object_in(body, "error") or body


def _policies(body: Mapping[str, object], message: str) -> Iterator[str | None]:
    """Yield the names of assignments as people know them, or whatever comes nearest to that."""
    typed = body.get("additionalInfo")
    for found in typed if isinstance(typed, list) else ():
        info = object_in(object_or_empty(found), "info")
        shown = text_in(info, "policyAssignmentDisplayName")
        yield shown or text_in(info, "policyAssignmentName")
    written = _IN_MESSAGE.search(message)
    yield from (written and [*_in_json(written[1])]) or _ID.findall(message)


def _in_json(text: str) -> Iterator[str | None]:
    try:
        identifiers = json.loads(text)
    except (ValueError, RecursionError):
        return
    for each in identifiers:
        yield text_in(object_in(object_or_empty(each), "policyAssignment"), "name")
