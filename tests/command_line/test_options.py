"""Options and settings: what is said, what is overridden, and how a wrong one is refused."""

import tomllib
from pathlib import Path

import pytest
from click import Group

from naptime import __version__
from naptime.asking.flags import WindowFlags
from naptime.asking.scope import Reach, read_scope
from naptime.asking.settings import settings_of
from naptime.commands.group import naptime
from naptime.entry import main
from shared.domain.errors import InvalidSetting
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.window.recurrence import Weekday, Weekly
from tests.clusters import FOREIGN_SUBSCRIPTION, SUBSCRIPTION

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NAPTIME_SUBSCRIPTIONS", "NAPTIME_APP", "NAPTIME_KEY", "NAPTIME_APP_SCOPE"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_is_required() -> None:
    """Without any setting there are the app's own defaults, and half of its burst."""
    settings = settings_of({}, WindowFlags())
    assert settings.desired.policy.windows["settings"].on == Weekly(1, Weekday.SUNDAY)
    assert (settings.pace.burst, settings.pace.rate_per_second) == (25, 0.9)
    assert settings.topic_endpoint is None


def test_flags_override_the_variables() -> None:
    """A flag counts more than its variable, which counts more than the default."""
    environment = {
        "NAPTIME_WINDOW_DAY": "Monday",
        "NAPTIME_WINDOW_HOURS": "8",
        "NAPTIME_SHARD_BURST": "40",
        "NAPTIME_TOPIC_ENDPOINT": "https://never.example",
    }
    flags = WindowFlags("saturday", "02:30", "-05:00", None, "30")
    settings = settings_of(environment, flags)
    window = settings.desired.policy.windows["settings"]
    assert window.on == Weekly(1, Weekday.SATURDAY)
    assert (f"{window.start:%H:%M}", window.hours) == ("02:30", 8)
    assert window.zone_name == "UTC-05:00"
    assert window.spread.total_seconds() == 30 * 60
    assert (settings.pace.burst, settings.topic_endpoint) == (40, None)


def test_an_error_names_where_the_value_came_from() -> None:
    """A wrong flag is named as the flag, a wrong variable as the variable."""
    with pytest.raises(InvalidSetting, match=r"^--day 'Funday': must be one of Monday, Tuesday"):
        settings_of({"NAPTIME_WINDOW_DAY": "Monday"}, WindowFlags(day="Funday"))
    with pytest.raises(InvalidSetting, match=r"^NAPTIME_WINDOW_DAY 'Funday': must be"):
        settings_of({"NAPTIME_WINDOW_DAY": "Funday"}, WindowFlags(start="02:00"))


def test_which_subscriptions() -> None:
    """They are said by options or by the app's own setting; otherwise that is asked for."""
    one, two = SUBSCRIPTION, FOREIGN_SUBSCRIPTION
    setting = {"NAPTIME_SUBSCRIPTIONS": f"{one.upper()}, {two},"}
    assert read_scope((), (), {}, everything=True) == Reach()
    assert read_scope((two,), ("North Europe",), setting, everything=False) == Reach(
        frozenset({two}), ("northeurope",)
    )
    assert read_scope((), (), setting, everything=False) == Reach(frozenset({one, two}))
    assert read_scope((), (), setting, everything=True).is_all


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan"], "--subscription '': say which subscriptions"),
        (["plan", "--subscription", "prod"], "--subscription 'prod': must be a GUID"),
        (["plan", "--all", "--subscription", SUBSCRIPTION], "--all '': cannot stand beside"),
        (["plan", "--all", "--location", "../x"], "--location '../x': must be the name of a"),
        (["plan", "--all", "--start", "25:00"], "--start '25:00': must be HH:MM"),
        (["plan", "--all", "--hours", "3"], "--hours '3': must be a whole number from 4 to 24"),
        (["plan", "--al"], "No such option"),
        (["plan", "--all", "--format", "xml"], "'xml' is not one of"),
        (["plan", "--all", "--patience", "0"], "--patience"),
        (["plan", "--app", "https://x.example"], "NAPTIME_KEY '': is not set"),
        (["plan", "--app", "http://x.example"], "--app 'http://x.example': must be an https"),
        (["planet"], "No such command"),
        (["show"], "Missing argument"),
        (["show", "a b"], "CLUSTER 'a b': must be the id of a managed cluster"),
        (["runs"], "--app"),
        (["reconcile", "aks-1", "--all", "--app", "https://x.example"], "CLUSTER is one"),
        (["reconcile", "--app", "https://x.example"], "--subscription '': say which"),
        ([], "Usage: naptime"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be meant is exit code 64, and says the field, the value and the rule."""
    assert main(arguments) == 64
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""


def test_the_version_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` says what the wheel is called; pyproject.toml has no version of its own."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"naptime {__version__}\n"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "naptime/__init__.py"


NAMES = sorted(name for name, each in naptime.commands.items() if not isinstance(each, Group))


POLICY = [f"policy {each}" for each in ("check", "push", "show", "versions", "restore")]


@pytest.mark.parametrize("name", [*NAMES, "budgets check", *POLICY])
def test_every_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` of each command shows a call that can be copied, and its options."""
    assert main([*name.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"naptime {name}" in shown.partition("Example")[2]
    assert "--format [table|json|csv|markdown]" in shown
    assert "--quiet" in shown


def test_a_group_of_commands_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """`naptime budgets CLUSTER` is one of its commands, which is said; a policy's has none."""
    assert main(["policy", "--help"]) == 0
    assert "\n    naptime policy check policy.toml" in capsys.readouterr().out
    assert main(["budgets", "--help"]) == 0
    assert "\n    naptime budgets rg-1/aks-1" in capsys.readouterr().out
    assert main(["budgets", "for", "--help"]) == 0
    assert "--format [yaml|patch|json]" in capsys.readouterr().out


def test_the_pace_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """`plan --help` says how fast it reads, and why."""
    main(["plan", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "begins with 25 and goes on with 0.9 a second" in shown


def test_the_same_versions_as_the_app() -> None:
    """What the wheel needs and the app has too is of the same version; nothing of it is the app's.

    Neither rich nor click is among what production runs.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = dict(each.split("==") for each in project["project"]["dependencies"] if "==" in each)
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    app = dict(line.split("==") for line in lines if "==" in line)
    assert {name: app.get(name) for name in wheel} == wheel
    assert len(wheel) >= 4
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = {line.partition("==")[0] for line in pins if "==" in line}
    assert not names & {"click", "rich", "typer", "pyyaml"}


def test_a_wrong_scope_is_refused() -> None:
    """Options that contradict each other are refused by name."""
    with pytest.raises(InvalidInput, match="--all"):
        read_scope((SUBSCRIPTION,), (), {}, everything=True)
