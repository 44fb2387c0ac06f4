"""A made-up fleet of any size, as the tables would have it: the rings of the policy page's example.

The same each time: what a cluster is follows from its number.
"""

import re
from collections.abc import Iterator
from copy import replace
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from shared.domain.deciding.decision import Finding
from shared.domain.deciding.observed import ObservedCluster, ObservedSchedule, SeenSchedule
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.last_known import LastKnown
from shared.domain.images.age import ImageAge, ImageCount
from shared.domain.images.known_image import KnownImage
from shared.domain.images.node_image import ImageVersion, NodeImage
from shared.domain.policy.choose import Leave, Policy
from shared.domain.policy.read import read_policy
from shared.domain.policy.version import PolicyVersion
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.recurrence import RelativeMonthly, Weekday, WeekIndex, Weekly
from shared.domain.window.window import MaintenanceWindow
from shared.groundwork import Groundwork
from shared.reconcile.ground.memory import known_key

PAGE = Path(__file__).parents[2] / "docs/policy.md"
SUBSCRIPTIONS = tuple(
    f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "123"
)
LOCATIONS = ("westeurope", "northeurope", "eastus2", "westus2", "southeastasia", "australiaeast")
STAGES = ("dev", "dev", "test", "prod", "prod", "prod", "prod")
TEAMS = ("shop", "bank", "search", "media", "ledger", "lab", "fleet", "edge", "data")
UBUNTU, LINUX = "AKSUbuntu-2404gen2containerd", "AKSAzureLinux-V3gen2"
OTHERS = MaintenanceWindow(Weekly(1, Weekday.SATURDAY), time(22), 6, timedelta(hours=2))
MONTHLY = MaintenanceWindow(RelativeMonthly(1, WeekIndex.SECOND, Weekday.TUESDAY), time(3), 4)


def example_policy(now: datetime) -> tuple[str, Policy]:
    """Read the policy of docs/policy.md: its text, and what it says."""
    found = re.search(r"<!-- policy:.*?```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    return found[1], read_policy(found[1], now)


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A cluster of the fleet, by its number."""

    number: int
    now: datetime
    policy: Policy

    @property
    def observed(self) -> ObservedCluster:
        """The cluster as a listing gives it."""
        stage = STAGES[self.number % len(STAGES)]
        team = TEAMS[self.number // 3 % len(TEAMS)]
        location = LOCATIONS[self.number % 13 % len(LOCATIONS)]
        subscription = SUBSCRIPTIONS[self.number % 11 % len(SUBSCRIPTIONS)]
        name = f"{team}-{stage}-{self.number:03}"
        return ObservedCluster(
            id=ClusterId.of(subscription, f"rg-{team}-{stage}", name),
            location=location,
            provisioning_state="Succeeded",
            auto_provisioning=True,
            tags={"env": "sandbox" if self.number % 97 == 5 else stage},
            node_os_channel="NodeImage",
            upgrade_channel="none",
        )

    @property
    def known(self) -> LastKnown:
        """What came of it last."""
        cluster, read = self.observed, self.now - timedelta(minutes=self.number % 120)
        outcome = _outcome(self, cluster)
        return LastKnown(outcome, read, read)

    @property
    def image_age(self) -> ImageAge:
        """How old its machines' images were at the last reading."""
        days = 100 if self.number % 61 == 7 else self.number % 3 * 7 + 5
        built = self.now.date() - timedelta(days=days)
        version = ImageVersion.parse(f"{built:%Y%m.%d}.0")
        read = self.now.replace(hour=0, minute=30, second=0, microsecond=0)
        return ImageAge.judged(ImageCount(3 + self.number % 9, 0, version), read, 45)


def made_up(count: int, now: datetime) -> Iterator[MadeUp]:
    """Give so many clusters."""
    _, policy = example_policy(now)
    return (MadeUp(number, now, policy) for number in range(count))


def newest_images(now: datetime) -> dict[str, list[KnownImage]]:
    """Give the images of each location: one has come this morning, one some days ago."""
    return {location: list(_images(now, index)) for index, location in enumerate(LOCATIONS)}


def _images(now: datetime, index: int) -> Iterator[KnownImage]:
    for name, days in ((UBUNTU, 2 + index), (LINUX, 5)):
        since = (now - timedelta(days=days)).replace(minute=15, second=0, microsecond=0)
        built = now.date() - timedelta(days=5 if name == UBUNTU else 12)
        image = NodeImage.parse(f"{name}-{built:%Y%m.%d}.0")
        assert image
        yield KnownImage(image, since, release_seen=True, seen_after=since - timedelta(minutes=15))


def _outcome(made: MadeUp, cluster: ObservedCluster) -> Outcome:
    choice = made.policy.choose(cluster, made.now)
    base = Outcome(
        cluster_id=cluster.id,
        kind=OutcomeKind.UNCHANGED,
        reason=Reason.UP_TO_DATE,
        message="An explicit node OS schedule is in place.",
        findings=(),
        window=None,
        next_start=None,
        attempts=1,
        calls=1,
        cluster=cluster,
        rule=choice.rule,
    )
    if isinstance(choice.use, Leave):
        return _without(base, OutcomeKind.SKIPPED, Reason.EXEMPT)
    if made.number % 53 == 11:
        refused = (
            "The client does not have authorization to perform action 'write' over this scope."
        )
        return _without(base, OutcomeKind.FAILED, Reason.ACCESS_DENIED, refused)
    if made.number % 41 == 3:
        return _with(base, MONTHLY, made.now, Reason.LONGER_THAN_WEEKLY)
    if made.number % 29 == 17:
        return _with(base, OTHERS, made.now)
    assert isinstance(choice.use, NamedWindow)
    window = choice.use.planned(cluster.id, made.now - timedelta(days=9), timedelta(minutes=40))
    created = replace(base, kind=OutcomeKind.CREATED, reason=Reason.SCHEDULE_MISSING)
    return _with(created, window, made.now)


def _without(base: Outcome, kind: OutcomeKind, reason: Reason, message: str = "") -> Outcome:
    said = message or REASONS[reason].meaning
    return replace(base, kind=kind, reason=reason, message=said, findings=(Finding(reason, said),))


def _with(
    base: Outcome, window: MaintenanceWindow, now: datetime, reason: Reason | None = None
) -> Outcome:
    first = window.next_start(now)
    findings = (Finding(reason, REASONS[reason].meaning),) if reason else ()
    return replace(
        base,
        reason=reason or base.reason,
        message=REASONS[reason].meaning if reason else base.message,
        findings=findings,
        window=window,
        next_start=first.start if first else None,
        schedule=SeenSchedule(ObservedSchedule(window)),
    )


async def remembered(world: Groundwork, now: datetime, count: int) -> None:
    """Have the tables remember a made-up fleet, its images, its policy and a run."""
    text, _ = example_policy(now)
    version = PolicyVersion(1, text, now, "ada")
    await world.policies.table.insert("policy", version.key, version.to_values())
    made = list(made_up(count, now))
    await world.memory.remember(each.known for each in made)
    for subscription_id in SUBSCRIPTIONS:
        ages = {
            known_key(each.observed.id): each.image_age
            for each in made
            if each.observed.id.subscription_id == subscription_id
        }
        await world.memory.note_images(subscription_id, ages)
    for location, images in newest_images(now).items():
        await world.image_memory.remember(location, images)
