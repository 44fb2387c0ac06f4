"""`naptime budgets`: disruption budgets for a window, and NodePools held against one."""

import sys
from typing import TYPE_CHECKING

import click

from naptime.asking.budget_flags import BudgetFlags, BudgetForm, CheckFlags
from naptime.asking.flags import WindowFlags
from naptime.asking.references import ClusterName, only_one, parse_reference
from naptime.commands import options
from naptime.commands.budget_options import (
    Whose,
    checked_how,
    which_budgets,
    whose_window,
)
from naptime.commands.cluster import reach
from naptime.commands.group import naptime
from naptime.commands.options import Shown
from naptime.commands.sources import opened, run
from naptime.shown.progress import say
from shared.domain.vocabulary.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.deciding.observed import ObservedConfiguration
    from shared.domain.vocabulary.ids import ClusterId

    type Found = tuple[ClusterId, Sequence[ObservedConfiguration]]

_MAKE = "for"


class _MakesByDefault(click.Group):
    """`naptime budgets CLUSTER` is `naptime budgets for CLUSTER`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in front where none is named."""
        named = not args or args[0] in self.commands or args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if named else [_MAKE, *args])


@naptime.group(
    cls=_MakesByDefault,
    epilog="""\b
Examples:
  naptime budgets rg-1/aks-1
  naptime budgets --window 'Sun 01:00, 4 h' --format patch
  kubectl get nodepools -o yaml | naptime budgets check - --cluster rg-1/aks-1

`naptime budgets CLUSTER` is short for `naptime budgets for CLUSTER`.
""",
)
def budgets() -> None:
    """Make disruption budgets for a window, or check those of NodePools."""


@budgets.command(
    _MAKE,
    epilog="""\b
Examples:
  naptime budgets rg-1/aks-1 > budgets.yaml
  naptime budgets rg-1/aks-1 --nodes 1 --close-early-minutes 60
  naptime budgets rg-1/aks-1 --zone Europe/Berlin --superset
  naptime budgets --window 'last Sun 01:00, 4 h' --until 2027-06-30
""",
)
@click.argument("cluster", required=False)
@whose_window
@which_budgets
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in BudgetForm]),
    default=BudgetForm.YAML.value,
    help="Default: yaml.",
)
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def make(*, whose: Whose, flags: BudgetFlags, form: str, quiet: bool) -> int:
    """Make disruption budgets that let nodes roll in a window and at no other time.

    For the window of CLUSTER as Azure has it now, or for --window, which asks nobody. YAML for a
    NodePool, or patches for all of them; what a cron cannot say of the window is let in, and said.
    """
    if whose.cluster is None and whose.window is None:
        raise click.UsageError("say for which CLUSTER, or for which --window.")
    found = _found(whose, quiet=quiet)
    from naptime.reports.budgets import held_against  # noqa: PLC0415 - after the first words
    from naptime.reports.budgets_made import made_text  # noqa: PLC0415 - the same
    from shared.clients.clock import SystemClock  # noqa: PLC0415 - the same

    held = held_against(whose.window, found)
    sys.stdout.write(made_text(held, flags, BudgetForm(form), SystemClock().now()))
    sys.stdout.flush()
    return 0


@budgets.command(
    epilog="""\b
Examples:
  kubectl get nodepools -o yaml | naptime budgets check - --cluster rg-1/aks-1
  naptime budgets check nodepools.yaml --window 'Sun 01:00 +01:00, 4 h' --nodes 20
  kubectl get nodepools,pdb,deploy,sts -A -o json | naptime budgets check - --detailed-exitcode

FILE is YAML or JSON, with any number of documents and lists; - is standard input.
"""
)
@click.argument("file")
@click.option("--cluster", metavar="CLUSTER", help="Hold them against this cluster's window.")
@whose_window
@checked_how
@options.how_shown
@options.exit_code
def check(*, file: str, whose: Whose, flags: CheckFlags, shown: Shown) -> int:
    """Find what is wrong with the budgets of NodePools: the week of each, and findings.

    Without --cluster or --window only what is wrong in itself is found. Pod disruption budgets are
    looked at together with the workloads in the same FILE.
    """
    say(f"reading {one_line(file)}", quiet=shown.quiet)
    from naptime.asking.manifests import read_manifests  # noqa: PLC0415 - after the first words

    objects = read_manifests(file)
    found = _found(whose, quiet=shown.quiet)
    from naptime.reports.budgets import checked_report, held_against  # noqa: PLC0415 - the same
    from shared.clients.clock import SystemClock  # noqa: PLC0415 - the same

    held = held_against(whose.window, found)
    came = checked_report(objects, held, flags, SystemClock().now(), detailed=shown.detailed)
    return shown.answer(came)


def _found(whose: Whose, *, quiet: bool) -> "Found | None":
    """Ask for the configurations of the cluster that is meant, if one is."""
    if whose.cluster is None:
        return None
    say(
        f"asking {whose.app}" if whose.app else f"reading {one_line(whose.cluster)}",
        quiet=quiet,
    )
    return run(_configurations(whose.cluster, whose))


async def _configurations(cluster: str, whose: Whose) -> "Found":
    reference = parse_reference(cluster)
    async with opened(whose.app, WindowFlags(), patience_minutes=1) as source:
        if isinstance(reference, ClusterName):
            reference = only_one(reference, [*await source.named(reference, reach(whose.which))])
        return reference, await source.configurations(reference)
