"""`naptime policy`, `--policy` and `naptime explain`: which window for which cluster, and why."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from naptime.reports.policy.put import put_report
from tests.command_line.conftest import Json, Type, azure, writes
from tests.command_line.deployments import KEY, Deployed, deploy
from tests.command_line.tenants import a_cluster
from tests.unit.domain.policy.examples import RINGS

if TYPE_CHECKING:
    from shared.reconcile.shown.policy import PutPolicyJson

HIDDEN = RINGS.replace(
    '[[rules]]\nname = "everything else"',
    '[[rules]]\nname = "test"\nmatch.tags.env = "test"\nwindow = "early"\n\n'
    '[[rules]]\nname = "everything else"',
)
OTHER = RINGS.replace('name = "everything else"', 'name = "all others"')
TWICE_WRONG = RINGS.replace('"Tuesday"', '"Dienstag"').replace("hours = 6", "hours = 3")


@pytest.fixture
def rings(tmp_path: Path) -> str:
    """Write the policy of two rings into a file, and name it."""
    return written(tmp_path, "policy.toml", RINGS)


def written(folder: Path, name: str, text: str) -> str:
    """Write a file, and give its path."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


async def test_a_file_is_checked_without_asking_anybody(typed: Type, rings: str) -> None:
    """What it says is shown, windows and rules in their order; nothing else is needed."""
    said = await typed("policy", "check", rings)
    assert said.code == 0
    assert said.last.startswith("The policy is right; no warnings. Its hash is ")
    assert "Tuesday 22:00 Europe/Berlin, 5 h" in said.out
    checked = await typed("policy", "check", "-", "--format", "json", answer=RINGS)
    assert [rule["rule"] for rule in cast("list[Json]", checked.json["rules"])] == [
        *("sandboxes", "dev and test", "everything else")
    ]


async def test_every_problem_of_a_file_has_its_place(typed: Type) -> None:
    """Each on a line of its own, and the exit code of something that failed."""
    said = await typed("policy", "check", "-", answer=TWICE_WRONG)
    assert (said.code, said.out) == (1, "")
    assert "naptime: windows.early.on 'Dienstag': must be daily, or a day" in said.err
    assert "naptime: windows.weekend.hours '3': must be" in said.err


async def test_what_is_hardly_meant_is_warned_of(typed: Type) -> None:
    """A hidden rule is no failure, and an exit code where that is asked for."""
    said = await typed("policy", "check", "-", "--detailed-exitcode", answer=HIDDEN)
    assert said.code == 2
    assert "Rule 'test' is hidden: 'dev and test' before it" in said.out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("policy", "check", "no-such-file"), "FILE 'no-such-file': cannot be read: No such file"),
        (("plan", "--all", "--policy", "x", "--day", "Monday"), "cannot stand beside --day"),
        (("show", "aks-1", "--policy", "x", "--app", "https://a.example"), "beside --app here"),
        (
            ("plan", "--policy", "x", "--app", "https://a.example", "--location", "westeurope"),
            "is tried out on all clusters",
        ),
        (("policy", "push", "x"), "Missing option '--app'"),
    ],
)
async def test_wrong_usage_is_said(
    typed: Type, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], what: str
) -> None:
    """The flag or the file is named, before anybody is asked."""
    monkeypatch.setenv("NAPTIME_KEY", KEY)
    said = await typed(*words)
    assert said.code == 64
    assert what in said.err


async def test_too_much_and_no_text_are_refused(typed: Type, tmp_path: Path) -> None:
    """A file that is too long or not UTF-8 is named, with what is wrong."""
    long = written(tmp_path, "long.toml", "#" * 70_000)
    assert "must be at most 65536 bytes" in (await typed("policy", "check", long)).err
    odd = tmp_path / "odd.toml"
    odd.write_bytes(b"version = 1 # \xff")
    assert "must be UTF-8: byte 14 is not" in (await typed("policy", "check", str(odd))).err


