"""Several things side by side, but never too many of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

SIDE_BY_SIDE = 32


async def at_once[T](work: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """Do all of it, 32 at a time, and give the results in order; the first error is raised.

    Whatever goes on when one fails is stopped first, so that nothing outlives its message.
    """
    free = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(item: Callable[[], Awaitable[T]]) -> T:
        async with free:
            return await item()

    tasks = [asyncio.ensure_future(one(item)) for item in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
