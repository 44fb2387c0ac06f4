"""Windows, instants and clusters as people read them: short, in UTC unless it says otherwise."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby

from naptime.reports.report import Block, Entry
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.window.body import read_window
from shared.domain.window.words import in_words

NOT_KNOWN = "-"
LONGEST_MESSAGE = 500


def window_words(body: Mapping[str, object] | None) -> str:
    """Say a window in a few words, such as `Sun 01:00 +00:00, 4 h`."""
    if body is None:
        return NOT_KNOWN
    try:
        return in_words(read_window(body))
    except InvalidInput:
        # A deployed naptime may know windows that this version does not.
        return "not readable here"


def minute_words(text: str | None) -> str:
    """Say an instant of an answer to the minute, in UTC; what is no instant is not known."""
    if not text:
        return NOT_KNOWN
    try:
        instant = instants.from_text(text)
    except ValueError:
        return NOT_KNOWN
    return written_minute(instant)


def written_minute(instant: datetime) -> str:
    """Write an instant to the minute, in UTC: `Sun 2026-11-29 01:00`."""
    return f"{instants.in_utc(instant):%a %Y-%m-%d %H:%M}"


def plain(text: object) -> str:
    """Make text from outside fit for a terminal: one line, nothing that moves a cursor."""
    return one_line(str(text), LONGEST_MESSAGE)


def short_name(cluster_id: ClusterId) -> str:
    """Name a cluster within its subscription."""
    return f"{cluster_id.resource_group}/{cluster_id.name}"


def by_subscription(rows: Iterable[tuple[ClusterId, Entry]]) -> tuple[Block, ...]:
    """Put rows under their subscriptions, in the order of ids."""
    ordered = sorted(rows, key=lambda each: each[0])
    return tuple(
        Block(subscription_id, tuple(row for _, row in some))
        for subscription_id, some in groupby(ordered, key=lambda each: each[0].subscription_id)
    )


def counted(count: int, one: str, many: str | None = None) -> str:
    """Say how many: `1 cluster`, `2 clusters`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
