"""Who asks over HTTP, as far as it can be believed, and the word that ties everything together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from shared.domain.cluster_id import is_guid
from shared.domain.plain_text import one_line

NAME_LIMIT = 120
FUNCTION_KEY = "function key"

CORRELATION_HEADER = "x-correlation-id"
_CORRELATION_HEADERS = ("x-ms-client-request-id", CORRELATION_HEADER)


class CallerJson(TypedDict):
    """Who asks; without Entra ID in front all that is known is that they have a key."""

    name: str
    id: str | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a name for people, and the id of the identity if there is one."""

    name: str = FUNCTION_KEY
    id: str | None = None

    def to_json(self) -> CallerJson:
        """Give it as the HTTP API shows it."""
        return {"name": self.name, "id": self.id}


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, and the GUID of what is asked (in lower case)."""

    caller: Caller
    correlation_id: str


def read_caller(headers: Mapping[str, str], *, entra: bool) -> Caller:
    """Read who asks from headers, names in lower case.

    Only with App Service authentication on (`entra`) does the platform set the principal's headers
    and strip forged ones (MicrosoftDocs/azure-docs, configure-authentication-user-identities.md);
    without it anybody with a key could write any name there.
    """
    if not entra:
        return Caller()
    name, identity = (
        one_line(headers.get(f"x-ms-client-principal-{part}", "").strip(), NAME_LIMIT)
        for part in ("name", "id")
    )
    # A path can be left out of the sign-in; then there is no principal.
    return Caller(name or identity or FUNCTION_KEY, identity or None)


def read_correlation_id(headers: Mapping[str, str]) -> str | None:
    """Read the caller's own id for the request, a GUID, in lower case; None if it gives none."""
    given = (headers.get(name, "").strip() for name in _CORRELATION_HEADERS)
    return next((value.lower() for value in given if is_guid(value)), None)
