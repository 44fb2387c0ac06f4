"""The identity of a person or a pipeline: for the command line, never for the deployed app."""

import asyncio
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import (
    AzureCliCredential,
    ChainedTokenCredential,
    DefaultAzureCredential,
)

from shared.clients.clock import SystemClock

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from shared.clients.identity import Credential

RENEWED_BEFORE = timedelta(minutes=5)

NOBODY_IS_SIGNED_IN = (
    "Nobody is signed in. Run `az login`; or set AZURE_TENANT_ID, AZURE_CLIENT_ID and"
    " AZURE_CLIENT_SECRET; or run where a workload identity or a managed identity is."
)

_REFUSED = re.compile(r"AADSTS\d+: [^\r\n]+", re.ASCII)
"""What Entra ID says of a login that it knows and refuses."""


def own_credential(environment: Mapping[str, str] | None = None) -> "Credential":
    """Give the login of `az` first, then what the default chain finds in the usual variables.

    Where `AZURE_TOKEN_CREDENTIALS` says which, the chain is Azure's own: an exclusion in code
    would override it (azure-identity 1.27.0, process_credential_exclusions).
    """
    given = os.environ if environment is None else environment
    if given.get("AZURE_TOKEN_CREDENTIALS"):
        return KeptTokens(DefaultAzureCredential())
    rest = DefaultAzureCredential(exclude_cli_credential=True)
    return KeptTokens(ChainedTokenCredential(AzureCliCredential(), rest))


class KeptTokens:
    """Keeps tokens until shortly before they end, whoever asks.

    The credential of `az` starts a process for each token and keeps none (azure-identity 1.27.0,
    AzureCliCredential), and the clients of thirty subscriptions would each ask for their own.
    """

    def __init__(self, inner: "Credential") -> None:
        """Take the credential that gives them."""
        self._inner = inner
        self._clock = SystemClock()
        self._kept: dict[tuple[str, ...], AccessToken] = {}
        self._asking = asyncio.Lock()

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **_: object,
    ) -> AccessToken:
        """Give a token that is good for some minutes; one that was challenged is asked for anew."""
        async with self._asking:
            kept = None if claims else self._kept.get(scopes)
            if kept is None or self._ends_soon(kept):
                kept = self._kept[scopes] = await _asked(
                    self._inner, scopes, claims, tenant_id, enable_cae=enable_cae
                )
            return kept

    def _ends_soon(self, token: AccessToken) -> bool:
        return token.expires_on < (self._clock.now() + RENEWED_BEFORE).timestamp()

    async def close(self) -> None:
        await self._inner.close()

    async def __aenter__(self) -> "Self":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: "TracebackType | None" = None,
    ) -> None:
        await self.close()


async def _asked(
    inner: "Credential",
    scopes: tuple[str, ...],
    claims: str | None,
    tenant_id: str | None,
    *,
    enable_cae: bool,
) -> AccessToken:
    """Ask for a token; of a page about every credential that was tried one sentence is left."""
    try:
        return await inner.get_token(
            *scopes, claims=claims, tenant_id=tenant_id, enable_cae=enable_cae
        )
    except ClientAuthenticationError as error:
        refused = _REFUSED.search(str(error))
        message = refused[0] if refused else NOBODY_IS_SIGNED_IN
        raise ClientAuthenticationError(message) from error
