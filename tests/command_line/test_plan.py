"""`naptime plan`, `audit`, `show` and `forecast` against the simulator as a tenant."""

from collections import Counter
from typing import cast

import pytest

from tests.command_line.conftest import Json, Type, azure, writes
from tests.command_line.tenants import a_cluster, subscription
from tests.simulated_azure import Controls


def rows(run: Json) -> list[Json]:
    """Give the rows of a run."""
    return cast("list[Json]", cast("Json", run["clusters"])["value"])


async def reads(controls: Controls) -> Counter[str]:
    """Count the reads of configurations by cluster."""
    journal = await controls.journal(method="GET", path="*/maintenanceConfigurations")
    return Counter(str(each["path"]) for each in journal)


async def test_a_tenant_is_planned(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """Every cluster is read once at most, nothing is written, and the figures add up."""
    async with azure(monkeypatch, 120, 10, limits=True) as controls:
        said = await typed("plan", "--all", "--format", "json")
        assert said.code == 0, said.err
        run = said.json
        found = Counter(str(row["outcome"]) for row in rows(run))
        assert found == {"WouldCreate": 60, "Unchanged": 30}
        assert cast("Json", run["reasons"]) == {
            "ScheduleMissing": 60,
            "UpToDate": 15,
            "LongerThanWeekly": 15,
            "Excluded": 15,
            "NotAutoProvisioned": 15,
        }
        read = await reads(controls)
        assert (len(read), max(read.values())) == (90, 1)
        assert await writes(controls) == []
        assert run["throttled"] == 0
        text = await typed("plan", "--all", "--detailed-exitcode")
        assert text.code == 2
        assert text.last == "Nothing was written. naptime protect would write 60 schedules."
        assert "\n15  excluded\n" in text.out


async def test_only_what_is_asked_for(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """Subscriptions and locations narrow what is read, and the window is what the flags say."""
    async with azure(monkeypatch, 48, 3) as controls:
        said = await typed(
            *("plan", "--subscription", subscription(0), "--subscription", subscription(2)),
            *("--location", "West Europe", "--format", "json", "--quiet"),
            *("--day", "Saturday", "--start", "02:00", "--utc-offset", "+01:00", "--hours", "6"),
            *("--spread-minutes", "0"),
        )
        assert (said.code, said.err) == (0, "")
        found = rows(said.json)
        assert found
        assert {str(row["clusterId"]).split("/")[2] for row in found} == {
            subscription(0),
            subscription(2),
        }
        windows = [row["window"] for row in found if row["outcome"] == "WouldCreate"]
        assert windows
        for window in windows:
            assert isinstance(window, dict)
            assert (window["startTime"], window["utcOffset"]) == ("02:00", "+01:00")
            assert window["schedule"] == {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Saturday"}}
        journal = await controls.journal()
        assert not [each for each in journal if subscription(1) in str(each["path"])]


async def test_an_audit_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """An audit names each finding with its clusters, and writes nothing."""
    async with azure(monkeypatch, 16, 2) as controls:
        said = await typed("audit", "--all", "--detailed-exitcode")
        assert said.code == 2
        assert "ScheduleMissing (8)" in said.out
        assert "IntervalAmbiguous (2)" in said.out
        assert said.last == "10 clusters with 3 kinds of finding."
        assert await writes(controls) == []
        whole = await typed("audit", "--all", "--format", "json")
        assert len(rows(whole.json)) == 10


async def test_one_cluster_is_shown(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """By name, by group and name, by id or by the portal's URL it is the same cluster."""
    async with azure(monkeypatch, 16, 2):
        identifier = a_cluster(0, 2)
        portal = f"https://portal.azure.com/#@x/resource{identifier}/overview"
        answers = [
            await typed("show", reference)
            for reference in ("AKS-0000", "rg-0/aks-0000", str(identifier), portal)
        ]
        assert [said.code for said in answers] == [0] * 4
        assert len({said.out for said in answers}) == 1
        out = answers[0].out
        assert "naptime would create the schedule: Sun 01:00 +00:00, 4 h" in answers[0].last
        assert "az aks maintenanceconfiguration add --subscription" in out
        assert "ScheduleMissing" in out
        kept = await typed("show", "aks-0004", "--detailed-exitcode", "--format", "json")
        assert kept.code == 0
        assert cast("Json", kept.json["decision"])["action"] == "Leave"
        nobody = await typed("show", "aks-9999")
        assert (nobody.code, nobody.out) == (64, "")
        assert "CLUSTER 'aks-9999': no cluster of this name can be seen" in nobody.err
        gone = await typed("show", str(identifier).replace("0000", "9999"))
        assert gone.code == 1
        assert "naptime: ClusterGone: " in gone.err or "naptime: " in gone.err


async def test_a_forecast_is_about_the_newest_images(
    monkeypatch: pytest.MonkeyPatch, typed: Type
) -> None:
    """A forecast names the images of the location, and writes nothing."""
    async with azure(monkeypatch, 16, 2) as controls:
        await controls.release("westeurope", "AKSUbuntu", "2404gen2containerd", "202611.20.0")
        said = await typed("forecast", "aks-0004")
        assert said.code == 0, said.err
        assert "AKSUbuntu 202611.20.0" in said.out
        assert "certain by" in said.out
        assert await writes(controls) == []
        nothing = await typed("forecast", "aks-0007", "--format", "json")
        assert nothing.out == "[]\n"


async def test_nobody_is_signed_in(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """Without a login of any kind there is one clear sentence, and exit code 1."""
    async with azure(monkeypatch, 8, 1) as controls:
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_CLIENT_ID"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
        monkeypatch.setenv("PATH", "/nowhere")
        said = await typed("plan", "--all", "--quiet")
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith("naptime: NotAuthenticated: Nobody is signed in. Run `az login`")
        assert said.err.count("\n") == 1
        assert await controls.journal() == []


async def test_no_subscription_can_be_seen(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """Where the login sees nothing at all, that is said, and not that all is well."""
    async with azure(monkeypatch, 0, 1):
        said = await typed("plan", "--all")
        assert (said.code, said.out) == (64, "")
        assert "--all '': no subscription can be seen with this login" in said.err
