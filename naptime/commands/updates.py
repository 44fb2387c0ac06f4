"""`naptime approve`, `revert` and `release`: what a deployed naptime may change of schedules."""

import sys
from typing import TYPE_CHECKING

import click

from naptime.asking.references import ClusterName, only_one, parse_reference
from naptime.asking.scope import Reach
from naptime.commands import options
from naptime.commands.app import APP
from naptime.commands.confirming import confirm
from naptime.commands.group import naptime
from naptime.commands.options import Shown
from naptime.commands.sources import opened_app, run
from naptime.shown.progress import say, watching

if TYPE_CHECKING:
    from naptime.deployed.app import DeployedApp
    from naptime.reports.report import Report
    from naptime.reports.updates.planned import PlannedChanges

_YES = click.option("--yes", "-y", is_flag=True, help="Do not ask: for pipelines.")
_DRY = click.option("--dry-run", is_flag=True, help="Only show what would be changed.")


@naptime.command(
    epilog="""\b
Examples:
  naptime approve 202611-9a3f --app https://naptime-ab12.azurewebsites.net
  naptime approve 202611-9a3f --dry-run --format json
  naptime approve 202611-9a3f --yes

It shows the plan, asks for the number of schedules, has exactly that plan carried out by a new run,
and waits for its end. What has changed since is left out, and named.
"""
)
@click.argument("run_id", metavar="RUN")
@APP
@_DRY
@_YES
@options.how_shown
def approve(run_id: str, *, app: str, dry_run: bool, yes: bool, shown: Shown) -> int:
    """Have a deployed naptime make the changes of a RUN that waits for an approval."""
    say(f"asking {app}", quiet=shown.quiet)
    return run(_approve(run_id, app, shown, dry_run=dry_run, yes=yes))


async def _approve(run_id: str, address: str, shown: Shown, *, dry_run: bool, yes: bool) -> int:
    from naptime.reports.updates.planned import planned_changes  # noqa: PLC0415 - after the first words

    async with opened_app(address) as app:
        planned = planned_changes(await app.planned(run_id))
        if dry_run:
            return shown.answer(planned.report())
        _ask(planned, shown, "change", yes=yes)
        return await _carried_out(app, await app.approve(run_id, planned.plan_hash), planned, shown)


@naptime.command(
    epilog="""\b
Examples:
  naptime revert 202611-9a3f --app https://naptime-ab12.azurewebsites.net --dry-run
  naptime revert 202611-9a3f

RUN is the run that planned the changes, or the one that made them. Only what naptime still owns is
put back. It is not changed again until the policy wants something else.
"""
)
@click.argument("run_id", metavar="RUN")
@APP
@_DRY
@_YES
@options.how_shown
def revert(run_id: str, *, app: str, dry_run: bool, yes: bool, shown: Shown) -> int:
    """Put back what stood before the changes of a RUN, after a dry run and one question."""
    say(f"asking {app}", quiet=shown.quiet)
    return run(_revert(run_id, app, shown, dry_run=dry_run, yes=yes))


async def _revert(run_id: str, address: str, shown: Shown, *, dry_run: bool, yes: bool) -> int:
    from naptime.reports.updates.planned import put_back_changes  # noqa: PLC0415 - after the first words

    async with opened_app(address) as app:
        planned = put_back_changes(await app.put_back(run_id))
        if dry_run:
            return shown.answer(planned.report())
        if not planned.count:
            raise click.ClickException(
                f"nothing of run {planned.run_id} can be put back: it changed no schedule, or none"
                " that is naptime's still"
            )
        _ask(planned, shown, "put back", yes=yes)
        return await _carried_out(app, await app.revert(run_id, planned.plan_hash), planned, shown)


def _ask(planned: "PlannedChanges", shown: Shown, verb: str, *, yes: bool) -> None:
    """Show what is planned, and ask for its number."""
    from naptime.shown.output import paper_of  # noqa: PLC0415 - after the first words
    from naptime.shown.table import write_table  # noqa: PLC0415 - after the first words

    if not shown.quiet:
        write_table(planned.report(), paper_of(sys.stderr))
    if not yes:
        confirm(planned.count, verb)


async def _carried_out(
    app: "DeployedApp", run_id: str, planned: "PlannedChanges", shown: Shown
) -> int:
    """Wait for the end of the run that carries it out, and tell what came of each."""
    from naptime.reports.updates.done import done_report  # noqa: PLC0415 - after the first words

    say(f"run {run_id} has begun", quiet=shown.quiet)
    with watching("changing schedules", quiet=shown.quiet) as watch:
        return shown.answer(done_report(await app.finished(run_id, watch), planned.clusters))


@naptime.command(
    epilog="""\b
Examples:
  naptime release rg-1/aks-1 --app https://naptime-ab12.azurewebsites.net
  naptime release aks-1 --format json

Nothing is written to Azure by it. If the policy says that owned schedules are kept right, and wants
another one, a later run changes it: the answer says how.
"""
)
@click.argument("cluster")
@APP
@options.how_shown
def release(cluster: str, *, app: str, shown: Shown) -> int:
    """Hand the schedule of a CLUSTER to a deployed naptime, as one of its own."""
    say(f"asking {app}", quiet=shown.quiet)
    return shown.answer(run(_release(cluster, app)))


async def _release(cluster: str, address: str) -> "Report":
    from naptime.reports.updates.planned import released_report  # noqa: PLC0415 - after the first words

    async with opened_app(address) as app:
        reference = parse_reference(cluster)
        if isinstance(reference, ClusterName):
            reference = only_one(reference, [*await app.named(reference, Reach())])
        return released_report(await app.release(reference))
