"""What ends a deployment, in a sentence for the person who runs it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus


class DeploymentStopped(Exception):
    """Something that a person has to mend; its text says what, and how."""


_WEATHER = {429, 500, 502, 503, 504}
_NO_ANSWER = re.compile("connection|timed out|host runtime", re.IGNORECASE)


class CallFailed(Exception):
    """`az` or an address refused one call; `code` is Azure's own, `status` that of HTTP or 0."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self.message = message
        self.status = status

    @property
    def is_absent(self) -> bool:
        """Tell whether Azure says that something is not there.

        The codes alone do not: of a role definition it is RoleDefinitionDoesNotExist.
        """
        listed = {"MissingSubscription", "RoleDefinitionDoesNotExist"}
        return self.status == HTTPStatus.NOT_FOUND or (
            not self.status and (self.code.endswith("NotFound") or self.code in listed)
        )

    @property
    def is_hidden(self) -> bool:
        """Tell whether the caller may not see it, or is of another tenant than it."""
        hidden = {"AuthorizationFailed", "InvalidAuthenticationTokenTenant"}
        return self.code in hidden or self.status == HTTPStatus.FORBIDDEN

    @property
    def passes(self) -> bool:
        """Tell whether the same call may succeed in a moment."""
        # An app's host that is not up answers through Resource Manager, which makes a 400 of it.
        is_none = not self.code or self.status == HTTPStatus.BAD_REQUEST
        return self.status in _WEATHER or (is_none and _NO_ANSWER.search(self.message) is not None)


@dataclass(frozen=True)
class Finding:
    """Something that would stop the deployment later: what it is, and what mends it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        """Say it in two lines."""
        return f"{self.what}\n    {self.remedy}"
