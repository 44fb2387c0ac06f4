"""The pages about deploying, what azd reads, and the workflows that nobody here can run."""

import ast
import re
import shlex
from pathlib import Path

import pytest
import yaml
from infra.deploying.command import main

from local.infra_check.compiler import TEMPLATES
from local.infra_check.policy import app_settings
from local.infra_check.values import INFRA, at, read_compiled, read_snapshots
from local.real_clients.page_commands import page_commands
from tests.docs.pages import blocks_run_by
from tests.local.infra.app_facts import ROOT

PAGES = ("deploy.md", "first-day.md", "operations.md")
COMPILED = {name: read_compiled(name) for name in TEMPLATES}
VARIABLES = set(
    re.findall(r"\$\{(\w+)", (INFRA / "main.parameters.json").read_text(encoding="utf-8"))
)


def names(of: str) -> set[str]:
    """Give the parameters, or the outputs, of all templates."""
    found: set[str] = set()
    for each in COMPILED.values():
        listed = at(each, of)
        found |= set(listed) if isinstance(listed, dict) else set()
    return found


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
    """Settings are deployed, variables are read, and `name=value` in code is a parameter."""
    text = page(name)
    named = set(re.findall(r"\bNAPTIME_[A-Z_]+\b", text))
    assert named <= app_settings(read_snapshots()["defaults"]).keys() | VARIABLES
    given = set(re.findall(r"(?<![\w?&-])([a-z]+[A-Z]\w*)=(?!=)", text))
    assert given <= names("parameters")


def test_network_and_entra_options_are_explained() -> None:
    """The table of options names parameters of main.bicep with the defaults that they have."""
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\S+) \|", page("deploy.md"), re.MULTILINE)
    options = [row for row in rows if row[0].strip("`").split("`")[0] in names("parameters")]
    assert len(options) >= 7
    for listed, default in options:
        for name in re.findall(r"`(\w+)`", listed):
            value = at(COMPILED["main"], f"parameters.{name}.defaultValue")
            followed = re.fullmatch(r"\[parameters\('(\w+)'\)\]", str(value))
            shown = (
                followed[1] if followed else str(value).lower() if value in (True, False) else value
            )
            assert default.strip("`") == ("empty" if shown in ("", []) else shown)


def test_the_first_day_says_what_happens_in_either_case() -> None:
    """Every row names what is not known, what settles it, and what naptime does."""
    rows = [line for line in page("first-day.md").splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\)\|", row)[1:-1] for row in rows]
    assert len(cells) > 35
    assert all(len(each) == 3 and all(cell.strip() for cell in each) for each in cells)


def test_what_cannot_work_is_on_no_page() -> None:
    """Commands that were found wrong do not come back."""
    everything = "".join(page(name) for name in PAGES)
    assert "az webapp log tail" not in everything
    assert "curl --json" not in everything
    assert "--build-remote" not in everything


def deploy_commands() -> list[str]:
    """Give each command of the pages that deploys, without those that go before it."""
    blocks = "".join(each.text for each in blocks_run_by("tests/local/infra/test_pages.py"))
    lines = blocks.replace("\\\n", " ").splitlines()
    return [line for line in lines if not line.startswith(("az login", "make package"))]


@pytest.mark.parametrize("line", deploy_commands())
def test_commands_of_the_page_are_taken(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is one that deploy.py reads: its options and steps exist."""
    words = shlex.split(
        line.partition("infra/deploy.py")[2].replace("…", "22222222-2222-2222-2222-222222222222")
    )
    home = ["--dry-run", "--subscription", "11111111-1111-1111-1111-111111111111"]
    assert main([*words, *home], {}) == 0
    assert "$ az" in capsys.readouterr().out


def test_commands_of_az_are_found_on_the_pages() -> None:
    """What `make az-check` has the real az read: commands with their flags, from every page."""
    found = list(page_commands())
    assert len(found) >= 20
    assert {page for page, _ in found} >= {"docs/deploy.md", "docs/first-day.md"}
    assert all(command and not command[0].startswith("-") for _, command in found)


def test_azure_yaml() -> None:
    """The template is found, the service tagged, its package a folder, nothing built remotely."""
    azd = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
    assert azd["requiredVersions"] == {"azd": ">= 1.23.5"}
    assert (ROOT / azd["infra"]["path"] / f"{azd['infra']['module']}.bicep").exists()
    ((service, one),) = azd["services"].items()
    app = (INFRA / "modules" / "function-app.bicep").read_text(encoding="utf-8")
    assert f"'azd-service-name': '{service}'" in app
    assert (one["host"], one["language"], one["remoteBuild"]) == ("function", "python", False)
    assert (one["project"], one["dist"]) == (".", "dist/app")
    assert "workflows" not in azd
    assert "make package" in one["hooks"]["prepackage"]["posix"]["run"]


@pytest.mark.parametrize("shell", ["posix", "windows"])
def test_hooks_of_azd_are_steps(shell: str) -> None:
    """Both shells call the same program, with steps that it has."""
    hooks = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))["hooks"]
    called = {
        name: hook[shell]["run"].partition("infra/deploy.py ")[2] for name, hook in hooks.items()
    }
    assert called == {
        "preprovision": "--azd preflight",
        "postdeploy": "--azd events policy first-run",
    }


@pytest.mark.parametrize("name", ["infra.yml", "release.yml"])
def test_workflows(name: str) -> None:
    """They parse, pin every action to a version, and say at once that they are unrun."""
    source = (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")
    assert "HAS EVER BEEN RUN" in source.split("name:", 1)[0]
    jobs = yaml.safe_load(source)["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    actions = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", action) for action in actions)
    commands = "\n".join(step["run"] for step in steps if "run" in step)
    wanted = {
        "infra.yml": ("make infra", "--validation-level ProviderNoRbac", "pip-audit --strict"),
        "release.yml": ("make package", "make release", "sha256sum --check"),
    }
    assert [each for each in wanted[name] if each not in commands] == []


@pytest.mark.parametrize("path", sorted(INFRA.rglob("*.py")), ids=lambda path: path.name)
def test_deploy_runs_on_an_older_python(path: Path) -> None:
    """What deploys is Python 3.9, of the standard library and itself alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {
        (node.module or "").split(".")[0]
        if isinstance(node, ast.ImportFrom)
        else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= {
        *(
            "__future__",
            "argparse",
            "base64",
            "collections",
            "contextlib",
            "dataclasses",
            "hashlib",
        ),
        *("infra", "json", "os", "pathlib", "re", "shlex", "shutil", "subprocess", "sys"),
        *("tempfile", "time", "urllib.error", "urllib.request", "urllib.response", "zipfile"),
        *("difflib", "http", "http.client", "ipaddress", "ssl", "zlib"),
    }
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Match)]
