"""`naptime plan` and `naptime audit`: many clusters, looked at and never written to."""

import os

from naptime.asking.flags import WindowFlags
from naptime.asking.scope import Reach, read_scope
from naptime.commands import options
from naptime.commands.group import naptime
from naptime.commands.options import Shown, Which
from naptime.commands.sources import opened, run
from naptime.shown.progress import say, watching
from naptime.source import FleetLook
from shared.domain.vocabulary.invalid import InvalidInput


@naptime.command(
    epilog="""\b
Examples:
  naptime plan --all
  naptime plan --subscription 11111111-1111-1111-1111-111111111111 --day Saturday --start 02:00
  naptime plan --all --policy policy.toml
  naptime plan --all --format markdown --detailed-exitcode > plan.md

Reader is enough. AKS allows 60 such calls at once and one a second after that, for each
subscription and location, whoever makes them; a deployed naptime may be at work as well, so this
begins with 25 and goes on with 0.9 a second (NAPTIME_SHARD_BURST, NAPTIME_SHARD_RATE_PER_SECOND).
"""
)
@options.which_clusters
@options.which_window
@options.how_shown
@options.exit_code
@options.deployed
@options.patience
def plan(
    *,
    which: Which,
    flags: WindowFlags,
    shown: Shown,
    app: str | None,
    patience: int,
) -> int:
    """Show what naptime would do: read, decide, and write nothing."""
    asked = scope(which, app)
    if app is not None and flags.policy_file is not None:
        return _tried(app, flags.policy_file, asked, shown)
    look = _looked(app, flags, patience, asked, quiet=shown.quiet)
    from naptime.reports.plan import plan_report  # noqa: PLC0415 - after the first words

    return shown.answer(plan_report(look, detailed=shown.detailed))


@naptime.command(
    epilog="""\b
Examples:
  naptime audit --all
  naptime audit --all --format markdown > audit.md
  naptime audit --app https://naptime-ab12.azurewebsites.net
"""
)
@options.which_clusters
@options.how_shown
@options.exit_code
@options.deployed
@options.patience
def audit(*, which: Which, shown: Shown, app: str | None, patience: int) -> int:
    """Report on the fleet as it is: findings only, to be read or mailed."""
    asked = scope(which, app)
    look = _looked(app, WindowFlags(), patience, asked, quiet=shown.quiet)
    from naptime.reports.audit import audit_report  # noqa: PLC0415 - after the first words
    from shared.clients.clock import SystemClock  # noqa: PLC0415 - after the first words

    return shown.answer(audit_report(look, SystemClock().now(), detailed=shown.detailed))


def _tried(app: str, file: str, asked: Reach, shown: Shown) -> int:
    """Have a deployed naptime say what a policy would change for all that it knows."""
    if not asked.is_all or asked.locations:
        rule = "is tried out on all clusters that the app knows; leave out which ones"
        raise InvalidInput.because("--policy", file, rule)
    say(where(asked, app), quiet=shown.quiet)
    from naptime.asking.policy_file import read_text  # noqa: PLC0415 - after the first words
    from naptime.commands.policy import put_text  # noqa: PLC0415 - the same
    from naptime.reports.policy.put import put_report  # noqa: PLC0415 - the same

    came = run(put_text(app, read_text(file), None, dry_run=True))
    return shown.answer(put_report(came, detailed=shown.detailed))


def scope(which: Which, app: str | None) -> Reach:
    """Read which clusters; a deployed naptime looks at all of its own unless it is told."""
    everything = which.everything or (app is not None and not which.subscriptions)
    return read_scope(which.subscriptions, which.locations, os.environ, everything=everything)


def _looked(
    app: str | None, flags: WindowFlags, patience: int, asked: Reach, *, quiet: bool
) -> FleetLook:
    say(where(asked, app), quiet=quiet)
    return run(_plan(app, flags, patience, asked, quiet=quiet))


async def _plan(
    app: str | None, flags: WindowFlags, patience: int, asked: Reach, *, quiet: bool
) -> FleetLook:
    async with opened(app, flags, patience) as source:
        with watching("reading clusters", quiet=quiet) as watch:
            return await source.plan(asked, watch)


def where(asked: Reach, app: str | None) -> str:
    """Say what is being looked at, before anything else is."""
    count = len(asked.subscriptions)
    subscriptions = f"{count} subscription{'' if count == 1 else 's'}"
    what = "all subscriptions that you see" if asked.is_all else subscriptions
    return f"asking {app}" if app else f"reading {what}"
