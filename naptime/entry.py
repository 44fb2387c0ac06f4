"""The script `naptime`: runs the command, and says in one line what went wrong."""

import os
import sys
from importlib import import_module

import click

from naptime.commands.group import naptime
from naptime.reports.report import FAILED, WRONG_USAGE
from shared.domain.errors import AzureError
from shared.domain.vocabulary.invalid import InvalidInput, InvalidPolicy, NaptimeError

INTERRUPTED = 130
"""As a shell has it: 128, and the number of SIGINT."""

for _each in ("fleet", "protect", "cluster", "budgets", "app", "policy", "updates"):
    import_module(f"naptime.commands.{_each}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; give its exit code."""
    try:
        return int(naptime.main(arguments, prog_name="naptime", standalone_mode=False) or 0)
    except click.UsageError as error:
        error.show()
        return WRONG_USAGE
    except BrokenPipeError:
        # Whoever read has enough, such as `head`; what Python still holds back goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (click.ClickException, click.Abort, NaptimeError, KeyboardInterrupt) as error:
        code, lines = _told(error)
        for line in lines:
            click.echo(f"naptime: {line}", err=True)
        return code


def _told(error: BaseException) -> tuple[int, list[str]]:
    """Say what went wrong in the app's own words: field, value, rule, or reason and message."""
    match error:
        case InvalidPolicy():
            return FAILED, [str(problem) for problem in error.problems]
        case InvalidInput():
            return WRONG_USAGE, [str(problem) for problem in error.problems]
        case AzureError():
            return FAILED, [f"{error.reason.value}: {error}"]
        case NaptimeError():
            return FAILED, [str(error)]
        case click.ClickException():
            return FAILED, [error.message]
        case _:
            return INTERRUPTED, ["stopped; what was written stays, and the next call does the rest"]
