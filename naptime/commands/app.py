"""`naptime runs`, `given-up` and `reconcile`: a deployed naptime over its own API."""

from typing import TYPE_CHECKING

import click

from naptime.asking.references import ClusterName, only_one, parse_reference
from naptime.asking.scope import Reach, read_scope
from naptime.commands import options
from naptime.commands.group import naptime
from naptime.commands.options import Shown, Which
from naptime.commands.sources import opened_app, run
from naptime.shown.progress import say, watching

if TYPE_CHECKING:
    from naptime.reports.report import Report

APP = click.option(
    "--app",
    envvar="NAPTIME_APP",
    required=True,
    metavar="URL",
    help="The function app's address; its key is in NAPTIME_KEY.",
)


@naptime.command(
    epilog="""\b
Examples:
  naptime runs --app https://naptime-ab12.azurewebsites.net
  naptime runs 202611-9a3f --format json
"""
)
@click.argument("run_id", required=False)
@APP
@click.option("--most", type=click.IntRange(1, 500), default=20, help="How many (default 20).")
@options.how_shown
def runs(run_id: str | None, *, app: str, most: int, shown: Shown) -> int:
    """Show the newest runs of a deployed naptime, or one of them with its clusters."""
    say(f"asking {app}", quiet=shown.quiet)
    return shown.answer(run(_runs(run_id, app, most)))


async def _runs(run_id: str | None, address: str, most: int) -> "Report":
    from naptime.reports.run import run_report  # noqa: PLC0415 - after the first words
    from naptime.reports.runs import runs_report  # noqa: PLC0415 - after the first words

    async with opened_app(address) as app:
        if run_id is None:
            return runs_report(await app.runs(most))
        return run_report(await app.run(run_id))


@naptime.command(
    "given-up",
    epilog="""\b
Example:
  naptime given-up --app https://naptime-ab12.azurewebsites.net
""",
)
@APP
@options.how_shown
@options.exit_code
def given_up(*, app: str, shown: Shown) -> int:
    """Show what a deployed naptime gave up, with the reason and what to do."""
    say(f"asking {app}", quiet=shown.quiet)
    return shown.answer(run(_given_up(app, detailed=shown.detailed)))


async def _given_up(address: str, *, detailed: bool) -> "Report":
    from naptime.reports.runs import given_up_report  # noqa: PLC0415 - after the first words

    async with opened_app(address) as app:
        return given_up_report(await app.given_up(), detailed=detailed)


@naptime.command(
    epilog="""\b
Examples:
  naptime reconcile rg-1/aks-1 --app https://naptime-ab12.azurewebsites.net
  naptime reconcile --subscription 11111111-1111-1111-1111-111111111111 --dry-run
  naptime reconcile --all
"""
)
@click.argument("cluster", required=False)
@APP
@options.which_clusters
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@options.how_shown
def reconcile(cluster: str | None, *, app: str, which: Which, dry_run: bool, shown: Shown) -> int:
    """Have a deployed naptime look after one cluster, or after many, and wait for the end."""
    if cluster is not None and (which.everything or which.locations):
        raise click.UsageError("CLUSTER is one; --all and --location are for many.")
    anywhere = which.everything or (cluster is not None and not which.subscriptions)
    asked = read_scope(which.subscriptions, which.locations, {}, everything=anywhere)
    say(f"asking {app}", quiet=shown.quiet)
    coming = _reconcile(cluster, app, asked, dry_run=dry_run, quiet=shown.quiet)
    return shown.answer(run(coming))


async def _reconcile(
    cluster: str | None, address: str, asked: Reach, *, dry_run: bool, quiet: bool
) -> "Report":
    from naptime.deployed.app import scope_body  # noqa: PLC0415 - after the first words
    from naptime.reports.run import run_report  # noqa: PLC0415 - after the first words
    from naptime.reports.runs import outcome_report  # noqa: PLC0415 - after the first words

    async with opened_app(address) as app:
        if cluster is not None:
            reference = parse_reference(cluster)
            if isinstance(reference, ClusterName):
                reference = only_one(reference, [*await app.named(reference, asked)])
            return outcome_report(await app.reconcile(reference, dry_run=dry_run))
        run_id = await app.start({**scope_body(asked), "dryRun": dry_run})
        with watching("clusters", quiet=quiet) as watch:
            return run_report(await app.finished(run_id, watch))
