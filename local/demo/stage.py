"""The stage: storage emulator, simulated Azure and Functions host, all running."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from local.demo.azure_controls import AzureControls
from local.demo.naptime_api import NaptimeApi

POLL_SECONDS: Final = 0.05


class StageFailed(Exception):
    """A program of the stage did not become ready, or has ended on its own."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How to reach everything, and the settings that the app has.

    `has_ended` tells of each program, by its name, whether it has ended.
    """

    azure: AzureControls
    api: NaptimeApi
    azure_urls: Mapping[str, str]
    settings: Mapping[str, str]
    has_ended: Mapping[str, Callable[[], bool]]
    host_pid: int

    def check(self) -> None:
        """Raise StageFailed if one of the programs has ended."""
        for name, has_ended in self.has_ended.items():
            if has_ended():
                raise StageFailed(f"the {name} has ended on its own")


async def until[T](stage: Stage, look: Callable[[], Awaitable[T | None]], seconds: float) -> T:
    """Look again and again until something is found; a TimeoutError if that takes too long."""
    async with asyncio.timeout(seconds):
        while (found := await look()) is None:
            stage.check()
            await asyncio.sleep(POLL_SECONDS)
        return found
