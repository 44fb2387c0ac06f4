"""Options that several commands share, each said once and given to the command as one value."""

from collections.abc import Callable
from copy import replace
from functools import wraps
from typing import TYPE_CHECKING, cast

import click
from msgspec import Struct

from naptime.asking.flags import WindowFlags
from naptime.shown.forms import Form

if TYPE_CHECKING:
    from naptime.reports.report import Report

type Command = Callable[..., int]


class Which(Struct, frozen=True):
    """Which clusters were asked for, as the options have it."""

    subscriptions: tuple[str, ...]
    locations: tuple[str, ...]
    everything: bool


class Shown(Struct, frozen=True):
    """In which form the answer is, whether nothing else is said, what the exit code tells."""

    form: Form
    quiet: bool
    detailed: bool = False

    def answer(self, report: "Report") -> int:
        """Write the report on standard output, and give its exit code."""
        from naptime.shown.output import write  # noqa: PLC0415 - after the first words

        write(report, self.form)
        return report.code


def which_clusters(command: Command) -> Command:
    @wraps(command)
    def packed(
        *,
        subscriptions: tuple[str, ...],
        locations: tuple[str, ...],
        everything: bool,
        **others: object,
    ) -> int:
        return command(which=Which(subscriptions, locations, everything), **others)

    return with_options(
        packed,
        click.option("--location", "locations", multiple=True, help="Only there; again for more."),
        click.option("--all", "everything", is_flag=True, help="All subscriptions that you see."),
        click.option(
            "--subscription",
            "subscriptions",
            multiple=True,
            metavar="ID",
            help="In this subscription; again for more. Otherwise NAPTIME_SUBSCRIPTIONS says.",
        ),
    )


def which_window(command: Command) -> Command:
    """Give the command `flags`, the window that a schedule gets."""

    @wraps(command)
    def packed(**given: object) -> int:
        names = WindowFlags.__struct_fields__
        flags = WindowFlags(**{name: cast("str | None", given.pop(name)) for name in names})
        return command(flags=flags, **given)

    return with_options(
        packed,
        click.option("--policy", "policy_file", metavar="FILE", help="Windows by rule: a policy."),
        *(
            click.option(name, metavar=metavar, help=meaning)
            for name, metavar, meaning in (
                ("--spread-minutes", "MINUTES", "Starts lie within so many minutes after that."),
                ("--hours", "HOURS", "How long the window is, 4 to 24."),
                ("--utc-offset", "+HH:MM", "The UTC offset that day and start are meant in."),
                ("--start", "HH:MM", "When the window opens."),
                ("--day", "DAY", "The window's day of the week, such as Sunday."),
            )
        ),
    )


def how_shown(command: Command) -> Command:
    @wraps(command)
    def packed(*, form: str, quiet: bool, **others: object) -> int:
        return command(shown=Shown(Form(form), quiet), **others)

    forms = click.Choice([form.value for form in Form])
    return with_options(
        packed,
        click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors."),
        click.option("--format", "form", type=forms, default="table", help="Default: table."),
    )


def exit_code(command: Command) -> Command:
    """Let `shown` say whether something to do is an exit code; goes beneath `how_shown`."""

    @wraps(command)
    def packed(*, shown: Shown, detailed: bool, **others: object) -> int:
        return command(shown=replace(shown, detailed=detailed), **others)

    return click.option(
        "--detailed-exitcode",
        "detailed",
        is_flag=True,
        help="Exit with 2 where there is something to do or to look at.",
    )(packed)


def deployed(command: Command) -> Command:
    """Give the command `app`, the address of a deployed naptime to ask."""
    return click.option(
        "--app",
        envvar="NAPTIME_APP",
        metavar="URL",
        help="Ask the naptime that is deployed there, with the key in NAPTIME_KEY.",
    )(command)


def patience(command: Command) -> Command:
    """Give the command `patience`, which bounds waiting for Azure."""
    return click.option(
        "--patience",
        type=click.IntRange(1, 24 * 60),
        default=5,
        metavar="MINUTES",
        help="How long to wait while nothing moves on (default 5).",
    )(command)


def with_options(command: Command, *options: Callable[[Command], Command]) -> Command:
    """Put options on a command; the help shows the last of them first."""
    for option in options:
        command = option(command)
    return command
