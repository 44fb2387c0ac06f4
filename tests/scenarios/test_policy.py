"""A policy as its users meet it: three rings over three continents, pushed at bad moments."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import cast

from shared.domain.policy.read import policy_hash
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import SUBSCRIPTION, Json, cluster
from tests.scenarios.farm import KEY, Farm, farm

RINGS = ("dev", "test", "prod")
DAYS = {"dev": "Tuesday", "test": "Thursday", "prod": "Sunday"}
ZONES = {
    "westeurope": "Europe/Berlin",
    "eastus2": "America/New_York",
    "southeastasia": "Asia/Singapore",
}
FAST = {"NAPTIME_SHARD_BURST": "10000", "NAPTIME_SHARD_RATE_PER_SECOND": "1000"}
MOST_SHARED = 20
"""More clusters of one subscription, location and start are a crowd."""


def _window(ring: str, location: str) -> str:
    return (
        f'[windows.{ring}-{location}]\non = "{DAYS[ring]}"\nstart = "22:00"\nhours = 6\n'
        f'zone = "{ZONES[location]}"\n'
    )


def _rule(ring: str, location: str) -> str:
    return (
        f'[[rules]]\nname = "{ring} in {location}"\nmatch.tags.env = "{ring}"\n'
        f'match.locations = "{location}"\nwindow = "{ring}-{location}"\n'
    )


PLACES = [(ring, location) for ring in RINGS for location in ZONES]
NINE = "\n".join(
    [
        "version = 1",
        *(_window(*place) for place in PLACES),
        (
            '[[rules]]\nname = "labs"\nmatch.tags.env = "lab"\n'
            'leave = { until = 2027-03-31, owner = "lab", reason = "rebuilt every night" }\n'
        ),
        *(_rule(*place) for place in PLACES),
        '[[rules]]\nname = "all others"\nwindow = "prod-westeurope"\n',
    ]
)
"""Three rings, each in the night of its continent."""

OTHERS = NINE.replace('start = "22:00"', 'start = "10:00"')
THIRD = NINE.replace('start = "22:00"', 'start = "16:00"')


@dataclass(frozen=True, slots=True)
class Rings:
    """Clusters without a schedule, in turn over the rings and the continents."""

    clusters: int
    subscriptions: Sequence[str] = (SUBSCRIPTION,)

    def document(self) -> Json:
        """Give the fleet file."""
        places = zip(range(self.clusters), cycle(PLACES), strict=False)
        return {
            "clusters": [
                cluster(f"aks-{number:03}", location=location, tags={"Env": ring}, group="rg")
                for number, (ring, location) in places
            ]
        }


async def put(running: Farm, text: str, if_match: str | None = None) -> tuple[int, Json]:
    """Put a policy, under a condition if one is given."""
    headers = {"x-functions-key": KEY, "content-type": "application/toml"}
    headers |= {"if-match": f'"{if_match}"'} if if_match else {}
    url = f"{running.host.url}/api/policy"
    async with running.session.put(url, data=text.encode(), headers=headers) as response:
        return response.status, await response.json(content_type=None)


async def in_force(running: Farm) -> str:
    """Give the hash of the policy in force, empty if there is none."""
    status, shown = await running.api("GET", "policy")
    assert status == 200, shown
    return str(shown["hash"])


def window_of(body: Json) -> Json:
    """Give the window of a cluster that has one schedule."""
    (found,) = cast("list[Json]", body["maintenanceConfigurations"])
    return cast("Json", cast("Json", found["properties"])["maintenanceWindow"])


def start_of(body: Json) -> tuple[str, str, str]:
    """Give day, time and offset of a cluster's window."""
    window = window_of(body)
    weekly = cast("Json", cast("Json", window["schedule"])["weekly"])
    return str(weekly["dayOfWeek"]), str(window["startTime"]), str(window["utcOffset"])


async def calls_of_a_run(running: Farm) -> Counter[str]:
    """Do a run over everything, and count the calls that it cost, by operation."""
    run = await running.finished(await running.start_run())
    assert run["outcomes"] == {"Created": 270}
    journal = await running.controls.journal(path="*managedClusters*")
    return Counter(str(entry["operation"]) for entry in journal)


async def test_three_rings_on_three_continents(tmp_path: Path) -> None:
    """270 clusters: each ring its day, spread over two hours, no start crowded, no call more."""
    found = []
    for name, text in (("without", None), ("with", NINE)):
        (folder := tmp_path / name).mkdir()
        async with farm(folder, Rings(270), settings=FAST) as running:
            if text:
                assert (await put(running, text))[0] == 200
            found.append(await calls_of_a_run(running))
            if text:
                await _see_the_rings(running)
    assert found[0] == found[1]


async def _see_the_rings(running: Farm) -> None:
    starts = defaultdict[tuple[str, str], Counter[tuple[str, str, str]]](Counter)
    for body in await running.state():
        ring = cast("dict[str, str]", body["tags"])["Env"]
        starts[ring, str(body["location"])][start_of(body)] += 1
        assert window_of(body)["durationHours"] == 4
    assert set(starts) == set(PLACES)
    for (ring, _), counted in starts.items():
        assert len(counted) >= 5
        assert max(counted.values()) <= MOST_SHARED
        # From 22:00 over two hours: a start at midnight is on the day after.
        assert {start for start in counted if start[1] != "00:00"} == {
            start for start in counted if start[0] == DAYS[ring]
        }
    again = await running.finished(await running.start_run(fleet=True, dryRun=True))
    assert again["crowdedStarts"] == []


