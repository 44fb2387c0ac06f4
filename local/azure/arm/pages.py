"""Where a page of a listing ends, and how the next one is asked for."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from http import HTTPStatus
from urllib.parse import quote

from local.azure.arm.errors import AzureRefusal
from local.azure.replies import Call


def skip_token(last: str) -> str:
    """Write the token of what comes after an item."""
    return urlsafe_b64encode(last.encode()).decode()


def read_token(token: str) -> str:
    """Read after which item to go on; raises ValueError."""
    try:
        return b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (NotBase64, UnicodeError) as error:
        raise ValueError(token) from error


def skipped_to(call: Call) -> str:
    """Read after which item a call goes on; empty for the first page. Raises AzureRefusal."""
    token = call.query.get("$skiptoken", "")
    try:
        return read_token(token)
    except ValueError as error:
        message = f"The provided skip token '{token}' is invalid."
        raise AzureRefusal(HTTPStatus.BAD_REQUEST, "InvalidSkipToken", message) from error


def next_link(call: Call, last: str) -> str:
    """Write the address of the page after an item."""
    kept = {name: each for name, each in call.query.items() if name != "$skiptoken"}
    query = "&".join(f"{quote(name)}={quote(each)}" for name, each in kept.items())
    token = quote(skip_token(last))
    return f"https://{call.host}{quote(call.path)}?{query}&%24skiptoken={token}"
