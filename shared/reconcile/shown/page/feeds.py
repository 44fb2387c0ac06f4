"""Calendar feeds: who may read one has its token, which is random, reads only, and can be revoked.

Calendars send no headers, so the token is part of the address. The table `naptimefeeds` has its
hash alone: whoever reads the table cannot read a feed.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Self, TypedDict

from msgspec import Struct

from shared.domain.messages.audit import AuditAction, AuditOutcome, Completion, Origin
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.rows import Row, Value
from shared.ports.azure import Clock
from shared.ports.storage import Table
from shared.reconcile.ground.at_once import SharedAnswers
from shared.reconcile.ground.audit_log import AuditLog
from shared.reconcile.ground.later_rows import read
from shared.reconcile.shown.page.calendar import Opening, calendar
from shared.reconcile.shown.page.compact import FleetSeen, ruled
from shared.reconcile.shown.page.viewer import FleetPageViewer, PageData

FEEDS_TABLE = "naptimefeeds"
PARTITION = "feeds"
FEED_ID = r"[0-9a-f]{32}"
WORDS_A_TOKEN = 4
"""The first 16 digits of a random UUID hold 60 bits that are random: 240 in all."""


class FeedJson(TypedDict):
    """A calendar feed: what it is about, and who made it; null is all."""

    id: str
    ring: str | None
    subscriptionId: str | None
    madeAt: str
    madeBy: str


class NewFeedJson(FeedJson):
    """A feed that has just been made: its address with its token, which nobody is told again."""

    path: str
    token: str


class Feed(Struct, frozen=True):
    """A feed; `ring` is a rule of the policy. Empty is all."""

    id: str
    ring: str
    subscription_id: str
    made_at: datetime
    made_by: str

    @classmethod
    def of(cls, row: Row) -> Self:
        made_at = row.instant("madeAt")
        if made_at is None:
            raise TypeError(f"madeAt of {row.key} is no time")
        return cls(
            row.key, row.text("ring"), row.text("subscriptionId"), made_at, row.text("madeBy")
        )

    def to_values(self) -> dict[str, Value]:
        return {
            "ring": self.ring,
            "subscriptionId": self.subscription_id,
            "madeAt": self.made_at,
            "madeBy": self.made_by,
        }

    def to_json(self) -> FeedJson:
        return {
            "id": self.id,
            "ring": self.ring or None,
            "subscriptionId": self.subscription_id or None,
            "madeAt": to_text(self.made_at),
            "madeBy": self.made_by,
        }

    def is_for(self, ring: str | None, subscription_id: str | None) -> bool:
        """Say whether an address, as far as it says so, asks for what this feed is about."""
        return ring in {None, self.ring} and subscription_id in {None, self.subscription_id}


def id_of(token: str) -> str:
    """Give the id of the feed that a token opens."""
    return sha256(token.encode()).hexdigest()[:32]


class FeedDesk(Struct, frozen=True):
    """Makes feeds, lists them, revokes them, and reads one for whoever has its token."""

    table: Table
    fleet: FleetPageViewer
    audit: AuditLog
    clock: Clock
    answers: SharedAnswers[PageData]

    async def make(self, ring: str, subscription_id: str, origin: Origin) -> tuple[Feed, str]:
        """Make a feed, and give it with its token."""
        token = "".join(self.audit.word()[:16] for _ in range(WORDS_A_TOKEN))
        feed = Feed(id_of(token), ring, subscription_id, self.clock.now(), origin.caller.name)
        wanted = dict(feed.to_json())
        record = await self.audit.intend(origin, AuditAction.MAKE_FEED, wanted=wanted)
        await self.table.insert(PARTITION, feed.id, feed.to_values())
        await self.audit.complete(record, Completion(AuditOutcome.CREATED, after=wanted))
        return feed, token

    async def feeds(self) -> list[Feed]:
        """Give every feed that has not been revoked."""
        rows = [row async for row in self.table.rows(PARTITION)]
        return [feed for row in rows if (feed := read(row, Feed.of))]

    async def revoke(self, feed_id: str, origin: Origin) -> bool:
        """Revoke a feed; False if there is none of that id."""
        row = (await self.table.get(PARTITION, feed_id)).row
        if row is None:
            return False
        feed = read(row, Feed.of)
        before = dict(feed.to_json()) if feed else None
        record = await self.audit.intend(origin, AuditAction.REVOKE_FEED, before=before)
        await self.table.delete(PARTITION, feed_id)
        await self.audit.complete(record, Completion(AuditOutcome.DELETED))
        return True

    async def read(
        self, token: str, ring: str | None, subscription_id: str | None
    ) -> PageData | None:
        """Give the calendar that a token opens; None where it opens none that is about this.

        All who ask for one at once share one reading.
        """
        row = (await self.table.get(PARTITION, id_of(token))).row
        feed = read(row, Feed.of) if row else None
        if feed is None or not feed.is_for(ring, subscription_id):
            return None
        return await self.answers.get(feed, partial(self._read, feed))

    async def _read(self, feed: Feed) -> PageData:
        # Half a second of arithmetic for ten thousand clusters: others go on meanwhile.
        return await asyncio.to_thread(_written, await self.fleet.seen(), feed)


def _written(seen: FleetSeen, feed: Feed) -> PageData:
    name = feed.ring or feed.subscription_id or "all clusters"
    text = calendar(_openings(seen, feed), f"naptime: {name}", seen.now)
    return PageData.of(text.encode())


def _openings(seen: FleetSeen, feed: Feed) -> Sequence[Opening]:
    wanted = [feed.subscription_id] if feed.subscription_id else list(seen.clusters)
    found = []
    for subscription_id in wanted:
        for known in seen.clusters.get(subscription_id, ()):
            cluster = ruled(known)
            rule = seen.policy.choose(cluster, seen.now).rule
            if known.window and feed.ring in {"", rule}:
                found.append(Opening(cluster.id, rule, known.window))
    return found
