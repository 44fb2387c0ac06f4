"""The identity that every call to Azure is made with.

A module of its own: with a connection string to its storage an app answers its first event without.
"""

from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import DefaultAzureCredential

type Credential = AsyncTokenCredential


def new_credential(client_id: str | None = None) -> Credential:
    """Give the default chain, which `AZURE_CLIENT_ID` and `AZURE_TOKEN_CREDENTIALS` narrow.

    With a `client_id`, a managed identity is that one instead.

    No member is excluded here: an exclusion in code overrides what AZURE_TOKEN_CREDENTIALS says
    (azure-identity 1.27.0, process_credential_exclusions).
    """
    if client_id:
        return DefaultAzureCredential(managed_identity_client_id=client_id)
    return DefaultAzureCredential()
