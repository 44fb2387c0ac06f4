"""`python -m local.host`: run an app's functions on this machine."""

import asyncio
import importlib
import logging
import os
import signal
import sys
from typing import Final, NoReturn, TextIO

from local.host.arguments import Arguments, parse
from local.storage_emulator import Azurite, StorageEmulatorDidNotStart, StorageEmulatorMissing

STORAGE: Final = "AzureWebJobsStorage"

logger = logging.getLogger("host")


async def serve(arguments: Arguments, stdout: TextIO) -> tuple[int, int]:
    """Run until SIGTERM or SIGINT; the exit code, and how many calls go on after all."""
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    if os.environ.get(STORAGE) or any(name.startswith(f"{STORAGE}__") for name in os.environ):
        return await _serve_app(arguments, stdout, stop)
    azurite = Azurite()
    try:
        # The SDKs take half a second to import, and Azurite a second to start.
        imported = asyncio.to_thread(importlib.import_module, "local.host.serving")
        os.environ[STORAGE], _ = await asyncio.gather(azurite.start(), imported)
    except (StorageEmulatorMissing, StorageEmulatorDidNotStart) as error:
        print(f"The storage emulator: {error}", file=sys.stderr)
        return 1, 0
    watch = asyncio.create_task(_watch(azurite))
    try:
        return await _serve_app(arguments, stdout, stop)
    finally:
        watch.cancel()
        await azurite.stop()


async def _serve_app(arguments: Arguments, stdout: TextIO, stop: asyncio.Event) -> tuple[int, int]:
    from local.host.serving import serve_app  # noqa: PLC0415 - imported while Azurite starts

    return await serve_app(arguments, stdout, stop)


async def _watch(azurite: Azurite) -> None:
    code = await azurite.ended()
    logger.error("The storage emulator has ended with %d: %s", code, " | ".join(azurite.last_lines))


def main() -> NoReturn:
    """Run the command."""
    arguments = parse()
    # Standard output is for the one line; what the app prints is part of the log.
    stdout, sys.stdout = sys.stdout, sys.stderr
    code, unfinished = asyncio.run(serve(arguments, stdout))
    if unfinished:
        sys.stderr.flush()
        os._exit(code)  # the threads of synchronous functions would hold up the end
    sys.exit(code)


if __name__ == "__main__":
    main()
