"""What ends a deployment, in a sentence for the person who runs it."""

from __future__ import annotations

from dataclasses import dataclass


class DeploymentStopped(Exception):
    """Something that a person has to mend; its text says what, and how."""


class CallFailed(Exception):
    """`az` or an address refused one call; `code` is Azure's own, or the status of HTTP."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Finding:
    """Something that would stop the deployment later: what it is, and what mends it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        """Say it in two lines."""
        return f"{self.what}\n    {self.remedy}"
