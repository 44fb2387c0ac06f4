"""What the storage clients raise where the storage service cannot answer just now."""

from azure.core.exceptions import AzureError, HttpResponseError

WORTH_COMING_BACK = frozenset({403, 408, 409, 429, 500, 502, 503, 504})
"""Statuses that pass: outages, throttling, a table that is being dropped (409), and a role
assignment that has not arrived yet (403)."""


def is_storage_trouble(error: BaseException) -> bool:
    """Say whether an exception means that storage has to be asked again later."""
    if isinstance(error, HttpResponseError):
        return error.status_code in WORTH_COMING_BACK
    return isinstance(error, AzureError)
