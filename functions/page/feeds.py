"""HTTP: the windows as a calendar, and the feeds that may read it."""

from typing import Annotated, TypedDict
from urllib.parse import urlencode

from msgspec import Meta

from functions.api.named import SUBSCRIPTION_EXAMPLE, SubscriptionId, whole
from functions.api.requests import attempt_of
from functions.http.answering import allowed_subscription
from functions.http.answers import AsCalendar, NotModified, Ok
from functions.http.parts import Part
from functions.http.problems import FOREIGN_SUBSCRIPTION, ProblemKind, RequestRefused
from functions.http.routes import Routes
from functions.page.fresh import FreshHeaders
from shared.domain.messages.audit import AuditAction, Origin
from shared.domain.policy.read_rules import MOST_TEXT, short_text
from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.ids import parse_subscription_id
from shared.domain.vocabulary.invalid import InvalidInput
from shared.reconcile.shown.page.feeds import FEED_ID, FeedJson, NewFeedJson
from shared.world import app

routes = Routes()

NO_SUCH_FEED = ProblemKind(
    "NoSuchFeed",
    404,
    "No calendar feed is opened by this, or it has been revoked.",
    "Make one with `POST /api/calendar-feeds`, and give its whole address to the calendar.",
)

type Ring = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MOST_TEXT,
        description="A rule of the policy, by its name: only clusters that it is for.",
        examples=["everything"],
    ),
]
type Token = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        description="What `POST /api/calendar-feeds` gave; it opens one feed, to be read only.",
    ),
]


class CalendarQuery(Part, frozen=True):
    """Which calendar, and the token that opens it."""

    token: Token
    ring: Ring | None = None
    subscription_id: SubscriptionId | None = None


class FeedBody(Part, frozen=True):
    """What a feed is to be about; what is left out is all."""

    ring: Ring | None = None
    subscription_id: SubscriptionId | None = None

    def check(self) -> None:
        """Refuse what no rule can be called."""
        try:
            _ = self.ring is None or short_text(self.ring)
        except BrokenRule as error:
            raise InvalidInput.because("ring", self.ring, str(error)) from error


class FeedPath(Part, frozen=True):
    """Which feed."""

    feed_id: Annotated[str, whole(FEED_ID, "The id of a feed.")]


class FeedsJson(TypedDict):
    """Every feed that has not been revoked."""

    value: list[FeedJson]


class RevokedJson(TypedDict):
    """The feed that nobody can read any more."""

    id: str


# Anonymous, and outside the sign-in: a calendar sends neither a key nor a cookie, only its token.
@routes.get("windows.ics", anonymous=True, problems=(NO_SUCH_FEED,))
async def windows_calendar(
    query: CalendarQuery, headers: FreshHeaders
) -> AsCalendar[None] | NotModified[None]:
    """Give the coming eight weeks as a calendar: an event for each time that windows open.

    The clusters are in an event's description. `ring` and `subscriptionId` only say what the feed
    is about: the token alone decides that.
    """
    wanted = query.subscription_id
    found = await app().feeds.read(
        query.token, query.ring, parse_subscription_id(wanted) if wanted else None
    )
    if found is None:
        raise RequestRefused(NO_SUCH_FEED, "no feed has this token", "token")
    return (
        NotModified(found.etag) if headers.has(found.etag) else AsCalendar(found.body, found.etag)
    )


@routes.get("calendar-feeds")
async def list_feeds() -> Ok[FeedsJson]:
    """List the calendar feeds, without their tokens, of which naptime has the hashes alone."""
    return Ok({"value": [feed.to_json() for feed in await app().feeds.feeds()]})


@routes.post(
    "calendar-feeds",
    problems=(FOREIGN_SUBSCRIPTION,),
    examples={
        "all windows": {},
        "one rule's": {"ring": "everything"},
        "one subscription's": {"subscriptionId": SUBSCRIPTION_EXAMPLE},
    },
    attempted=attempt_of(AuditAction.MAKE_FEED),
)
async def make_feed(body: FeedBody, origin: Origin) -> Ok[NewFeedJson]:
    """Make a calendar feed; its address, with its token, is told this once."""
    subscription_id = ""
    if body.subscription_id is not None:
        subscription_id = allowed_subscription(parse_subscription_id(body.subscription_id))
    feed, token = await app().feeds.make(body.ring or "", subscription_id, origin)
    about = {"ring": feed.ring, "subscriptionId": feed.subscription_id, "token": token}
    query = urlencode({name: value for name, value in about.items() if value})
    return Ok({**feed.to_json(), "path": f"/api/windows.ics?{query}", "token": token})


@routes.delete(
    "calendar-feeds/{feedId}",
    problems=(NO_SUCH_FEED,),
    attempted=attempt_of(AuditAction.REVOKE_FEED),
)
async def revoke_feed(path: FeedPath, origin: Origin) -> Ok[RevokedJson]:
    """Revoke a calendar feed: whoever has its address is told that there is none."""
    if not await app().feeds.revoke(path.feed_id, origin):
        raise RequestRefused(NO_SUCH_FEED, "there is no feed with this id", "feedId")
    return Ok({"id": path.feed_id})
