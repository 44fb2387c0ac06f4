"""The first words come before anything that is long to import."""

import subprocess
import sys

import pytest

SLOW = (
    *("aiohttp", "asyncio", "azure", "opentelemetry", "rich", "shared.world", "tenacity", "yaml"),
)


@pytest.mark.parametrize(
    "words", [["--version"], ["plan", "--help"], ["plan", "--all", "--day", "x"]]
)
def test_the_sdk_is_loaded_after_the_first_words(words: list[str]) -> None:
    """Neither the version nor the help needs an SDK; nor has a plan one before it has spoken."""
    program = (
        "import sys\n"
        "from naptime import entry\n"
        "import naptime.commands.fleet as fleet\n"
        "def say(*_, **__):\n"
        f"    print([name for name in {SLOW!r} if name in sys.modules])\n"
        "    sys.exit(0)\n"
        "fleet.say = say\n"
        f"entry.main({words!r})\n"
        "say()\n"
    )
    done = subprocess.run(  # noqa: S603 - made of constants
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
