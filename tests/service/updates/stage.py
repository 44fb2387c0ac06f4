"""What a history stands on: three clusters, a policy, and what is asked of each of its steps."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from shared.domain.deciding.observed import REPLICATION
from shared.domain.errors import AzureError
from shared.reconcile.cluster.change import ChangeRefused
from shared.reconcile.ground.claim import ClusterBusy
from tests.clusters import cluster
from tests.fakes.clock import FakeClock
from tests.service.test_policies import ANY
from tests.service.updates.judge import Judge, WatchedWorld
from tests.service.updates.wall_clock import Rules, Wanted
from tests.service_world import Killed

FLIPS = {
    "Europe/Berlin": ("2027-03-28T01:00:00+00:00", "2026-10-25T01:00:00+00:00"),
    "America/New_York": ("2027-03-14T07:00:00+00:00", "2026-11-01T06:00:00+00:00"),
    "Australia/Sydney": ("2026-10-03T16:00:00+00:00", "2027-04-03T16:00:00+00:00"),
}
"""When the clocks of a zone go forward, and when they go back."""
NAMES = st.sampled_from(["aks-0", "aks-1", "aks-2"])
DAYS = ("Sunday", "Wednesday", "daily")
WINDOWS = st.sampled_from(DAYS)
ZONES = st.sampled_from([*FLIPS, "Asia/Kolkata"])
MOST = st.sampled_from([0, 1, 3, None])
HOURS = 4
LEFT_WITHIN = timedelta(hours=2)

POLICY = """version = 1
{windows}
[[rules]]
name = "ring"
match.tags = {{ ring = "b" }}
window = "{ring}"

[[rules]]
name = "everything"
window = "{rest}"

[update]
schedules = "{schedules}"
adopt = "identical"
{most}
"""
WINDOW = """
[windows.{name}]
on = "{day}"
start = "{start}"
hours = {hours}
zone = "{zone}"
"""


class Stage(RuleBasedStateMachine):
    """Three clusters in two locations, some days before the clocks of a zone change."""

    @initialize(
        flip=st.sampled_from([(zone, at) for zone, times in FLIPS.items() for at in times]),
        days=st.sampled_from([2, 8, 8, 15]),
        first=WINDOWS,
        then=st.tuples(WINDOWS, WINDOWS),
        most=MOST,
    )
    def begin(
        self, flip: tuple[str, str], days: int, first: str, then: tuple[str, str], most: int | None
    ) -> None:
        """Have naptime write three schedules, and then want others, perhaps."""
        self.loop = asyncio.new_event_loop()
        begin = datetime.fromisoformat(flip[1]) - timedelta(days=days)
        self.world = WatchedWorld(clock=FakeClock(begin))
        self.judge = Judge(self.world)
        self.most, self.zone, self.starts = most, flip[0], "02:00"
        self.ring = self.rest = first
        self.schedules = "owned"
        self.put_policy()
        for number, where in enumerate(["westeurope", "westeurope", "northeurope"]):
            tags = {"ring": "b"} if number == 0 else {}
            self.world.aks.add(cluster(f"aks-{number}", location=where, tags=tags))
        self.run_over_all()
        self.ring, self.rest = then
        self.put_policy()

    def do[T](self, coming: Awaitable[T], *, by_person: bool = False) -> T | None:
        """Run to the end, or to the death of the worker; then judge every write."""
        # No two writes are made at the very same time.
        self.world.clock.advance(timedelta(seconds=1))
        try:
            return self.loop.run_until_complete(_done(coming))
        except (Killed, AzureError, ChangeRefused, ClusterBusy):
            return None
        finally:
            life, self.world.life.left = self.world.life, None
            operations, meanwhile = life.operations, life.meanwhile
            life.meanwhile = {}
            self.loop.run_until_complete(self.judge.look(by_person=by_person))
            life.operations, life.meanwhile = operations, meanwhile

    def put_policy(self) -> None:
        """Put the policy of now in force, and have every worker know it."""
        common = {"start": self.starts, "hours": HOURS, "zone": self.zone}
        windows = [WINDOW.format(name=day.lower(), day=day, **common) for day in DAYS]
        text = POLICY.format(
            windows="".join(windows),
            ring=self.ring.lower(),
            rest=self.rest.lower(),
            schedules=self.schedules,
            most="" if self.most is None else f"at_most = {self.most}",
        )
        version = self.do(self.world.policies.put(text, "somebody", ANY))
        assert version
        windows_wanted = self.wanted(self.ring), self.wanted(self.rest)
        self.judge.rules[version.hash] = Rules(windows_wanted, self.most)
        self.world.clock.advance(timedelta(minutes=1))

    def wanted(self, on: str) -> Wanted:
        """Give what the policy of now says of the window of that day."""
        return Wanted(on, time.fromisoformat(self.starts), HOURS, ZoneInfo(self.zone))

    def run_over_all(self) -> None:
        """Do a run, and whatever follows it."""
        world, is_idle = self.world, self.world.next_visible() is None
        outcomes, runs = len(world.outcomes), len(world.finished)
        kills, faults, began_at = world.kills, len(world.aks.faults), world.clock.now()
        run = self.do(world.start())
        self.do(world.run_and_mind(for_at_most=LEFT_WITHIN))
        is_whole = run and run.started_at >= began_at and world.kills == kills and not faults
        looked = [each.run for each in world.finished[runs:] if each.run.updates is None]
        if is_whole and is_idle and looked == [run] == [world.finished[runs].run]:
            self.count(outcomes, runs)

    def count(self, outcomes: int, run: int) -> None:
        """Count the updates that a run has found, by what came of each cluster."""
        record, until = self.world.finished[run], self.world.outcomes_by[run]
        verdict = record.summary.get("updatePlan")
        if record.run.updates or verdict is None:
            return
        found = {
            outcome.cluster_id
            for outcome, _ in self.world.outcomes[outcomes:until]
            if outcome.drift
            and outcome.drift.update
            and not outcome.drift.clocks
            # Of an update whose worker died before it was known: there is more to change already.
            and (outcome.record is None or outcome.record.window == outcome.drift.before)
        }
        assert verdict["updates"] == len(found)

    def dies_in(self, steps: int | None) -> None:
        """Have the worker die of one of its operations."""
        self.world.life.left = None if steps is None else self.world.life.operations + steps

    def nothing_fails(self) -> None:
        """Have Azure be on time and refuse nothing, and nobody do anything in between."""
        self.world.aks.faults.clear()
        self.world.aks.lag = timedelta()
        self.world.life.meanwhile.clear()

    def teardown(self) -> None:
        """Look at all schedules once more, when Azure is on time and nothing fails."""
        if not hasattr(self, "world"):
            return
        try:
            self.end()
        finally:
            self.loop.close()

    def end(self) -> None:
        """Hold what there is to who made it: a person's is as it was left, naptime's is owned."""
        aks = self.world.aks
        self.nothing_fails()
        self.world.clock.advance(2 * REPLICATION)
        kept = {on: aks.schedule(on) for on in aks.clusters if not self.judge.may_change(on)}
        self.run_over_all()
        assert {on: aks.schedule(on) for on in kept} == kept
        for on, known in self.judge.rows():
            body = aks.schedule(on)
            if body and id(body) not in self.judge.persons and on not in self.judge.hidden:
                assert known
                assert known.is_naptimes


async def _done[T](coming: Awaitable[T]) -> T:
    return await coming
