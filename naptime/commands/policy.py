"""`naptime policy`: a file checked here, and put in force in a deployed naptime."""

import sys
from typing import TYPE_CHECKING

import click

from naptime.commands import options
from naptime.commands.app import APP
from naptime.commands.group import naptime
from naptime.commands.options import Shown
from naptime.commands.sources import opened_app, run
from naptime.shown.progress import say
from shared.domain.vocabulary.plain_text import one_line

if TYPE_CHECKING:
    from naptime.reports.report import Report
    from shared.reconcile.shown.policy import PutPolicyJson, ShownPolicyJson

_IF_MATCH = click.option(
    "--if-match",
    metavar="HASH",
    help="Only if this one is in force; otherwise whatever is in force when it begins.",
)


@naptime.group(
    epilog="""\b
Examples:
  naptime policy check policy.toml
  naptime plan --policy policy.toml --all
  naptime policy push policy.toml --app https://naptime-ab12.azurewebsites.net
  naptime policy show --text > policy.toml
"""
)
def policy() -> None:
    """Check a policy, put it in force, show the one that is: which window for which cluster."""


@policy.command(
    epilog="""\b
Examples:
  naptime policy check policy.toml
  naptime policy check - --detailed-exitcode < policy.toml

It asks nobody. Exit code 1 if something is not right, each problem with its place in FILE.
"""
)
@click.argument("file")
@options.how_shown
@options.exit_code
def check(file: str, *, shown: Shown) -> int:
    """Check a policy's FILE (- is standard input): what is wrong, and what is hardly meant."""
    say(f"reading {one_line(file)}", quiet=shown.quiet)
    from naptime.asking.policy_file import read_file  # noqa: PLC0415 - after the first words
    from naptime.reports.policy.shown import checked_report  # noqa: PLC0415 - the same
    from shared.clients.clock import SystemClock  # noqa: PLC0415 - the same

    found = read_file(file)
    return shown.answer(checked_report(found, SystemClock().now(), detailed=shown.detailed))


@policy.command(
    epilog="""\b
Examples:
  naptime policy push policy.toml --dry-run
  naptime policy push policy.toml --if-match 59f0a1b2c3d4e5f6
"""
)
@click.argument("file")
@APP
@_IF_MATCH
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@options.how_shown
def push(file: str, *, app: str, if_match: str | None, dry_run: bool, shown: Shown) -> int:
    """Put a policy's FILE in force in a deployed naptime, and say what changes.

    If somebody else puts one in force meanwhile, this one is refused.
    """
    say(f"asking {app}", quiet=shown.quiet)
    from naptime.asking.policy_file import read_text  # noqa: PLC0415 - after the first words

    came = run(put_text(app, read_text(file), if_match, dry_run=dry_run))
    return shown.answer(_put_report(came))


async def put_text(
    address: str, text: str, if_match: str | None, *, dry_run: bool
) -> "PutPolicyJson":
    """Put a text in force, or try it out; raises NaptimeError."""
    async with opened_app(address) as app:
        if dry_run:
            return await app.try_policy(text)
        return await app.put_policy(text, if_match or await app.policy_tag())


@policy.command(
    epilog="""\b
Examples:
  naptime policy show
  naptime policy show --text > policy.toml
"""
)
@APP
@click.option("--text", is_flag=True, help="Only the text, as it was put.")
@options.how_shown
def show(*, app: str, text: bool, shown: Shown) -> int:
    """Show the policy in force: next openings, clusters by rule, warnings."""
    say(f"asking {app}", quiet=shown.quiet)
    found = run(_shown(app))
    if text:
        sys.stdout.write(found["text"] or "")
        return 0
    from naptime.reports.policy.shown import shown_report  # noqa: PLC0415 - after the first words

    return shown.answer(shown_report(found))


async def _shown(address: str) -> "ShownPolicyJson":
    async with opened_app(address) as app:
        return await app.policy()


@policy.command(
    epilog="""\b
Example:
  naptime policy versions --format csv
"""
)
@APP
@options.how_shown
def versions(*, app: str, shown: Shown) -> int:
    """List every policy that was ever in force, the newest first."""
    say(f"asking {app}", quiet=shown.quiet)
    return shown.answer(run(_versions(app)))


async def _versions(address: str) -> "Report":
    from naptime.reports.policy.shown import versions_report  # noqa: PLC0415 - after the first words

    async with opened_app(address) as app:
        return versions_report(await app.policy_versions())


@policy.command(
    epilog="""\b
Example:
  naptime policy restore 3
"""
)
@click.argument("version", type=click.IntRange(1))
@APP
@_IF_MATCH
@options.how_shown
def restore(version: int, *, app: str, if_match: str | None, shown: Shown) -> int:
    """Put an earlier VERSION in force again."""
    say(f"asking {app}", quiet=shown.quiet)
    return shown.answer(_put_report(run(_restored(app, version, if_match))))


async def _restored(address: str, version: int, if_match: str | None) -> "PutPolicyJson":
    async with opened_app(address) as app:
        return await app.restore_policy(version, if_match or await app.policy_tag())


def _put_report(came: "PutPolicyJson") -> "Report":
    from naptime.reports.policy.put import put_report  # noqa: PLC0415 - after the first words

    return put_report(came)
