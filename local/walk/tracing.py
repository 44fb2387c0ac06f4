"""Which of the app's files something walks through: its own functions, as they start."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Final

ROOT: Final = Path(__file__).parents[2]
APP: Final = tuple(f"{ROOT / each}/" for each in ("functions", "shared", "naptime"))
_TOOL: Final = sys.monitoring.PROFILER_ID


@dataclass(frozen=True, slots=True)
class Walk:
    """The files in the order in which functions of theirs started, one after the other once."""

    steps: tuple[str, ...]
    calls: int

    @property
    def files(self) -> tuple[str, ...]:
        """The files that were entered, in the order of their first time."""
        return tuple(dict.fromkeys(self.steps))

    @property
    def returns(self) -> int:
        """How often a file was entered again."""
        return len(self.steps) - len(self.files)


async def walked(way: Callable[[], Awaitable[object]]) -> Walk:
    """Go a way, and tell through which files it went."""
    started: list[str] = []

    def start(code: CodeType, _: int) -> object:
        if not code.co_filename.startswith(APP):
            return sys.monitoring.DISABLE
        started.append(str(Path(code.co_filename).relative_to(ROOT)))
        return None

    monitoring = sys.monitoring
    monitoring.use_tool_id(_TOOL, "local.walk")
    try:
        monitoring.register_callback(_TOOL, monitoring.events.PY_START, start)
        monitoring.set_events(_TOOL, monitoring.events.PY_START)
        await way()
    finally:
        monitoring.set_events(_TOOL, 0)
        monitoring.register_callback(_TOOL, monitoring.events.PY_START, None)
        monitoring.free_tool_id(_TOOL)
    return Walk(tuple(_without_repeats(started)), len(started))


def _without_repeats(files: list[str]) -> list[str]:
    return [file for place, file in enumerate(files) if not place or files[place - 1] != file]
