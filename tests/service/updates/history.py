"""A history: people, policies, clocks, refusals, late answers and dying workers, in any order."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.domain.deciding.observed import REPLICATION
from shared.domain.deciding.own.standing import Standing
from shared.domain.errors import ConnectionFailed, OperationInProgress, Throttled
from shared.domain.fleet.last_known import LastKnown
from shared.domain.vocabulary.reasons import Cause
from tests.clusters import cluster_id
from tests.fakes.aks import Fault, Verb
from tests.service.updates.judge import window_of
from tests.service.updates.people import People
from tests.service.updates.stage import LEFT_WITHIN, NAMES
from tests.service_world import COMES_AGAIN


class History(People):
    """Some weeks in which the clocks change, and naptime may be there or not."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        super().__init__()
        self.seen: list[LastKnown] = []

    @rule(hours=st.sampled_from([1, 6, 30, 170]))
    def time_passes(self, hours: int) -> None:
        """Let nobody look."""
        self.world.clock.advance(timedelta(hours=hours))

    @rule(name=NAMES, minutes=st.sampled_from([-31, -29, -1, 1, 239, 241]))
    def time_passes_until_one_opens(self, name: str, minutes: int) -> None:
        """Let nobody look until so long after a schedule's next start, or before it."""
        now = self.world.clock.now()
        window = window_of(self.world.aks.schedule(cluster_id(name)))
        if window:
            at = next(window.occurrences(now)).start + timedelta(minutes=minutes)
            self.world.clock.move_to(max(at, now))

    @rule(days=st.sampled_from([2, 12]))
    def naptime_goes_on(self, days: int) -> None:
        """Have it swept every few days and minded every few hours, with nothing in its way."""
        self.nothing_fails()
        since = self.world.clock.now() + timedelta(days=8)
        for day in range(days):
            if day % 3 == 0:
                self.run_over_all()
            self.do(self._minded(self.world.clock.now() + timedelta(days=1)))
        if self.schedules == "owned":
            tags = {on: body.get("tags") for on, body in self.world.aks.clusters.items()}
            ring, rest = self.wanted(self.ring), self.wanted(self.rest)
            windows = {on: ring if each == {"ring": "b"} else rest for on, each in tags.items()}
            # By then each has been closed once while naptime was there.
            self.judge.judge_openings(since, windows)

    async def _minded(self, until: datetime) -> None:
        while self.world.clock.now() < until:
            await self.world.mind()
            await self.world.run(for_at_most=timedelta(minutes=30))
            self.world.clock.advance(timedelta(hours=4))

    @rule(minutes=st.sampled_from([0, 2, 8]))
    def azure_shows_changes_late(self, minutes: int) -> None:
        """Have each LIST show what was there some minutes ago; never less than one has shown."""
        self.world.clock.advance(timedelta(minutes=minutes))
        self.world.aks.lag = timedelta(minutes=minutes)

    @rule(verb=st.sampled_from(["put", "put", "list", "get", "clusters"]), kind=st.integers(0, 3))
    def azure_refuses(self, verb: Verb, kind: int) -> None:
        """Have the next call refused, or a write accepted without an answer, or after a while."""
        error = (OperationInProgress, Throttled, ConnectionFailed, ConnectionFailed)[kind]
        applied, takes = kind > 1, timedelta(seconds=20 if kind == 3 else 0)
        self.world.aks.faults.append(Fault(verb, lambda: error("seeded"), applied, takes=takes))

    @rule(steps=st.none() | st.integers(1, 40))
    def an_event_comes(self, steps: int | None) -> None:
        """Say that a cluster was written, to a worker that may die of it."""
        self.do(self.world.ask("aks-0"))
        self.dies_in(steps)
        self.do(self.world.run(for_at_most=timedelta(hours=1)))

    @rule()
    def a_sweep_looks(self) -> None:
        """Look under no claim, and write down nothing yet."""
        self.do(self._look())

    async def _look(self) -> None:
        on, now = cluster_id("aks-0"), self.world.clock.now()
        one = self.world.reconciler.pass_over(on, await self.world.policies.wanted(), dry_run=False)
        known = await self.world.memory.recall(on)
        one.own.known = Standing(known.written if known else None)
        await one.looks.read()
        sight = await one.looks.act(_seen)
        decision = one.decide(sight)
        if not decision.writes and not decision.lets_go and not decision.adopts:
            self.seen.append(LastKnown(await one.act_on(decision, sight), now, now))

    @precondition(lambda self: self.seen)
    @rule()
    def a_sweep_writes_down(self) -> None:
        """Write down what was seen, minutes after."""
        if self.world.clock.now() - self.seen[0].read_at < REPLICATION:
            self.do(self.world.recorder.record([self.seen[0]], Cause.SWEPT))
        self.seen = self.seen[1:]

    @rule(steps=st.integers(40, 140))
    def a_sweep_is_slow(self, steps: int) -> None:
        """Have a run whose worker dies come between a sweep's look and its writing that down."""
        self.seen.clear()
        self.do(self._look())
        self.do(self.world.start())
        self.dies_in(steps)
        self.do(self.world.run(for_at_most=COMES_AGAIN / 2))
        if self.seen:
            self.a_sweep_writes_down()

    @rule()
    def sweep(self) -> None:
        """Do a run, and whatever follows it."""
        self.run_over_all()

    @rule(steps=st.integers(1, 120))
    def sweep_and_die(self, steps: int) -> None:
        """Do the same with a worker that dies of one of its operations."""
        self.do(self.world.start())
        self.dies_in(steps)
        self.do(self.world.run_and_mind(for_at_most=LEFT_WITHIN))

    @rule(messages=st.integers(1, 8), name=st.none() | NAMES)
    def a_run_begins(self, messages: int, name: str | None) -> None:
        """Begin a run, and have something else happen before it goes on, perhaps to one of its."""
        self.do(self.world.start())
        self.do(self._deliver(messages))
        if name:
            self.change_and_back(name)

    async def _deliver(self, messages: int) -> None:
        for _ in range(messages):
            self.world.clock.advance(timedelta(milliseconds=100))
            await self.world.deliver_one()


async def _seen[T](sight: T) -> T:
    return sight
