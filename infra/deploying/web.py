"""Calls of the app itself and of its deployment host, which `az` cannot make as they are needed."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import urllib.error
import urllib.request
import urllib.response
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.deploying.refusals import DeploymentStopped

_SECONDS = 230
"""The front end of App Service ends every call after so long."""


_WHOM_TO_TRUST = (
    "This Python trusts other authorities than az: SSL_CERT_FILE names a file of them, with that of"
    " your proxy if there is one."
)


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
    """Make one call over https; neither a status nor a lost connection is an error.

    Raises DeploymentStopped where the host's certificate is not trusted: waiting changes nothing.
    """
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - built from https:// and a host name of Azure's
    try:
        with _answered(request) as answer:
            return Answer(answer.getcode() or 0, answer.read().decode("utf-8", "replace"))
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DeploymentStopped(f"{url}: {error.reason}. {_WHOM_TO_TRUST}") from error
        return Answer(0, str(error))
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, str(error) or type(error).__name__)


class _NowhereElse(urllib.request.HTTPRedirectHandler):
    """Follows nobody: key and token would go along, and a page to sign in is no answer."""

    def redirect_request(self, *_: object) -> None:
        """Give no request; the redirect itself is the answer."""


def _answered(request: urllib.request.Request) -> urllib.response.addinfourl:
    try:
        trusted = ssl.create_default_context()
        # What az is told to trust, behind a proxy that has a certificate of its own.
        bundle = Path(os.environ.get("REQUESTS_CA_BUNDLE") or "none")
        if bundle.is_file():
            trusted.load_verify_locations(bundle)
        https = urllib.request.HTTPSHandler(context=trusted)
        opener = urllib.request.build_opener(_NowhereElse, https)
        answer: urllib.response.addinfourl = opener.open(request, timeout=_SECONDS)
    except urllib.error.HTTPError as error:
        return error
    return answer
