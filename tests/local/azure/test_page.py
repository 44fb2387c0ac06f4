"""The page docs/simulator.md is in step with what it describes."""

import json
import re
from pathlib import Path

import pytest

from local.azure.__main__ import _parser
from local.azure.arm.resource_graph import QUERIES
from local.azure.controls.fault_orders import FAULT_NAMES, fault_of
from local.azure.controls.fault_presets import HELD, REFUSALS
from local.azure.controls.misfortunes import Harm
from local.azure.controls.routes import _CONTROLS
from local.azure.json_values import as_object
from tests.local.azure.conftest import Served

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z-]+)` \| (.+) \| `(\{.+\})` \|$", re.MULTILINE)
FAULTS = [(name, text, as_object(json.loads(order))) for name, text, order in ROW.findall(PAGE)]


def test_every_fault_is_on_the_page() -> None:
    """The table has each fault once, in the order in which GET faults lists them."""
    assert [name for name, _, _ in FAULTS] == list(FAULT_NAMES)


@pytest.mark.parametrize(("name", "text", "order"), FAULTS)
def test_examples_are_orders(name: str, text: str, order: dict[str, object]) -> None:
    """Each example is an order for its fault, and the text has its status and code."""
    fault = fault_of(order)
    assert fault.name == name
    if name in REFUSALS:
        preset = REFUSALS[name]
        assert text.startswith(f"{int(preset.status)} `{preset.code}`")
        assert ("flat" in text or "wrapped" in text) or name == "token-refused"
        assert preset.retry_after is None or f"Retry-After {preset.retry_after}" in text


@pytest.mark.parametrize("name", [each for each in FAULT_NAMES if each != "outage"])
def test_what_goes_on_is_marked(name: str) -> None:
    """A fault that goes on until it is withdrawn says so, and no other does."""
    text = next(text for known, text, _ in FAULTS if known == name)
    goes_on = fault_of({"fault": name}).times is None
    assert ("until withdrawn" in text) is goes_on
    assert goes_on is (name in {Harm.SLOW, Harm.STALE_LIST, Harm.MISSING_FROM_LIST, *HELD})


def test_the_queries_are_on_the_page() -> None:
    """The page has the queries that Resource Graph answers, and no other."""
    shown = re.findall(r"```kusto\n(.+?)```", PAGE, re.DOTALL)
    assert [each.strip() for each in shown] == [each.strip() for each in QUERIES]


def test_every_option_is_on_the_page() -> None:
    """The page has every option of the command line, and no other."""
    known = {text for action in _parser()._actions for text in action.option_strings}
    named = set(re.findall(r"--[a-z][a-z0-9-]+", PAGE))
    ours = {text for text in known if text.startswith("--") and text != "--help"}
    of_az = {"--endpoint-resource-manager", "--identity", "--service-principal"}
    of_others = {"--cacert", "--table", "--promises", "--details", "--and-stay-up"}
    assert named - of_az - of_others == ours


def test_every_control_is_on_the_page() -> None:
    """The page has every control by method and name."""
    missing = [f"{method} {name}" for name, method in _CONTROLS if f"`{method} {name}`" not in PAGE]
    assert missing == []


async def test_every_switch_is_on_the_page(served: Served) -> None:
    """The page has every switch that POST options takes."""
    assert [
        each for each in await served.control("GET", "options") if f"`{each}`" not in PAGE
    ] == []
