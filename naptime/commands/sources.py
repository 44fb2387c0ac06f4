"""Opening what a command asks, only then: the SDKs and asyncio are long to import."""

import os
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from naptime.asking.flags import WindowFlags
from shared.domain.vocabulary.invalid import InvalidInput

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from naptime.deployed.app import DeployedApp
    from naptime.own.login import OwnLogin
    from naptime.source import Source


def run[T](coming: "Coroutine[object, object, T]") -> T:
    import asyncio  # noqa: PLC0415 - see above

    return asyncio.run(coming)


@asynccontextmanager
async def opened(
    app: str | None, flags: WindowFlags, patience_minutes: int
) -> "AsyncIterator[Source]":
    """Open the app at an address, or else Azure by the caller's own login."""
    if app is not None:
        if flags.policy_file is not None:
            rule = "cannot stand beside --app here: the app decides by the policy in force there"
            raise InvalidInput.because("--policy", flags.policy_file, rule)
        async with opened_app(app) as deployed:
            yield deployed
    else:
        async with opened_login(flags, patience_minutes) as own:
            yield own


@asynccontextmanager
async def opened_login(flags: WindowFlags, patience_minutes: int) -> "AsyncIterator[OwnLogin]":
    """Open Azure by the caller's own login; raises InvalidSetting."""
    from naptime.own.login import OwnLogin  # noqa: PLC0415 - see above

    own = OwnLogin(os.environ, flags, timedelta(minutes=patience_minutes))
    with own.lookout.listening():
        try:
            yield own
        finally:
            await own.close()


@asynccontextmanager
async def opened_app(address: str) -> "AsyncIterator[DeployedApp]":
    """Open a deployed naptime; raises InvalidInput."""
    from naptime.deployed.app import DeployedApp  # noqa: PLC0415 - see above
    from naptime.deployed.client import Access, AppClient, read_address  # noqa: PLC0415 - see above
    from shared.clients.clock import SystemClock  # noqa: PLC0415 - see above
    from shared.clients.retry import QuickRetry  # noqa: PLC0415 - see above

    clock = SystemClock()
    url, access = read_address(address), Access.read(os.environ)
    app = DeployedApp(AppClient(url, access, QuickRetry(clock, _middle)), clock)
    try:
        yield app
    finally:
        await app.close()


def _middle() -> float:
    """Draw no jitter: one person's calls to one app do not come together."""
    return 0.5
