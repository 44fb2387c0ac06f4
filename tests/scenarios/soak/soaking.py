"""What goes on during a soak, all of it at once, and what is noted of it."""

import asyncio
import json
import random
from collections import Counter
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from azure.storage.queue.aio import QueueServiceClient

from local.processes import ChildDidNotStart
from tests.clusters import Json
from tests.payloads import cluster_failed, cluster_written, schedule_deleted, tags_written
from tests.scenarios.farm import Farm
from tests.scenarios.soak.fleet import SUBSCRIPTIONS, editable
from tests.scenarios.soak.judge import Spell
from tests.scenarios.soak.people import People
from tests.scenarios.soak.weather import StorageWeather, change

EVENTS_A_SECOND: Final = 9
"""More than 5,000 in ten minutes, with those of the edits."""

MOST_WAITING: Final = 400
"""Messages on the queues, beyond which no more events are sent."""

LEADS: Final = (30, 40, 60)
STARTS: Final = ("01:00", "02:00", "22:30")
KINDS: Final = (cluster_written, cluster_written, cluster_failed, tags_written, schedule_deleted)


@dataclass(slots=True)
class Soak:
    """What goes on for some seconds, and until so many events were sent, whichever is later."""

    running: Farm
    people: People
    storage: StorageWeather
    dice: random.Random
    seconds: float
    spells: list[Spell]
    sent: int = 0
    noted: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    """In MB: of the last host once it has worked for a while, and whenever that is asked again."""

    @property
    def events_to_send(self) -> int:
        """Give how many events it takes, each counted once."""
        return int(self.seconds * EVENTS_A_SECOND * 0.95)

    async def go_on(self) -> None:
        """Let everything go on at once; the last third without a restart, for the memory's sake."""
        at_once = (self._events(), self._edits(), self._weather(), self._hosts())
        tasks = [asyncio.create_task(each) for each in at_once]
        try:
            await self._until_done(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_done(self, tasks: list[asyncio.Task[None]]) -> None:
        """Wait until the time is over and the events are sent, or something has gone wrong."""
        hosts, ends_at = tasks[-1], asyncio.get_running_loop().time() + self.seconds
        while not (hosts.done() and self.sent >= self.events_to_send and _is_past(ends_at)):
            await asyncio.sleep(0.5)
            for task in tasks:
                if task.done():
                    task.result()

    async def _events(self) -> None:
        """Send events about anything, some of them two or three times, in any order.

        As many as the machine keeps up with: the emulator takes the longer for each message the
        more there are.
        """
        while True:
            if await waiting(self.running) > MOST_WAITING:
                await asyncio.sleep(1)
                continue
            batch = [
                _event(self.dice.choice(KINDS)(self.dice.choice(editable())))
                for _ in range(EVENTS_A_SECOND)
            ]
            copies = self.dice.choice((1, 1, 1, 2, 3))
            await self.running.controls.send_events(batch, copies=copies, reversed=True)
            self.noted["copies of events"] += len(batch) * (copies - 1)
            self.sent += len(batch)
            await asyncio.sleep(1)

    async def _edits(self) -> None:
        """Edit a cluster every second or so."""
        while True:
            await self.people.edit()
            await asyncio.sleep(self.dice.uniform(0.3, 1.5))

    async def _weather(self) -> None:
        """Change the weather every few seconds."""
        while True:
            self.noted[await change(self.running.controls, self.storage, self.dice)] += 1
            await asyncio.sleep(self.dice.uniform(3, 9))

    async def _hosts(self) -> None:
        """Kill the host, or stop it, and start it with other settings; the last one stays."""
        last_at = asyncio.get_running_loop().time() + self.seconds * 2 / 3
        while not _is_past(last_at):
            await asyncio.sleep(self.dice.uniform(20, 45))
            await self._end_host()
            await self._start_host(self._other_settings())
        await self._end_host()
        await self._start_host(Spell(await self.now(), self.dice.choice(LEADS), SUBSCRIPTIONS))
        await asyncio.sleep(self.seconds / 10)
        self.note_memory()

    async def _end_host(self) -> None:
        is_kill = self.dice.random() < 0.7
        await (self.running.host.kill() if is_kill else self.running.host.stop())
        self.noted["killed" if is_kill else "stopped"] += 1

    def _other_settings(self) -> Spell:
        """Choose what the next host is told: perhaps not to write, or to leave one out."""
        without = self.dice.choice(SUBSCRIPTIONS) if self.dice.random() < 0.3 else ""
        return Spell(
            self.spells[-1].began_at,
            self.dice.choice(LEADS),
            tuple(each for each in SUBSCRIPTIONS if each != without),
            dry_run=self.dice.random() < 0.15,
        )

    async def _start_host(self, spell: Spell) -> None:
        """Start the host, again and again if need be: in a storm it may not come up."""
        settings = self.running.settings
        settings["NAPTIME_WINDOW_START"] = self.dice.choice(STARTS)
        settings["NAPTIME_LEAD_MINUTES"] = str(spell.lead_minutes)
        settings["NAPTIME_SUBSCRIPTIONS"] = ",".join(spell.subscriptions)
        settings["NAPTIME_DRY_RUN"] = str(spell.dry_run).lower()
        began_at = await self.now()
        while not await self._is_started():
            self.noted["did not start"] += 1
        self.spells[-1] = replace(self.spells[-1], ended_at=await self.now())
        self.spells.append(replace(spell, began_at=began_at))
        self.noted["dry runs"] += spell.dry_run
        self.noted["subscriptions left out"] += len(spell.subscriptions) < len(SUBSCRIPTIONS)

    async def _is_started(self) -> bool:
        try:
            await self.running.start_host()
        except ChildDidNotStart:
            return False
        return True

    async def now(self) -> datetime:
        """Give the simulated time."""
        return await self.running.now()

    def note_memory(self) -> None:
        """Note how much memory the host has."""
        status = Path(f"/proc/{self.running.host.pid}/status").read_text(encoding="ascii")
        (line,) = [each for each in status.splitlines() if each.startswith("VmRSS:")]
        self.memory.append(int(line.split()[1]) / 1024)

    @property
    def growth(self) -> float:
        """Give by how much the memory of the last host has grown, in MB."""
        return self.memory[-1] - self.memory[0]

    def summary(self) -> str:
        """Say what was done."""
        people, refused = self.people.answers, self.storage.refused
        memory = [round(each) for each in self.memory]
        return f"{self.sent} events, people {people}, storage {refused}, {memory} MB, {self.noted}"


async def queues(running: Farm) -> dict[str, int]:
    """Count the messages of every queue, hidden ones included."""
    counts: dict[str, int] = {}
    connection = running.azurite.connection_string
    async with QueueServiceClient.from_connection_string(connection) as service:
        async for queue in service.list_queues():
            properties = await service.get_queue_client(queue.name).get_queue_properties()
            counts[queue.name] = properties.approximate_message_count or 0
    return counts


async def waiting(running: Farm) -> int:
    """Count all of them."""
    return sum((await queues(running)).values())


def _is_past(instant: float) -> bool:
    return asyncio.get_running_loop().time() >= instant


def _event(text: str) -> Json:
    (event,) = json.loads(text) if text.startswith("[") else [json.loads(text)]
    assert isinstance(event, dict)
    return event
