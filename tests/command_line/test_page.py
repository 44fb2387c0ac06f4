"""docs/command-line.md: every example is typed, and shows what it really shows."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from naptime.commands.group import naptime
from shared.clients.clock import SystemClock
from tests.command_line.conftest import Type, azure
from tests.command_line.golden import put_on_page
from tests.docs.pages import blocks_run_by
from tests.fakes.clock import SATURDAY_NOON

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
_EXAMPLE = re.compile(r"```console\n\$ (naptime [^\n]+)\n(.*?)```", re.DOTALL)
_MINUTE = re.compile(r"\b[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d\b")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def examples(*, of_an_app: bool) -> list[tuple[str, str]]:
    """Give commands and outputs: those for a deployed app are behind that heading."""
    text = PAGE.read_text(encoding="utf-8")
    own, heading, app = text.partition("## A deployed naptime")
    assert heading
    return _EXAMPLE.findall(app if of_an_app else own)


def files() -> list[str]:
    """Give the files that the page's examples read: a workflow, a policy, and a NodePool."""
    return [block.text for block in blocks_run_by("tests/command_line/test_page.py")]


def without_instants(text: str) -> str:
    """Take out instants with fractions of a second, which are of the moment."""
    return _INSTANT.sub("<instant>", text)


def without_times(text: str) -> str:
    """Take out what is of the day as well, so that lines can be compared."""
    return without_instants(_MINUTE.sub("Ddd YYYY-MM-DD HH:MM", text))


def words_of(command: str) -> list[str]:
    """Split a command, without its name and without the variable that the environment has."""
    return shlex.split(command.replace("--app $NAPTIME_APP ", ""))[1:]


async def test_every_example_by_ones_own_login(
    monkeypatch: pytest.MonkeyPatch, typed: Type, tmp_path: Path
) -> None:
    """The outputs on the page are what the commands write on a Saturday at noon."""
    found = examples(of_an_app=False)
    assert [words_of(command)[0] for command, _ in found] == [
        *("plan", "audit", "show", "forecast", "policy", "explain"),
        *("budgets", "budgets", "protect"),
    ]
    _, policy, pool = files()
    (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")
    (tmp_path / "nodepools.yaml").write_text(pool, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    at, began = SATURDAY_NOON, SystemClock().now()
    real = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: at + (real(clock) - began))
    async with azure(monkeypatch, 8, 2) as controls:
        await controls.clock(now=at.isoformat())
        await controls.release("northeurope", "AKSUbuntu", "2404gen2containerd", "202611.20.0")
        for command, output in found:
            said = await typed(*words_of(command))
            put_on_page(PAGE, command, said.out)
            assert without_instants(said.out) == without_instants(output), command


def test_the_pipeline_is_yaml() -> None:
    """The example of a workflow can be read, and uses commands and options that are there."""
    steps = yaml.safe_load(files()[0])["jobs"]["plan"]["steps"]
    (run,) = [step["run"] for step in steps if " naptime plan" in step.get("run", "")]
    words = run.partition(" naptime ")[2].partition(">")[0].split()
    options = {flag for each in naptime.commands[words[0]].params for flag in each.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_command_is_on_the_page() -> None:
    """No command is missing, nor the warning about the name on PyPI."""
    text = PAGE.read_text(encoding="utf-8")
    assert not [name for name in naptime.commands if f"naptime {name}" not in text]
    assert "somebody else's" in text
