"""The last known state of every cluster with node auto-provisioning, page by page."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.crowding import Crowding
from shared.domain.fleet.last_known import NO_NAP, Remembered
from shared.domain.images.known_image import SeenImage
from shared.domain.vocabulary.ids import GUID, plain_location
from shared.domain.vocabulary.pages import Page, PageAsked, Question, to_token
from shared.domain.vocabulary.reasons import IMAGE_REASONS, NEEDS_ATTENTION, Reason
from shared.domain.vocabulary.rows import Value
from shared.ports.azure import Clock
from shared.reconcile.ground.at_once import SharedAnswers
from shared.reconcile.ground.memory import ROW_KEY, ClusterMemory
from shared.reconcile.images.memory import NewestImages
from shared.reconcile.shown.forecast_json import ForecastJson, known_forecasts
from shared.reconcile.shown.known_json import KnownClusterJson, known_json

ROWS_A_REQUEST = 2000
"""So many rows are looked at for one page at most; where few are shown, the page is a short one."""

KEPT_FOR = timedelta(seconds=1)
"""How long a page counts as the last known state."""

FOUND_BESIDE = frozenset(
    {
        *(NEEDS_ATTENTION - IMAGE_REASONS - {Reason.KEEPS_BEING_REMOVED}),
        *(Reason.SCHEDULE_MISSING, Reason.SCHEDULE_RESTORED),
        *(Reason.OUTDATED, Reason.SCHEDULE_LET_GO),
    }
)
"""What can be found of a schedule behind what decided: a row names the latter alone, so that the
former is looked for among the findings of all."""


def known_with(
    location: str | None, reason: Reason | None, outcome: OutcomeKind | None
) -> dict[str, Value]:
    """Give the values of such clusters; a location by its short name or the other.

    A reason is that of any of their findings. What is found of images or of others is beside the
    reason for what was decided, and a crowded start is found of many clusters together, in no row
    of theirs.
    """
    where: dict[str, Value] = {}
    if location is not None:
        where["location"] = plain_location(location)
    if reason is Reason.KEEPS_BEING_REMOVED:
        where["keepsBeingRemoved"] = True
    elif reason is not None and reason is not Reason.WINDOWS_CROWDED:
        where["imageReason" if reason in IMAGE_REASONS else "reason"] = reason.value
    if outcome is not None:
        where["outcome"] = outcome.value
    return where


class FleetViewer(Struct, frozen=True):
    """Answers `GET /clusters`; asks nobody but the table."""

    memory: ClusterMemory
    images: NewestImages
    clock: Clock
    subscriptions: frozenset[str]
    answers: SharedAnswers[Page[KnownClusterJson]]

    async def clusters(
        self,
        subscription_id: str | None,
        where: Mapping[str, Value],
        asked: PageAsked,
        *,
        attention: bool = False,
        crowded: bool = False,
    ) -> Page[KnownClusterJson]:
        """Give a page of clusters with these values of their rows, or of those to be looked at.

        Many who watch the fleet cost one reading a second; what this worker writes down meanwhile
        makes it another question.
        """
        filters = tuple(sorted(_as_text(where).items()))
        only = _Only(
            str(where.get("reason", "")),
            attention=attention,
            crowded=crowded,
            removed="keepsBeingRemoved" in where,
        )
        key = (self.memory.writes, subscription_id, filters, asked, only)
        read = partial(self._read, subscription_id, where, asked, only)
        return await self.answers.get(key, read)

    async def _read(
        self,
        subscription_id: str | None,
        where: Mapping[str, Value],
        asked: PageAsked,
        only: "_Only",
    ) -> Page[KnownClusterJson]:
        """Read the page; subscriptions are the settings', a token only says where to begin."""
        question: Question = {
            "of": "clusters",
            "in": subscription_id,
            "look": only.attention,
            "crowded": only.crowded,
            **_as_text(where),
        }
        first, after = asked.place(question, GUID, ROW_KEY)
        columns = {name: value for name, value in where.items() if not only.looks_for(name)}
        shown: list[KnownClusterJson] = []
        looked_at = 0
        for each in [subscription_id] if subscription_id else sorted(self.subscriptions):
            if each < first:
                continue
            place = after if each == first else ""
            crowding = await self.memory.crowding(each)
            while room := min(asked.size - len(shown), ROWS_A_REQUEST - looked_at):
                found = await self.memory.first(each, room, place, columns)
                looked_at += len(found)
                shown += await self._shown(
                    [some for some in found if only.wants(some, crowding)], crowding
                )
                if len(found) < room:
                    break
                place = found[-1].key
            else:
                return Page(shown, to_token(question, each, place))
        return Page(shown)

    async def _shown(
        self, some: Sequence[Remembered], crowding: Crowding
    ) -> list[KnownClusterJson]:
        images = await self.images.of(known.location for known in some)
        # Within a minute the forecasts for equal schedules are the same, and are made once.
        minute = self.clock.now().replace(second=0, microsecond=0)
        return [
            known_json(
                each,
                _forecasts(each, images.get(each.location, ()), minute),
                crowding.start_shared_by(each),
            )
            for each in some
        ]


class _Only(Struct, frozen=True):
    """Which clusters are wanted, as far as the table cannot tell by itself."""

    reason: str
    attention: bool
    crowded: bool
    removed: bool
    """Whether those are asked for whose schedule is still removed too often."""

    def looks_for(self, column: str) -> bool:
        """Say whether it is looked for here, and not by the table."""
        return column == "reason" and self.reason in FOUND_BESIDE

    def wants(self, known: Remembered, crowding: Crowding) -> bool:
        """Say whether a cluster is shown."""
        return (
            known.is_known
            # They are shown to whoever asks for that very reason.
            and known.last_outcome["reason"] not in NO_NAP - {self.reason}
            and (not self.looks_for("reason") or _has(known, self.reason))
            and (not self.attention or needs_attention(known))
            and (not self.removed or _has(known, Reason.KEEPS_BEING_REMOVED))
            and (not self.crowded or crowding.start_shared_by(known) is not None)
        )


def _forecasts(
    known: Remembered, images: tuple[SeenImage, ...], minute: datetime
) -> list[ForecastJson]:
    return known_forecasts(known.forecast_needs, images, minute) if known.has_nap else []


def _has(known: Remembered, reason: str) -> bool:
    return any(found["reason"] == reason for found in known.findings)


def needs_attention(known: Remembered) -> bool:
    """Say whether a person should look: at a finding, or at what failed for good."""
    findings = {finding["reason"] for finding in known.findings}
    failed = known.last_outcome["outcome"] == OutcomeKind.FAILED
    return failed or not findings.isdisjoint(NEEDS_ATTENTION)


def _as_text(where: Mapping[str, Value]) -> dict[str, str]:
    return {name: str(value) for name, value in where.items()}
