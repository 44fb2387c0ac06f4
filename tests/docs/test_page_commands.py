"""Commands of this checkout on the pages: targets of make, simulators, settings to export."""

import json
import re
import shlex
import subprocess

import pytest

from local.azure.__main__ import _parser
from shared.settings import read_settings
from tests.docs.pages import ROOT, Block, blocks_run_by
from tests.local.infra.test_pages import VARIABLES

BLOCKS = blocks_run_by("tests/docs/test_page_commands.py")


def lines_of(block: Block) -> list[str]:
    """Give the commands of a block, without comments, each in one line."""
    joined = block.text.replace("\\\n", " ").splitlines()
    return [line for line in joined if line.strip() and not line.startswith("#")]


LINES = [(block.place, line) for block in BLOCKS for line in lines_of(block)]


@pytest.mark.parametrize(("place", "line"), LINES)
def test_a_command_is_one(place: str, line: str) -> None:
    """Each line is a target of make, a program with options that it knows, or a setting."""
    words = shlex.split(line, comments=True)
    match words:
        case ["az", "login"]:
            return
        case ["make", *targets]:
            planned = subprocess.run(  # noqa: S603 - a target of our own, and nothing is run
                ["make", "--dry-run", *targets],  # noqa: S607 - make is a requirement
                cwd=ROOT,
                capture_output=True,
                check=False,
            )
            assert planned.returncode == 0, f"{place}: {planned.stderr.decode()}"
        case ["python", "-m", "local.azure", *options]:
            _parser().parse_args(options)
        case ["export", setting]:
            name, _, value = setting.partition("=")
            assert name in VARIABLES, place
            read_settings(settings(value))
        case _:
            pytest.fail(f"{place}: nothing here knows how to try {line!r}")


def settings(value: str) -> dict[str, str]:
    """Give the environment of a list of settings."""
    listed = dict(each.split("=", 1) for each in json.loads(value))
    assert all(re.fullmatch(r"NAPTIME_[A-Z_]+", name) for name in listed)
    least = {
        "NAPTIME_SUBSCRIPTIONS": "11111111-1111-1111-1111-111111111111",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    }
    return {**least, **listed}


def test_there_are_some() -> None:
    """The README's first commands are among them."""
    assert {"make run", "make test"} <= {line.partition("#")[0].strip() for _, line in LINES}