async def test_a_policy_pushed_while_a_run_is_under_way(tmp_path: Path) -> None:
    """The run keeps the one it began with, to its last cluster; the next looks by the new one."""
    slow = {"NAPTIME_SHARD_BURST": "6", "NAPTIME_SHARD_RATE_PER_SECOND": "4"}
    async with farm(tmp_path, Rings(54), settings=slow) as running:
        assert (await put(running, NINE))[0] == 200
        run_id = await running.start_run()

        async def some_are_done() -> bool | None:
            return bool(await running.writes()) or None

        await running.until(some_are_done, holds="the first writes")
        assert (await put(running, OTHERS))[0] == 200
        run = await running.finished(run_id)
        rows = cast("list[Json]", cast("Json", run["clusters"])["value"])
        assert {row["policyHash"] for row in rows} == {policy_hash(NINE)} == {run["policyHash"]}
        assert {start_of(body)[1][:2] for body in await running.state()} <= {"22", "23", "00"}
        assert await in_force(running) == policy_hash(OTHERS)


async def test_two_policies_pushed_within_a_second(tmp_path: Path) -> None:
    """Both know the same one before: one is in force then, the other is refused and says so."""
    async with farm(tmp_path, Rings(9)) as running:
        _, first = await put(running, NINE)
        before = str(first["hash"])
        answers = await asyncio.gather(*(put(running, text, before) for text in (OTHERS, THIRD)))
        assert sorted(status for status, _ in answers) == [200, 412]
        (won,) = [body for status, body in answers if status == 200]
        (lost,) = [body for status, body in answers if status == 412]
        assert await in_force(running) == won["hash"]
        assert lost["reason"] == "ConditionFailed"
        assert lost["etag"] == f'"{won["hash"]}"'


async def test_storage_that_is_down_at_the_push(tmp_path: Path) -> None:
    """It is said, and no half policy is in force afterwards; the same call then puts it."""
    async with farm(tmp_path, Rings(9)) as running:
        assert (await put(running, NINE))[0] == 200
        await running.azurite.stop()
        status, problem = await put(running, OTHERS, policy_hash(NINE))
        assert status == 503, problem
        await running.azurite.start()

        async def is_back() -> str | None:
            status, shown = await running.api("GET", "policy")
            return str(shown["hash"]) if status == 200 else None

        assert await running.until(is_back, holds="the policy shown") == policy_hash(NINE)
        assert (await put(running, OTHERS, policy_hash(NINE)))[0] == 200
        assert await in_force(running) == policy_hash(OTHERS)


async def test_a_tag_that_is_taken_off(tmp_path: Path) -> None:
    """An exempt cluster whose tag goes is protected within seconds, by its event."""
    lab = ClusterId.of(SUBSCRIPTION, "rg", "aks-lab")
    async with farm(tmp_path, Rings(1), with_events=True) as running:
        assert (await put(running, NINE))[0] == 200
        await running.controls.put(cluster("aks-lab", group="rg", tags={"env": "lab"}))
        place = f"clusters/{lab.subscription_id}/{lab.resource_group}/{lab.name}"

        async def is_exempt() -> bool | None:
            _, shown = await running.api("GET", place)
            last = cast("Json", shown.get("lastOutcome") or {})
            return True if last.get("reason") == "Exempt" else None

        await running.until(is_exempt, holds="the exemption")
        assert await running.controls.schedule(lab) is None
        began = asyncio.get_running_loop().time()
        await running.controls.put(cluster("aks-lab", group="rg"))

        async def is_protected() -> Json | None:
            return await running.controls.schedule(lab)

        await running.until(is_protected, holds="a schedule")
        assert asyncio.get_running_loop().time() - began < 30
        _, shown = await running.api("GET", place)
        assert cast("Json", shown["decision"])["rule"] == "all others"


async def test_a_rule_of_yesterday(tmp_path: Path) -> None:
    """What was exempt until yesterday is protected by the next rule at the next run, and told."""
    lab = ClusterId.of(SUBSCRIPTION, "rg", "aks-lab")
    place = f"clusters/{lab.subscription_id}/{lab.resource_group}/{lab.name}"
    async with farm(tmp_path, Rings(1)) as running:
        today = (await running.now()).date()
        until, over = (f"until = {today + timedelta(days=days)}" for days in (1, -1))
        await running.controls.put(
            cluster("aks-lab", group="rg", tags={"env": "lab"}), events=False
        )
        assert (await put(running, NINE.replace("until = 2027-03-31", until)))[0] == 200
        await running.finished(await running.start_run())
        assert await running.controls.schedule(lab) is None
        # The processes have the machine's clock: the day that passes is the file's.
        assert (await put(running, NINE.replace("until = 2027-03-31", over)))[0] == 200
        await running.finished(await running.start_run())
        assert await running.controls.schedule(lab) is not None
        _, shown = await running.api("GET", place)
        decision = cast("Json", shown["decision"])
        findings = cast("list[Json]", decision["findings"])
        assert decision["rule"] == "all others"
        assert "ExemptionExpired" in {each["reason"] for each in findings}
