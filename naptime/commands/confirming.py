"""The one question before anything is written, which asks for a number."""

import sys

import click


class NotConfirmed(click.ClickException):
    """The question was not answered with the number."""


def confirm(count: int, verb: str) -> None:
    """Ask for the number of schedules; raises NotConfirmed for any other answer."""
    what = "schedule" if count == 1 else "schedules"
    click.echo(f"{verb} {count} {what}? type {count}: ", nl=False, err=True)
    answer = sys.stdin.readline()
    if answer.strip() != str(count):
        why = "nobody answered; --yes is for pipelines" if not answer else "that is not the number"
        raise NotConfirmed(f"nothing was written: {why}")
