"""Ten minutes of everything at once, judged by what Azure saw and by nothing else."""

import asyncio
import json
import logging
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from azure.storage.queue.aio import QueueServiceClient

from local.processes import ChildDidNotStart
from tests.clusters import Json
from tests.payloads import cluster_failed, cluster_written, schedule_deleted, tags_written
from tests.scenarios.farm import Farm, farm
from tests.scenarios.soak import judge
from tests.scenarios.soak.fleet import LOCKED, LOCKED_ONES, SoakFleet, editable
from tests.scenarios.soak.people import People
from tests.scenarios.soak.weather import StorageWeather, calm, change, storage_weather

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
SEED = int(os.environ.get("SOAK_SEED", "15"))
EVENTS_A_SECOND = 9
"""More than 5,000 in ten minutes, with those of the edits."""
LEADS = (30, 40, 60)
STARTS = ("01:00", "02:00", "22:30")
GROWTH_MB = 40

type Events = list[Json]


@dataclass(slots=True)
class Soak:
    """What goes on, and what was noted of it."""

    running: Farm
    people: People
    storage: StorageWeather
    dice: random.Random
    noted: list[str] = field(default_factory=list)
    sent: int = 0

    async def events(self) -> None:
        """Send events about anything, some of them two or three times, in any order."""
        kinds = (cluster_written, cluster_written, cluster_failed, tags_written, schedule_deleted)
        while True:
            batch: Events = [
                _event(self.dice.choice(kinds)(self.dice.choice(editable())))
                for _ in range(EVENTS_A_SECOND)
            ]
            copies = self.dice.choice((1, 1, 1, 2, 3))
            await self.running.controls.send_events(batch, copies=copies, reversed=True)
            self.sent += len(batch)
            await asyncio.sleep(1)

    async def edits(self) -> None:
        """Edit a cluster every second or so."""
        while True:
            await self.people.edit()
            await asyncio.sleep(self.dice.uniform(0.3, 1.5))

    async def weather(self) -> None:
        """Change the weather every few seconds."""
        while True:
            self.noted.append(await change(self.running.controls, self.storage, self.dice))
            await asyncio.sleep(self.dice.uniform(3, 9))

    async def restarts(self) -> None:
        """Kill the host, or stop it, and start it with other settings."""
        while True:
            await asyncio.sleep(self.dice.uniform(20, 45))
            is_kill = self.dice.random() < 0.7
            await (self.running.host.kill() if is_kill else self.running.host.stop())
            self.running.settings["NAPTIME_LEAD_MINUTES"] = str(self.dice.choice(LEADS))
            self.running.settings["NAPTIME_WINDOW_START"] = self.dice.choice(STARTS)
            self.noted.append("killed" if is_kill else "stopped")
            await self.start()

    async def start(self) -> None:
        """Start the host, again and again if need be: in a storm it may not come up."""
        while True:
            try:
                return await self.running.start_host()
            except ChildDidNotStart:
                self.noted.append("did not start")

    def summary(self) -> str:
        """Say what was done."""
        counted = Counter(self.noted)
        people, refused = self.people.answers, self.storage.refused
        return f"{self.sent} events, people {people}, storage {refused}, {dict(counted)}"

    async def go_on(self) -> None:
        """Let everything go on at once, for as long as was asked."""
        at_once = (self.events(), self.edits(), self.weather(), self.restarts())
        tasks = [asyncio.create_task(each) for each in at_once]
        done, _ = await asyncio.wait(tasks, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()
        if self.running.host.returncode is not None:  # cancelled between a stop and a start
            await self.start()


def _event(text: str) -> Json:
    (event,) = json.loads(text) if text.startswith("[") else [json.loads(text)]
    assert isinstance(event, dict)
    return event


@pytest.mark.campaign
async def test_a_soak(tmp_path: Path) -> None:
    """Faults, kills, edits and odd clusters: whoever can be protected is, and nobody is wronged."""
    dice = random.Random(SEED)  # noqa: S311 - the same weather each time
    storage = storage_weather(random.Random(SEED))  # noqa: S311 - the same
    settings = {"NAPTIME_MIND_SCHEDULE": "*/15 * * * * *", "NAPTIME_SWEEP_SCHEDULE": "0 * * * * *"}
    async with farm(
        tmp_path,
        SoakFleet(),
        *("--throttle", "--event-retry-scale=0.05", "--operation-seconds=3", "--page-size=11"),
        lease_seconds=5,
        with_events=True,
        settings=settings,
        tripwire=storage,
    ) as running:
        await running.controls.order("locked", scope=LOCKED)
        odd = {
            str(each["id"]): each["maintenanceConfigurations"] for each in await odd_ones(running)
        }
        people = await People.log_in(
            running.session, running.controls.url, tmp_path / "ca.pem", dice
        )
        soak = Soak(running, people, storage, dice)
        await soak.go_on()
        await calm(running.controls, storage)
        await people.put_everything_right()
        await settle(running)
        await check(running, odd)
        logging.getLogger(__name__).info(soak.summary())


async def odd_ones(running: Farm) -> list[Json]:
    return [each for each in await running.state() if "/aa-odd-" in str(each["id"])]


async def settle(running: Farm) -> None:
    """Wait until every event is delivered, nobody is unprotected, and the queues are empty."""

    async def quiet() -> bool | None:
        return await running.controls.events_idle() or None

    async def protected() -> bool | None:
        return not judge.unprotected(await running.state()) or None

    async def empty() -> bool | None:
        # What cannot be written for a lock may be tried for a day.
        return await waiting(running) <= LOCKED_ONES or None

    await running.until(quiet, holds="every event delivered")
    await running.until(protected, holds="everybody protected")
    before = resident_mb(running)
    await running.finished(await running.start_run())
    await running.until(empty, holds="queues empty")
    assert resident_mb(running) - before < GROWTH_MB


async def waiting(running: Farm) -> int:
    """Count the messages of every queue, hidden ones included; none may be poisoned."""
    counts: dict[str, int] = {}
    connection = running.azurite.connection_string
    async with QueueServiceClient.from_connection_string(connection) as service:
        async for queue in service.list_queues():
            properties = await service.get_queue_client(queue.name).get_queue_properties()
            counts[queue.name] = properties.approximate_message_count or 0
    assert {name: count for name, count in counts.items() if "poison" in name and count} == {}
    return sum(counts.values())


def resident_mb(running: Farm) -> float:
    """Read how much memory the host has, in MB."""
    status = Path(f"/proc/{running.host.pid}/status").read_text(encoding="ascii")
    (line,) = [each for each in status.splitlines() if each.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


async def check(running: Farm, odd: dict[str, object]) -> None:
    """Judge by the journal and the state."""
    journal = await running.controls.journal()
    state = await running.state()
    assert len(journal) > 100
    assert judge.unprotected(state) == []
    assert judge.written_over(journal) == []
    assert judge.least_lead(journal) >= min(LEADS)
    assert judge.own_throttling(journal) == []
    assert judge.touched(odd, state) == []
