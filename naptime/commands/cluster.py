"""`naptime show`, `explain` and `forecast`: one cluster."""

import os
from typing import TYPE_CHECKING

import click

from naptime.asking.flags import WindowFlags
from naptime.asking.references import ClusterName, only_one, parse_reference
from naptime.asking.scope import Reach, read_scope
from naptime.commands import options
from naptime.commands.group import naptime
from naptime.commands.options import Shown, Which
from naptime.commands.sources import opened, run
from naptime.shown.progress import say
from shared.domain.vocabulary.plain_text import one_line

if TYPE_CHECKING:
    from shared.reconcile.shown.cluster_json import LiveClusterJson

_WHICH = """\b
CLUSTER is an ARM id, a URL of the Azure portal, or a name (aks-1, or rg-1/aks-1) if it is the only
one in the subscriptions that are looked in: --subscription, NAPTIME_SUBSCRIPTIONS, or all.
"""


@naptime.command(
    epilog=f"""\b
Examples:
  naptime show rg-1/aks-1
  naptime show /subscriptions/11111111-.../managedClusters/aks-1 --format json

{_WHICH}"""
)
@click.argument("cluster")
@options.which_clusters
@options.which_window
@options.how_shown
@options.exit_code
@options.deployed
def show(
    cluster: str,
    *,
    which: Which,
    flags: WindowFlags,
    shown: Shown,
    app: str | None,
) -> int:
    """Show one cluster: as it is, what naptime would do and why, when, and the same by az."""
    say(_reading(cluster, app), quiet=shown.quiet)
    live = run(_live(cluster, reach(which), flags, app, forecast=False))
    from naptime.reports.cluster import show_report  # noqa: PLC0415 - after the first words

    return shown.answer(show_report(live, detailed=shown.detailed))


@naptime.command(
    epilog=f"""\b
Examples:
  naptime forecast rg-1/aks-1
  naptime forecast aks-1 --app https://naptime-ab12.azurewebsites.net

{_WHICH}"""
)
@click.argument("cluster")
@options.which_clusters
@options.how_shown
@options.deployed
def forecast(cluster: str, *, which: Which, shown: Shown, app: str | None) -> int:
    """Show when one cluster takes a new node image, if its schedule stays as it is."""
    say(_reading(cluster, app), quiet=shown.quiet)
    live = run(_live(cluster, reach(which), WindowFlags(), app, forecast=True))
    from naptime.reports.cluster import forecast_report  # noqa: PLC0415 - after the first words

    return shown.answer(forecast_report(live))


@naptime.command(
    epilog=f"""\b
Examples:
  naptime explain rg-1/aks-1 --policy policy.toml
  naptime explain aks-1 --app https://naptime-ab12.azurewebsites.net

{_WHICH}"""
)
@click.argument("cluster")
@options.which_clusters
@options.which_window
@options.how_shown
@options.deployed
def explain(
    cluster: str, *, which: Which, flags: WindowFlags, shown: Shown, app: str | None
) -> int:
    """Say why one cluster has its window: the rules that were asked, and the one that matched."""
    say(_reading(cluster, app), quiet=shown.quiet)
    live = run(_live(cluster, reach(which), flags, app, forecast=False))
    from naptime.reports.policy.explain import explain_report  # noqa: PLC0415 - after the first words

    return shown.answer(explain_report(live))


def reach(which: Which) -> Reach:
    """Read where a cluster's name is looked for: in all subscriptions, unless some are named."""
    anywhere = not (which.subscriptions or os.environ.get("NAPTIME_SUBSCRIPTIONS"))
    everything = which.everything or anywhere
    return read_scope(which.subscriptions, which.locations, os.environ, everything=everything)


def _reading(cluster: str, app: str | None) -> str:
    return f"asking {app}" if app else f"reading {one_line(cluster)}"


async def _live(
    cluster: str, asked: Reach, flags: WindowFlags, app: str | None, *, forecast: bool
) -> "LiveClusterJson":
    reference = parse_reference(cluster)
    async with opened(app, flags, patience_minutes=1) as source:
        if isinstance(reference, ClusterName):
            reference = only_one(reference, [*await source.named(reference, asked)])
        return await (source.forecast(reference) if forecast else source.look(reference))
