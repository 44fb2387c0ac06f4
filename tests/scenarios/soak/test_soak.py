"""Ten minutes of everything at once, judged by what Azure saw and by nothing else."""

import asyncio
import logging
import os
import random
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import cast

import pytest

from shared.domain.messages.work import LONGEST_DELAY
from tests.clusters import Json
from tests.scenarios.farm import Farm, farm
from tests.scenarios.soak import judge
from tests.scenarios.soak.fleet import SUBSCRIPTIONS, SoakFleet, closed_scopes
from tests.scenarios.soak.judge import Spell
from tests.scenarios.soak.people import People
from tests.scenarios.soak.soaking import Soak, waiting
from tests.scenarios.soak.weather import calm, storage_weather

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
SEED = int(os.environ.get("SOAK_SEED", "15"))
MOST_GROWTH_MB = 30
FIRST_LEAD = 40

LEASE_SECONDS = 60
"""How soon the messages of a killed host come again. A busy machine may take many seconds to renew
the lease of one that is being worked on; one that is lost five times over would be set aside."""

STANDS_STILL = LONGEST_DELAY * 1.25 + timedelta(minutes=1)
"""How long nothing may change: as long as naptime may wait before its next attempt."""


@pytest.mark.campaign
async def test_a_soak(tmp_path: Path) -> None:
    """Faults, kills, edits and odd clusters: whoever can be protected is, and nobody is wronged."""
    dice = random.Random(SEED)  # noqa: S311 - the same weather each time
    storage = storage_weather(random.Random(SEED))  # noqa: S311 - the same
    settings = {
        "NAPTIME_MIND_SCHEDULE": "*/15 * * * * *",
        "NAPTIME_SWEEP_SCHEDULE": "0 * * * * *",
        "NAPTIME_LEAD_MINUTES": str(FIRST_LEAD),
    }
    async with farm(
        tmp_path,
        SoakFleet(),
        *("--throttle", "--event-retry-scale=0.05", "--operation-seconds=3", "--page-size=11"),
        lease_seconds=LEASE_SECONDS,
        with_events=True,
        settings=settings,
        tripwire=storage,
    ) as running:
        for scope, fault in closed_scopes().items():
            await running.controls.order(fault, scope=scope)
        odd = {str(each["id"]): each["maintenanceConfigurations"] for each in await odd_of(running)}
        authorities = tmp_path / "ca.pem"
        people = await People.log_in(running.session, running.controls.url, authorities, dice)
        first = Spell(await running.now() - timedelta(minutes=1), FIRST_LEAD, SUBSCRIPTIONS)
        soak = Soak(running, people, storage, dice, SECONDS, [first])
        await soak.go_on()
        await calm(running.controls, storage)
        await people.put_everything_right()
        await settle(soak)
        logging.getLogger(__name__).info(soak.summary())
        check_what_was_done(soak)
        await check(soak, odd)


async def odd_of(running: Farm) -> list[Json]:
    return [each for each in await running.state() if "/aa-odd-" in str(each["id"])]


async def settle(soak: Soak) -> None:
    """Wait until every event is delivered, nobody is unprotected, and the queues are empty."""
    running = soak.running

    async def undelivered() -> int:
        return int(not await running.controls.events_idle())

    async def unprotected() -> int:
        return len(judge.unprotected(await running.state()))

    async def messages() -> int:
        return await waiting(running)

    await until_none(undelivered, "events are not delivered")
    await until_none(unprotected, "clusters are not protected")
    await running.finished(await running.start_run())
    await until_none(messages, "messages are waiting")
    soak.note_memory()


async def until_none(count: Callable[[], Awaitable[int]], what: str) -> None:
    """Wait until a number is 0; fail once it has not sunk for as long as naptime may wait."""
    least, sank_at = sys.maxsize, monotonic()
    while least:
        now = await count()
        if now < least:
            least, sank_at = now, monotonic()
        elif monotonic() - sank_at > STANDS_STILL.total_seconds():
            raise AssertionError(f"{now} {what}, and there were never fewer than {least}")
        await asyncio.sleep(0.5)


def check_what_was_done(soak: Soak) -> None:
    """Check that it was a soak: events, copies, both weathers, kills and changed settings."""
    assert soak.sent >= soak.events_to_send
    assert soak.storage.refused > SECONDS / 60
    assert soak.people.answers[200] > SECONDS / 4
    for what in ("killed", "copies of events"):
        assert soak.noted[what], what
    assert len(soak.spells) > SECONDS / 100


async def check(soak: Soak, odd: dict[str, object]) -> None:
    """Judge by the journal and the state; what was given up is what nobody could write."""
    running = soak.running
    journal, state = await running.controls.journal(), await running.state()
    assert journal[0]["sequence"] == 1, "the journal is whole"
    assert judge.unprotected(state) == []
    assert judge.written_over(journal) == []
    assert judge.against_settings(journal, soak.spells) == []
    assert judge.own_throttling(journal) == []
    assert judge.touched(odd, state) == []
    assert soak.growth < MOST_GROWTH_MB
    _, given_up = await running.api("GET", "given-up?pageSize=500")
    records = cast("list[Json]", given_up["value"])
    assert judge.given_up_wrongly(records, state) == []
    # A later run forgets that a message was set aside; the log of its host does not.
    logs = [host.stderr_text() for host in running.hosts]
    assert judge.set_aside(logs) == []
