"""Who made a call that an event is about: the id of an application or of an object, never a name.

Claims are those of the caller's token, some under the long names that the activity log gives them.
They hold names and addresses as well, which are not read.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import Struct

from shared.domain.vocabulary.ids import is_guid

_CLAIMS = "http://schemas.microsoft.com/identity/claims/"
_APPLICATION = ("appid",)
_OBJECT_ID = ("oid", f"{_CLAIMS}objectidentifier")
# A token that somebody has signed in for has a scope; an application's own has none.
_SCOPE = ("scp", f"{_CLAIMS}scope")


class CallerKind(StrEnum):
    """Of what the id is: an application, or an object of the tenant, such as a person."""

    APPLICATION = "application"
    OBJECT = "object"


class EventCaller(Struct, frozen=True):
    """Who it was, by an id in lower case."""

    id: str
    kind: CallerKind

    def __str__(self) -> str:
        return f"{self.kind.value} {self.id}"


def caller_in(claims: Mapping[str, object]) -> EventCaller | None:
    """Give the caller; None if the claims do not say.

    Where a person has signed in, the application is only the tool (`az` has the same id for
    everybody), and the object is the person.
    """
    application, object_id = _id(claims, _APPLICATION), _id(claims, _OBJECT_ID)
    signed_in = bool(_given(claims, _SCOPE))
    if application and not (signed_in and object_id):
        return EventCaller(application, CallerKind.APPLICATION)
    return EventCaller(object_id, CallerKind.OBJECT) if object_id else None


def _id(claims: Mapping[str, object], names: Collection[str]) -> str | None:
    """Give the one id that these claims name; what they disagree on is nobody's."""
    found = {value.lower() for value in _given(claims, names) if is_guid(value)}
    return found.pop() if len(found) == 1 else None


def _given(claims: Mapping[str, object], names: Collection[str]) -> list[str]:
    return [
        value
        for name, value in claims.items()
        if str(name).lower() in names and isinstance(value, str)
    ]
