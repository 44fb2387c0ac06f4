"""The schedule of Kubernetes upgrades at the command line: planned, shown, and written if asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from local.azure.fleet import fleet_of
from local.azure.simulator import Setup
from tests.clusters import Json, schedule
from tests.command_line.conftest import Type, writes
from tests.contract.served import served
from tests.service.test_kubernetes import AUTO_UPGRADE, upgraded
from tests.simulated_azure import Controls


@asynccontextmanager
async def asked_for(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Controls]:
    """Serve a cluster without either schedule, one without the other, and one that needs none."""
    own = {"name": "aksManagedNodeOSUpgradeSchedule", "properties": schedule("Saturday")}
    clusters: list[Json] = [
        upgraded("aks-1"),
        {**upgraded("aks-2"), "maintenanceConfigurations": [own]},
        {**upgraded("aks-3", "none"), "maintenanceConfigurations": [own]},
    ]
    async with served(Setup(fleet=fleet_of({"clusters": clusters})), monkeypatch) as found:
        monkeypatch.setenv("NAPTIME_ARM_ENDPOINT", found.url)
        monkeypatch.setenv("NAPTIME_KUBERNETES_WINDOW", "same")
        yield Controls(found.controls)


async def test_it_is_planned(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """A plan names the clusters that would get it, each with window and first start."""
    async with asked_for(monkeypatch) as controls:
        said = await typed("plan", "--all", "--detailed-exitcode")
        assert said.code == 2
        _, _, section = said.out.partition("would get a schedule of Kubernetes upgrades (2)")
        assert "aks-1" in section
        assert "aks-2" in section
        assert "aks-3" not in section
        assert said.last == "Nothing was written. naptime protect would write 3 schedules."
        assert "KubernetesUpgradeAnyTime" not in said.out
        table = await typed("plan", "--all", "--format", "csv")
        assert table.out.splitlines()[0].endswith(",kubernetesWindow")
        assert await writes(controls) == []


async def test_it_is_shown(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """One cluster says what would be made, and after that which window is there."""
    async with asked_for(monkeypatch):
        before = await typed("show", "aks-2", "--detailed-exitcode")
        assert before.code == 2
        assert f"it would create {AUTO_UPGRADE}: Sat 22:00 +01:00, 6 h, first start" in before.last
        assert (await typed("protect", "--all", "--yes")).code == 0
        after = await typed("show", "aks-2", "--detailed-exitcode")
        assert after.code == 0
        assert "Kubernetes window" in after.out


async def test_it_is_written(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """Protecting writes both, counts both, and has nothing to do after that."""
    async with asked_for(monkeypatch) as controls:
        done = await typed("protect", "--all", answer="3\n")
        assert done.code == 0, done.err
        assert "write 3 schedules? type 3: " in done.err
        assert done.last == "3 schedules written."
        assert len(await writes(controls)) == 3
        again = await typed("protect", "--all", "--yes")
        assert again.last == "Nothing to do."
        assert len(await writes(controls)) == 3


async def test_what_is_refused_is_said(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """Where it is refused for good, it is named with its reason, and the others stand."""
    async with asked_for(monkeypatch) as controls:
        await controls.order("denied-by-policy", path=f"*{AUTO_UPGRADE}", times=None)
        done = await typed("protect", "--all", "--yes", "--format", "json", "--quiet")
        assert done.code == 1
        rows = {str(row["clusterId"])[-5:]: row for row in cast("list[Json]", done.json)}
        assert rows["aks-1"]["outcome"] == "Created"
        assert rows["aks-2"]["outcome"] == "Unchanged"
        others = [cast("Json", row["kubernetes"])["reason"] for row in rows.values()]
        assert others == ["DeniedByPolicy"] * 2
        said = await typed("protect", "--all", "--yes")
        assert said.last == "0 of 2 schedules written; 2 not: see above."
