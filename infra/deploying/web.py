"""Calls of the app itself and of its deployment host, which `az` cannot make as they are needed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

_SECONDS = 230
"""The front end of App Service ends every call after so long."""


@dataclass(frozen=True)
class Answer:
    """What was answered; `status` 0 where nothing was, and `text` says why."""

    status: int
    text: str

    def json(self) -> object:
        """Read the body; None where it is no JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def call(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    """Make one call over https; neither a status nor a lost connection is an error."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - built from https:// and a host name of Azure's
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
            return Answer(answer.status, answer.read().decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode("utf-8", "replace"))
    except OSError as error:
        return Answer(0, str(error))
