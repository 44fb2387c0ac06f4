"""`naptime budgets` and `naptime budgets check`: by one's own login, and for a window in words."""

import csv
import json
import re
from io import StringIO
from pathlib import Path
from typing import cast

import pytest
import yaml
from rich.console import Console

from naptime.reports.budgets import Held, told
from naptime.reports.report import Report
from naptime.shown.table import Paper, write_table
from shared.domain.budgets.checking.report import report
from shared.domain.budgets.checking.view import Question
from shared.domain.deciding.observed import ObservedSchedule
from shared.domain.window.recurrence import AbsoluteMonthly
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.shown.budgets import BudgetWindows
from tests.command_line.conftest import Json, Type, azure, writes
from tests.command_line.golden import is_golden
from tests.command_line.tenants import a_cluster
from tests.unit.domain.budgets.pools import GRADUAL, NOW, SAT_SUN, SUNDAYS, WEEKEND_ONLY, node_pool
from tests.unit.domain.budgets.test_pdbs import WEB, deployment, pdb

WITH_WINDOW, WITHOUT = a_cluster(4, 2), a_cluster(0, 2)
SUNDAY = "Sun 01:00, 4 h"


def budgets_of(text: str) -> list[Json]:
    """Read the budgets of YAML."""
    return cast("list[Json]", yaml.safe_load(text)["spec"]["disruption"]["budgets"])


def listed(*pools: Json) -> str:
    """Write pools as `kubectl get -o json` does."""
    return json.dumps({"kind": "List", "apiVersion": "v1", "items": pools})


async def test_budgets_for_a_cluster(monkeypatch: pytest.MonkeyPatch, typed: Type) -> None:
    """By its id or its name: YAML for the window that Azure has now; nothing is written."""
    async with azure(monkeypatch, 8, 2) as controls:
        for name in (str(WITH_WINDOW), "rg-2/aks-0004", "aks-0004"):
            said = await typed("budgets", name)
            assert said.code == 0, said.err
            first = said.out.splitlines()[0]
            assert (
                first
                == "# For cluster aks-0004, whose node OS window starts at 22:00 +01:00 for 6 h."
            )
            assert budgets_of(said.out) == [
                {"nodes": "10%"},
                {
                    "nodes": "0",
                    "reasons": ["Drifted"],
                    "schedule": "0 3 * * 4",
                    "duration": "162h",
                },
            ]
        asked = await typed("budgets", "for", "aks-0004", "--format", "json", "--quiet")
        assert (asked.err, asked.json["clusterId"]) == ("", str(WITH_WINDOW))
        assert cast("Json", asked.json["window"])["utcOffset"] == "+01:00"
        refused = await typed("budgets", str(WITHOUT))
        assert refused.code == 64
        assert refused.err.endswith("...': the cluster has no node OS schedule\n")
        assert await writes(controls) == []


async def test_budgets_that_were_made_pass_the_check(
    monkeypatch: pytest.MonkeyPatch, typed: Type, tmp_path: Path
) -> None:
    """Made for a cluster, put into a pool, and held against the same cluster."""
    async with azure(monkeypatch, 8, 2):
        made = await typed("budgets", "aks-0004", "--nodes", "2", "--close-early-minutes", "30")
        file = tmp_path / "pool.yaml"
        never = "  template:\n    spec:\n      expireAfter: Never\n"
        file.write_text(f"kind: NodePool\nmetadata:\n  name: default\n{made.out}{never}")
        said = await typed(
            *("budgets", "check", str(file), "--cluster", "aks-0004", "--detailed-exitcode"),
        )
        assert (said.code, said.last) == (0, "1 NodePool, 0 findings."), said.out
        assert "  nothing is wrong\n" in said.out
        assert "  node OS window       Wed 22:00 +01:00, 6 h\n" in said.out


async def test_a_window_in_words_asks_nobody(typed: Type) -> None:
    """Neither a login nor a cluster is needed, for making and for checking."""
    made = await typed("budgets", "--window", SUNDAY, "--nodes", "1", "--reasons", "Drifted,Empty")
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("# For a node OS window that starts at 01:00 +00:00 for 4 h.\n")
    assert budgets_of(made.out)[1]["reasons"] == ["Drifted", "Empty"]
    (pool,) = (node_pool(budgets_of(made.out)),)
    said = await typed(
        *("budgets", "check", "-", "--window", SUNDAY, "--format", "json"), answer=listed(pool)
    )
    assert said.code == 0
    (found,) = cast("list[Json]", said.json["pools"])
    assert (found["findings"], len(cast("list[Json]", found["week"]))) == ([], 3)
    assert "clusterId" not in said.json
    assert said.err == "naptime: reading -\n"


