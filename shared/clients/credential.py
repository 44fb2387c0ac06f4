"""The identity that every call to Azure is made with."""

from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import DefaultAzureCredential

type Credential = AsyncTokenCredential


def new_credential() -> Credential:
    """Give the default chain, which `AZURE_CLIENT_ID` and `AZURE_TOKEN_CREDENTIALS` narrow.

    No member is excluded here: an exclusion in code overrides what AZURE_TOKEN_CREDENTIALS says
    (azure-identity 1.27.0, process_credential_exclusions).
    """
    return DefaultAzureCredential()
