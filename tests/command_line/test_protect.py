"""`naptime protect` against the simulator: it asks, writes once, and tells the truth."""

import csv
from collections import Counter
from io import StringIO

import pytest

from tests.clusters import OWN_CLIENT_ID
from tests.command_line.conftest import Type, azure, writes
from tests.command_line.tenants import a_cluster, subscription
from tests.simulated_azure import Controls


async def put_once(controls: Controls) -> bool:
    """Say whether no cluster was written to twice."""
    counts = Counter(str(each["path"]) for each in await writes(controls))
    return max(counts.values(), default=1) == 1


async def test_it_writes_what_it_planned_and_then_nothing(
    monkeypatch: pytest.MonkeyPatch, typed: Type
) -> None:
    """The number is asked for; each cluster is written once; a second call has nothing to do."""
    async with azure(monkeypatch, 80, 5, limits=True) as controls:
        for answer, why in (("39\n", "that is not the number"), ("", "nobody answered")):
            refused = await typed("protect", "--all", answer=answer)
            assert (refused.code, refused.out) == (1, "")
            assert "write 40 schedules? type 40: " in refused.err
            assert why in refused.err
        assert await writes(controls) == []
        done = await typed("protect", "--all", answer="40\n")
        assert done.code == 0, done.err
        assert done.last == "40 schedules written."
        assert len(await writes(controls)) == 40
        assert await put_once(controls)
        again = await typed("protect", "--all", "--yes")
        assert (again.code, len(await writes(controls))) == (0, 40)
        assert again.last.startswith("Nothing to write; 10 clusters need a person.")


async def test_passing_failures_lose_nothing(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """429s, 409s, an outage and lost connections cost time; nothing is lost or written twice."""
    async with azure(monkeypatch, 32, 2) as controls:
        listing = "MaintenanceConfigurations_List*"
        await controls.order("throttled-by-aks", operation=listing, times=2, retryAfter=1)
        await controls.order("operation-in-progress", method="PUT", times=3)
        await controls.order("unavailable", operation=listing, times=2, skip=6)
        await controls.order("drop-after", method="PUT", times=1, skip=5)
        said = await typed("protect", "--all", "--yes", "--quiet")
        assert said.code == 0, said.out + said.err
        assert said.last == "16 schedules written."
        assert len(await writes(controls)) == 16
        assert await put_once(controls)


async def test_what_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """A forbidden subscription and a broken cluster are named; all others get their schedules."""
    async with azure(monkeypatch, 48, 3) as controls:
        closed, broken = subscription(1), a_cluster(2, 3)
        await controls.order(
            "forbidden", operation="ManagedClusters_List", path=f"*{closed}*", times=None
        )
        await controls.order(
            "bad-request",
            operation="MaintenanceConfigurations_List*",
            cluster=broken.name,
            times=None,
        )
        plan = await typed("plan", "--all")
        assert plan.code == 1
        assert f"{closed}  AccessDenied" in plan.out
        assert f"{broken.resource_group}/{broken.name}  RejectedByAzure" in plan.out
        done = await typed("protect", "--all", "--yes", "--quiet")
        assert done.code == 1
        assert f"{closed}  AccessDenied" in done.out
        assert done.last.endswith("Not everything could be read: see above.")
        paths = {str(each["path"]) for each in await writes(controls)}
        assert len(paths) == 15
        assert not [path for path in paths if closed in path or broken.name in path]


async def test_the_missing_actions_are_said(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """Reader is enough to plan; who may not write is told which two actions are missing, where."""
    async with azure(monkeypatch, 16, 2) as controls:
        role = {"actions": ["*/read"]}
        await controls._call("PUT", f"roles/{OWN_CLIENT_ID}", role["actions"])
        assert (await typed("plan", "--all")).code == 0
        said = await typed("protect", "--all", "--yes", "--quiet")
        assert said.code == 1
        assert said.last == "0 of 8 schedules written; 8 not: see above."
        for action in ("read", "write"):
            assert f"managedClusters/maintenanceConfigurations/{action}" in said.out
        assert f"They are missing in subscription {subscription(0)}." in said.out
        assert await writes(controls) == []


async def test_a_sheet_of_what_was_written(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """In a pipeline the answer on standard output is only what came of the writes."""
    async with azure(monkeypatch, 16, 2):
        said = await typed("protect", "--all", "--yes", "--format", "csv")
        lines = list(csv.DictReader(StringIO(said.out)))
        assert {line["plan"] for line in lines} == {"Created"}
        assert len(lines) == 8
        assert "would get a schedule (8)" in said.err
