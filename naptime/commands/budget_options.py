"""Options about disruption budgets, given to the commands as one value each."""

from functools import wraps

import click
from msgspec import Struct

from naptime.asking.budget_flags import BudgetFlags, CheckFlags
from naptime.commands.options import Command, Which, deployed, which_clusters, with_options

_MINUTES_PER_DAY = 1440
_MOST_NODES = 100_000


class Whose(Struct, frozen=True):
    """Whose window is meant: a cluster's, or one in words."""

    cluster: str | None
    window: str | None
    which: Which
    app: str | None


def whose_window(command: Command) -> Command:
    """Give the command `whose`, of its `cluster`; which clusters, and which app, go into it."""

    @wraps(command)
    def packed(
        *,
        cluster: str | None,
        window: str | None,
        which: Which,
        app: str | None,
        **others: object,
    ) -> int:
        if cluster is not None and window is not None:
            raise click.UsageError("--window stands in the place of a cluster.")
        return command(whose=Whose(cluster, window, which, app), **others)

    meaning = "This window, and no cluster's: 'Sun 01:00 +01:00, 4 h', 'daily 22:00, 6 h'."
    return with_options(
        deployed(packed),
        which_clusters,
        click.option("--window", metavar="WINDOW", help=meaning),
    )


def which_budgets(command: Command) -> Command:
    """Give the command `flags`, the budgets that are to be made."""

    @wraps(command)
    def packed(  # noqa: PLR0913 - each is an option
        *,
        nodes: str,
        close_early_minutes: int,
        reasons: str,
        until: str | None,
        zone: str | None,
        superset: bool,
        **others: object,
    ) -> int:
        flags = BudgetFlags(nodes, close_early_minutes, reasons, until, zone, superset)
        return command(flags=flags, **others)

    early = click.IntRange(0, _MINUTES_PER_DAY - 1)
    return with_options(
        packed,
        click.option("--superset", is_flag=True, help="With --zone: one list, an hour longer."),
        click.option("--zone", metavar="ZONE", help="The place whose clock it keeps to (IANA)."),
        click.option("--until", metavar="DATE", help="Ask for a list with dates, until then."),
        click.option("--reasons", default="Drifted", help="Blocked outside (default: Drifted)."),
        click.option(
            "--close-early-minutes",
            type=early,
            default=0,
            metavar="MINUTES",
            help="Start nothing for so long before the window's end.",
        ),
        click.option("--nodes", default="10%", help="How many of a pool at once (default: 10%)."),
    )


def checked_how(command: Command) -> Command:
    """Give the command `flags`, what pools are held against."""

    @wraps(command)
    def packed(
        *, nodes: int | None, minutes_per_node: int, until: str | None, **others: object
    ) -> int:
        return command(flags=CheckFlags(nodes, minutes_per_node, until), **others)

    return with_options(
        packed,
        click.option("--until", metavar="DATE", help="The end of budgets with dates."),
        click.option(
            "--minutes-per-node",
            type=click.IntRange(1, _MINUTES_PER_DAY),
            default=15,
            metavar="MINUTES",
            help="How long it takes to replace a node (default 15).",
        ),
        click.option(
            "--nodes",
            type=click.IntRange(1, _MOST_NODES),
            metavar="N",
            help="How many each pool has, whatever its status says.",
        ),
    )
