"""The fleet as it was seen last, put into the rows of the fleet page; pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from shared.domain.deciding.outcome import WRITES, OutcomeKind
from shared.domain.fleet.crowding import Crowd, Crowding, start_of
from shared.domain.fleet.last_known import Remembered
from shared.domain.fleet.run_records import RunRecord
from shared.domain.images.age import ImageAge
from shared.domain.images.known_image import SeenImage
from shared.domain.messages.given_up import GivenUp
from shared.domain.policy.choose import Policy
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.shown.clusters import needs_attention
from shared.reconcile.shown.page.beside import Beside
from shared.reconcile.shown.page.ended_runs import EndedRuns
from shared.reconcile.shown.page.places import Places, Texts
from shared.reconcile.shown.page.rows import (
    EXPLICIT,
    LEFT_OUT,
    NEEDS_A_PERSON,
    NONE,
    ONLY_PLANNED,
    AgeRow,
    ClusterRow,
    CrowdRow,
    FleetPageJson,
    LastRunJson,
    ReasonRow,
    UpgradeRow,
)
from shared.reconcile.shown.page.upgrades import upgrade_row
from shared.reconcile.shown.page.waits import Waits
from shared.reconcile.shown.page.windows import MINUTE, from_day_on, window_row


class FleetSeen(Struct, frozen=True):
    """What the tables say of the fleet: clusters and crowds by subscription, images by location."""

    now: datetime
    dry_run: bool
    policy: Policy
    clusters: Mapping[str, Sequence[Remembered]]
    crowding: Mapping[str, Crowding]
    images: Mapping[str, tuple[SeenImage, ...]]
    given_up: Mapping[ClusterId, GivenUp]
    runs: EndedRuns


class RuledCluster(Struct, frozen=True):
    """What a rule looks at of a cluster, its id read once for all rules."""

    id: ClusterId
    location: str
    tags: Mapping[str, str]
    sku: str


def ruled(known: Remembered) -> RuledCluster:
    """Give what rules look at."""
    return RuledCluster(known.id, known.location, known.tags, known.sku)


def compact(seen: FleetSeen) -> FleetPageJson:
    """Put the fleet into rows."""
    return _Tables(seen).written()


class _Tables:
    """The tables of one answer, filled while its clusters are gone through."""

    def __init__(self, seen: FleetSeen) -> None:
        self.seen = seen
        # The day before: in some time zone it is still today.
        today = seen.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.day = today - timedelta(days=1)
        self.subscriptions, self.groups = Places[str](), Places[str]()
        self.locations, self.rules = Places[str](), Places[str]()
        self.makers, self.outcomes = Places[str](), Places[str]()
        self.reasons, self.windows = Places[str](), Places[MaintenanceWindow]()
        self.texts, self.ages = Texts(), Places[AgeRow]()
        minute = seen.now.replace(second=0, microsecond=0)
        self.waits = Waits(self.day, minute, seen.images, self.locations, self.texts)
        self.upgrades = Places[UpgradeRow]()
        self.beside = Beside(seen.now, self._minute, self.texts)
        self.crowds: dict[tuple[str, str, datetime | None], int] = {}
        self.places: dict[ClusterId, int] = {}

    def written(self) -> FleetPageJson:
        """Go through the fleet, and give all of its tables."""
        seen, beside = self.seen, self.beside
        crowds = self._crowd_rows()
        clusters = [
            self._cluster(known, seen.crowding[subscription_id])
            for subscription_id, some in seen.clusters.items()
            for known in some
        ]
        removals = beside.removals([known for some in seen.clusters.values() for known in some])
        given_up = beside.given_up(seen.given_up, self.places)
        waiting = beside.waiting(seen.runs.waiting, self.places)
        return {
            "day": instants.to_text(self.day),
            "dryRun": seen.dry_run,
            "subscriptions": list(self.subscriptions.found),
            "groups": list(self.groups.found),
            "images": list(self.waits.images.found),
            "locations": list(self.locations.found),
            "rules": list(self.rules.found),
            "makers": list(self.makers.found),
            "outcomes": list(self.outcomes.found),
            "reasons": [_reason_row(code) for code in self.reasons.found],
            "windows": [window_row(window, self.day) for window in self.windows.found],
            "ages": list(self.ages.found),
            "forecasts": list(self.waits.forecasts.found),
            "forecastLists": list(self.waits.lists.found),
            "texts": list(self.texts.places.found),
            "crowds": crowds,
            "upgrades": list(self.upgrades.found),
            "callers": list(beside.callers.found),
            "removals": removals,
            "givenUpWhys": list(beside.whys.found),
            "givenUp": given_up,
            "changes": list(beside.changes.found),
            "waiting": waiting,
            "lastFullRun": _run_json(seen.runs.last_full),
            "clusters": clusters,
        }

    def _cluster(self, known: Remembered, crowding: Crowding) -> ClusterRow:
        last, asked, window, age = known.last_outcome, ruled(known), known.window, known.image_age
        found = asked.id
        self.places[found] = len(self.places)
        rule, why = self._chosen(asked)
        maker = known.made_by
        return ClusterRow(
            subscription=self.subscriptions.of(found.subscription_id),
            group=self.groups.of(found.resource_group),
            name=found.name,
            location=self.locations.of(known.location),
            rule=self.rules.of(rule),
            why=self.texts.of(why),
            window=self._window(window),
            maker=self.makers.of(maker) if maker else NONE,
            state=_state(known),
            outcome=self.outcomes.of(last["outcome"]),
            reason=self.reasons.of(last["reason"]),
            message=self.texts.of_message(last["message"]),
            recorded=self._minute(instants.from_text(last["recordedAt"])),
            read=self._minute(known.read_at) if known.read_at else None,
            findings=[self.reasons.of(each["reason"]) for each in known.findings],
            age=self.ages.of(self._age(age)) if age and age.count.machines else NONE,
            machines=age.count.machines if age else 0,
            forecasts=self.waits.of(known),
            crowd=self._crowd(found, known, crowding),
            upgrades=self.upgrades.of(upgrade_row(known, self._window)),
        )

    def _chosen(self, asked: RuledCluster) -> tuple[str, str]:
        """Give the rule that the cluster has by the policy in force, and why."""
        choice = self.seen.policy.choose(asked, self.seen.now)
        return choice.rule, next(step.why for step in choice.trace if step.matched)

    def _window(self, window: MaintenanceWindow | None) -> int:
        return NONE if window is None else self.windows.of(from_day_on(window, self.day))

    def _minute(self, instant: datetime) -> int:
        return (instant - self.day) // MINUTE

    def _age(self, age: ImageAge) -> AgeRow:
        return AgeRow(str(age.count.oldest or ""), age.days, self._minute(age.read_at))

    def _crowd_rows(self) -> list[CrowdRow]:
        crowds = [crowd for each in self.seen.crowding.values() for crowd in each.crowds]
        self.crowds = {_key(crowd): place for place, crowd in enumerate(crowds)}
        return [
            CrowdRow(
                self.subscriptions.of(crowd.shard.subscription_id),
                self.locations.of(crowd.shard.location),
                self._minute(crowd.start),
                crowd.clusters,
            )
            for crowd in crowds
        ]

    def _crowd(self, found: ClusterId, known: Remembered, crowding: Crowding) -> int:
        if not self.crowds or crowding.counted_at is None:
            return NONE
        start = start_of(known, crowding.counted_at)
        place = (found.subscription_id, known.location, start)
        return self.crowds.get(place, NONE)


def _key(crowd: Crowd) -> tuple[str, str, datetime | None]:
    return crowd.shard.subscription_id, crowd.shard.location, crowd.start


def _state(known: Remembered) -> int:
    last = known.last_outcome
    written = last["outcome"] in WRITES
    bits = (
        (EXPLICIT, known.explicit),
        (LEFT_OUT, last["outcome"] == OutcomeKind.SKIPPED),
        (NEEDS_A_PERSON, needs_attention(known)),
        (ONLY_PLANNED, last["dryRun"] and written),
    )
    return sum(bit for bit, is_set in bits if is_set)


def _reason_row(code: str) -> ReasonRow:
    if code not in Reason:
        found = "A later version of naptime found it."
        return ReasonRow(code, found, "Look with that version.", needs_a_person=False)
    reason = Reason(code)
    text = REASONS[reason]
    return ReasonRow(code, text.meaning, text.you_can, reason in NEEDS_ATTENTION)


def _run_json(record: RunRecord | None) -> LastRunJson | None:
    if record is None or record.finished_at is None:
        return None
    progress = record.summary.get("progress")
    return {
        "runId": record.run.id,
        "finishedAt": instants.to_text(record.finished_at),
        "clusters": progress["clusters"] if progress else None,
    }
