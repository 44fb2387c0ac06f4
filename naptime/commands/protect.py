"""`naptime protect`: the plan, one question, then the writes."""

import sys

import click

from naptime.asking.flags import WindowFlags
from naptime.asking.scope import Reach
from naptime.commands import options
from naptime.commands.confirming import confirm
from naptime.commands.fleet import scope, where
from naptime.commands.group import naptime
from naptime.commands.options import Shown, Which
from naptime.commands.sources import opened_login, run
from naptime.shown.progress import say, watching


@naptime.command(
    epilog="""\b
Examples:
  naptime protect --all
  naptime protect --subscription 11111111-1111-1111-1111-111111111111 --yes

It shows the plan and asks for the number of schedules that it is to write. Beside Reader it needs
the actions Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read and /write.
Each cluster is read again right before its write; if it is stopped in the middle, the next call
does the rest. The pace is that of naptime plan.
"""
)
@options.which_clusters
@options.which_window
@options.how_shown
@options.patience
@click.option("--yes", "-y", is_flag=True, help="Do not ask: for pipelines.")
def protect(*, which: Which, flags: WindowFlags, shown: Shown, patience: int, yes: bool) -> int:
    """Write a schedule on every cluster that has none, after one question."""
    asked = scope(which, None)
    say(where(asked, None), quiet=shown.quiet)
    return run(_protect(asked, flags, patience, shown, yes=yes))


async def _protect(
    asked: Reach, flags: WindowFlags, patience: int, shown: Shown, *, yes: bool
) -> int:
    quiet = shown.quiet
    async with opened_login(flags, patience) as own:
        with watching("reading clusters", quiet=quiet) as watch:
            look = await own.plan(asked, watch)
        from naptime.reports.kinds import to_be_written  # noqa: PLC0415 - after the first words
        from naptime.reports.plan import plan_report  # noqa: PLC0415 - after the first words
        from naptime.reports.protect import protect_report  # noqa: PLC0415 - after the first words
        from naptime.shown.output import paper_of  # noqa: PLC0415 - after the first words
        from naptime.shown.table import write_table  # noqa: PLC0415 - after the first words

        planned = to_be_written(look.run["clusters"]["value"])
        plan = plan_report(look, detailed=False)
        if not planned:
            return shown.answer(plan)
        if not quiet:
            write_table(plan, paper_of(sys.stderr))
        if not yes:
            confirm(sum(planned.values()), "write")
        with watching("writing schedules", quiet=quiet) as watch:
            written = await own.protect(list(planned), watch)
    return shown.answer(protect_report(look, written))
