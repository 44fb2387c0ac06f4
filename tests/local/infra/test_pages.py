"""The pages about deploying, and the workflow that nobody here can run."""

import re

import pytest
import yaml

from local.infra_check.policy import app_settings
from local.infra_check.syntax import INFRA, parse_folder
from tests.local.infra.app_facts import ROOT

FOLDER = parse_folder(INFRA)
PAGES = ("deploy.md", "first-day.md", "operations.md")
PARAMETERS = {name for file in FOLDER.values() for name in file.parameters}


def page(name: str) -> str:
    """Read a page."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_links_to_files_lead_to_files(name: str) -> None:
    """Every relative link of a page names a file that is there."""
    links = re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", page(name))
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_settings_and_parameters_exist(name: str) -> None:
    """Settings are deployed, and `name=value` in code is a parameter of a template."""
    text = page(name)
    outputs = {each.name for file in FOLDER.values() for each in file.declarations}
    named = set(re.findall(r"\bNAPTIME_[A-Z_]+\b", text))
    assert named <= app_settings(FOLDER).keys() | outputs | {"NAPTIME_SUBSCRIPTIONS"}
    given = set(re.findall(r"(?<![\w-])([a-z]+[A-Z]\w*)=(?!=)", text))
    assert given <= PARAMETERS


def test_network_and_entra_options_are_explained() -> None:
    """The table of options names parameters of main.bicep with the defaults that they have."""
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\S+) \|", page("deploy.md"), re.MULTILINE)
    assert len(rows) >= 6
    for names, default in rows:
        for name in re.findall(r"`(\w+)`", names):
            value = FOLDER["main.bicep"].parameters[name].value
            assert value is not None
            assert value.text is not None
            shown = value.text.decode().strip("'")
            assert default.strip("`") == {"": "empty", "[]": "empty"}.get(shown, shown)


def test_the_first_day_says_what_happens_in_either_case() -> None:
    """Every row names what is not known, what settles it, and what naptime does."""
    rows = [line for line in page("first-day.md").splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\)\|", row)[1:-1] for row in rows]
    assert len(cells) > 35
    assert all(len(each) == 3 and all(cell.strip() for cell in each) for each in cells)


def test_the_workflow() -> None:
    """It parses, pins every action to a version, and says in its first lines that it is unrun."""
    source = (ROOT / ".github" / "workflows" / "infra.yml").read_text(encoding="utf-8")
    assert "HAS EVER BEEN RUN" in source.split("name:", 1)[0]
    jobs = yaml.safe_load(source)["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    actions = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", action) for action in actions)
    commands = "\n".join(step["run"] for step in steps if "run" in step)
    for wanted in ("az bicep build", "what-if", "pip-audit --strict"):
        assert wanted in commands
    for standalone in ("main", "watch", "events"):
        assert f"infra/{standalone}.bicep" in commands