async def test_patches_zones_and_dates(typed: Type) -> None:
    """All that the API can be asked for."""
    patch = await typed("budgets", "--window", SUNDAY, "--format", "patch")
    assert "kubectl patch" in patch.out
    assert yaml.safe_load(patch.out)["patches"][0]["target"]["kind"] == "NodePool"
    berlin = "Sun 01:00 +01:00, 4 h"
    two = await typed("budgets", "--window", berlin, "--zone", "Europe/Berlin")
    assert "two lists a year are needed" in " ".join(two.out.split())
    one = await typed("budgets", "--window", berlin, "--zone", "Europe/Berlin", "--superset")
    assert budgets_of(one.out)[1]["duration"] == "163h"
    wide = await typed("budgets", "--window", "last Sun 01:00, 4 h")
    assert "nodes may roll on every Sunday" in " ".join(wide.out.replace("#  ", "").split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("budgets",), "Usage: naptime budgets"),
        (("budgets", "--nodes", "3"), "say for which CLUSTER"),
        (("budgets", "aks-1", "--window", SUNDAY), "--window stands in the place of a cluster"),
        (("budgets", "--window", "never"), "--window 'never': must be days, a start"),
        (("budgets", "--window", SUNDAY, "--nodes", "0"), "--nodes '0': must let at least"),
        (("budgets", "--window", SUNDAY, "--nodes", "x"), "--nodes 'x': must be text like"),
        (("budgets", "--window", SUNDAY, "--reasons", "x"), "--reasons 'x': must be one of"),
        (("budgets", "--window", SUNDAY, "--zone", "berlin"), "--zone 'berlin': must be the name"),
        (("budgets", "--window", SUNDAY, "--superset"), "--superset 'true': goes with zone only"),
        (
            ("budgets", "--window", SUNDAY, "--close-early-minutes", "240"),
            "--close-early-minutes '240': must be less than the window's 4 hours",
        ),
        (("budgets", "--window", "last Sun 01:00, 4 h", "--until", "2020-01-01"), "--until '2020"),
        (("budgets", "check", "no-such-file"), "FILE 'no-such-file': No such file"),
        (("budgets", "check", "-", "--until", "soon"), "--until 'soon': must be a date"),
    ],
)
async def test_a_wrong_word_is_named(typed: Type, words: tuple[str, ...], said: str) -> None:
    """By its flag, with the value and the rule, and with the exit code for wrong usage."""
    refused = await typed(*words, answer=listed(node_pool(None)))
    assert refused.code == 64
    assert said in refused.err


async def test_a_file_without_a_pool_is_refused(typed: Type) -> None:
    """With the kinds that it has."""
    refused = await typed("budgets", "check", "-", answer="kind: Deployment\n---\nkind: Service\n")
    assert refused.code == 64
    assert "FILE 'Deployment, Service': must hold at least one NodePool" in refused.err


async def test_findings_can_be_an_exit_code(typed: Type) -> None:
    """As with a plan: 2 where there is something to look at, and 0 without being asked."""
    words = ("budgets", "check", "-", "--window", SUNDAY)
    text = listed(node_pool(GRADUAL))
    assert (await typed(*words, answer=text)).code == 0
    assert (await typed(*words, "--detailed-exitcode", answer=text)).code == 2


async def test_a_cluster_without_a_window_is_checked_for_the_rest(
    monkeypatch: pytest.MonkeyPatch, typed: Type
) -> None:
    """The report says that there is none, and why."""
    async with azure(monkeypatch, 8, 2):
        words = ("budgets", "check", "-", "--cluster", str(WITHOUT))
        said = await typed(*words, answer=listed(node_pool(WEEKEND_ONLY)))
    assert "none (the cluster has no node OS schedule): only what is wrong" in said.out
    assert "BudgetNeverOpen [1]" in said.out


def a_check() -> Report:
    """Check something of everything."""
    objects = [
        node_pool(GRADUAL, name="gradual-rollout", expire_after=None),
        node_pool(SAT_SUN, name="weekend-block"),
        pdb("web", WEB, minAvailable=1),
        deployment("web", 1),
    ]
    window = MaintenanceWindow(AbsoluteMonthly(2, 31), SUNDAYS.start_time, 4, SUNDAYS.utc_offset)
    held = Held(BudgetWindows(ObservedSchedule(window)))
    return told(report(objects, Question(NOW, window, nodes=3)), held)


def drawn(width: int | None, *, colour: bool = False) -> str:
    """Write it for a terminal, or for none."""
    text = StringIO()
    console = Console(
        file=text,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
    )
    write_table(a_check(), Paper(console, width))
    return text.getvalue()


@pytest.mark.parametrize(("width", "name"), [(80, "80"), (120, "120"), (None, "pipe")])
def test_a_check_as_a_table(width: int | None, name: str) -> None:
    """The week as two lines of blocks, and what is wrong beneath; no line is too long."""
    text = drawn(width)
    assert width is None or max(map(len, text.splitlines())) <= width
    assert is_golden(f"budgets-{name}.txt", text)


def test_a_check_in_colour() -> None:
    """The same text, and no colour goes on after its line."""
    coloured = drawn(80, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == drawn(80)
    assert any("\x1b[" in line and "▒" in line for line in coloured.splitlines())
    assert all(line.count("\x1b[0m") or "\x1b[" not in line for line in coloured.splitlines())


async def test_other_forms_have_every_finding(typed: Type) -> None:
    """A line for each in a sheet; the week in a block of a comment."""
    text = listed(node_pool(GRADUAL), pdb("web", WEB, minAvailable=1), deployment("web", 1))
    words = ("budgets", "check", "-", "--window", SUNDAY, "--format")
    lines = list(csv.DictReader(StringIO((await typed(*words, "csv", answer=text)).out)))
    assert [(each["nodePool"], each["code"], each["budget"]) for each in lines] == [
        ("default", "BudgetUnlimitedOutside", ""),
        ("default", "BudgetOpenOutside", ""),
        ("default", "BudgetNoRate", ""),
        ("", "PodsNeverEvicted", ""),
    ]
    comment = (await typed(*words, "markdown", answer=text)).out
    assert "```text\nUTC     Mon" in comment
    assert comment.startswith("## naptime budgets check\n\n**1 NodePool, ")
