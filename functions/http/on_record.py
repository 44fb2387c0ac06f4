"""Commands that are refused before they come to be one: each leaves a record all the same.

A command that is carried out writes its record itself (shared/reconcile/ground/audit_log.py), with
what it wants, before it has any effect. What is refused earlier, for its body, its subscription or
its condition, is put on record here: only what could be read of it, never its text.
"""

from collections.abc import Callable, Mapping

from functions.http.answering import Found
from functions.http.asked import Request
from functions.http.parts import Part
from functions.http.problems import INVALID_SETTING, STORAGE_UNAVAILABLE
from shared.domain.errors import InvalidSetting
from shared.domain.messages.audit import Attempt
from shared.world import World, app

type Attempted = Callable[[Mapping[str, Part]], Attempt]
"""What a request asks for, by the parts of it that could be read."""

_NO_RECORDS = (INVALID_SETTING, STORAGE_UNAVAILABLE)
"""Where there is no table to be reached, there is no record either; nothing was done."""


async def put_on_record(attempted: Attempted, request: Request, found: Found) -> None:
    """Write down a refused command, unless it is a dry run or has its record already."""
    if found.kind in _NO_RECORDS or _is_dry(request.parts):
        return
    try:
        if not request.origin.records:
            attempt, reason = attempted(request.parts), found.kind.reason
            await app().refusals.keep(request.origin, attempt, reason, found.detail)
    except InvalidSetting:
        # Nothing works until it is corrected, this record neither.
        return
    except Exception as error:
        # The request is refused in any case, and its answer says why.
        if not World.is_storage_trouble(error):
            raise


def _is_dry(parts: Mapping[str, Part]) -> bool:
    """Say whether a request only asks what would be done: that is no command."""
    return any(getattr(part, "dry_run", False) for part in parts.values())