async def test_a_plan_by_a_policy(
    monkeypatch: pytest.MonkeyPatch, typed: Type, tmp_path: Path
) -> None:
    """Two rings, two windows, by one's own login; protect writes what was planned."""
    by_name = RINGS.replace('match.tags.env = ["dev", "test"]', 'match.clusters = "aks-0000"')
    file = written(tmp_path, "policy.toml", by_name)
    async with azure(monkeypatch, 8, 2) as controls:
        planned = await typed("plan", "--all", "--policy", file, "--format", "json")
        rows = cast("list[Json]", cast("Json", planned.json["clusters"])["value"])
        rules = {str(row["clusterId"])[-8:]: row["rule"] for row in rows}
        assert rules["aks-0000"] == "dev and test"
        assert rules["aks-0001"] == "everything else"
        assert len({str(row["policyHash"]) for row in rows}) == 1
        explained = await typed("explain", "aks-0001", "--policy", file)
        assert [line.split()[0] for line in explained.out.splitlines()[1:6]] == [
            *("cluster", "passed", "rule", "it", "schedule")
        ]
        assert "sandboxes (tag env is absent); dev and test (name is aks-0001)" in explained.out
        assert "window weekend" in explained.out
        assert explained.last.startswith("Create, ScheduleMissing: ")
        assert not await writes(controls)
        done = await typed("protect", "--all", "--yes", "--quiet", "--policy", file)
        assert done.code == 0
        assert "window                  Tue 2" in (await typed("show", "aks-0000")).out


async def test_explaining_without_a_policy(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """The settings' window is the one rule, and the first."""
    async with azure(monkeypatch, 8, 2):
        said = await typed("explain", "aks-0000")
    assert "none: it is the first" in said.out
    assert "settings (it is for every cluster)" in said.out


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Deployed]:
    """Deploy naptime for eight clusters."""
    async with deploy(tmp_path, 8, 2) as found:
        yield found


async def test_a_policy_is_pushed_shown_and_put_back(
    by_key: Type, rings: str, tmp_path: Path
) -> None:
    """From an empty home over two versions to the first again; of two at once one is refused."""
    assert "There is no policy" in (await by_key("policy", "show")).last
    await by_key("reconcile", "--all", "--dry-run", "--quiet")
    tried = await by_key("policy", "push", rings, "--dry-run", "--format", "json")
    assert (tried.json["dryRun"], tried.json["version"]) == (True, None)
    pushed = await by_key("policy", "push", rings)
    assert (pushed.code, pushed.last[:21]) == (0, "Version 1 is in force")
    assert (await by_key("policy", "show", "--text")).out == RINGS
    first = str(tried.json["hash"])
    other = written(tmp_path, "other.toml", OTHER)
    assert (await by_key("policy", "push", other, "--if-match", first)).code == 0
    late = written(tmp_path, "late.toml", HIDDEN)
    refused = await by_key("policy", "push", late, "--if-match", first)
    assert (refused.code, "ConditionFailed (412)" in refused.err) == (1, True)
    again = await by_key("policy", "push", other, "--if-match", first)
    assert again.last.startswith("Version 2 is in force")
    assert (await by_key("policy", "restore", "1")).last.startswith("Version 3 is in force")
    listed = await by_key("policy", "versions", "--format", "json")
    versions = cast("list[Json]", listed.json["value"])
    assert [each["version"] for each in versions] == [3, 2, 1]
    assert versions[0]["hash"] == versions[2]["hash"] == first
    wrong = written(tmp_path, "wrong.toml", TWICE_WRONG)
    said = await by_key("plan", "--policy", wrong)
    assert said.code == 1
    assert "windows.early.on" in said.err
    assert "windows.weekend.hours" in said.err
    planned = await by_key("plan", "--policy", late)
    assert planned.last.startswith("Nothing was put in force.")
    explained = await by_key("explain", str(a_cluster(4, 2)))
    assert "everything else (it is for every cluster)" in explained.out
    assert (await by_key("policy", "restore", "9")).code == 1


def test_more_changes_than_are_named_are_counted() -> None:
    """Of many clusters for which something else is wanted the first are named."""
    wanted = {"rule": "all", "use": "window one"}
    change = {"clusterId": str(a_cluster(0, 2)), "before": wanted, "after": wanted}
    came = {"dryRun": True, "changed": 3, "clusters": 4, "changes": [change], "rules": []}
    report = put_report(cast("PutPolicyJson", {**came, "warnings": []}))
    assert [section.advice for section in report.sections] == [("and 2 more",)]
