"""The command itself: what all of its parts have in common."""

import click

from naptime import __version__

NO_MARKUP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(
    context_settings=NO_MARKUP,
    epilog="""\b
Start here:
  az login
  naptime plan --all
""",
)
@click.version_option(__version__, "--version", prog_name="naptime", message="%(prog)s %(version)s")
def naptime() -> None:
    """Keep an explicit node OS maintenance window on every AKS cluster with NAP.

    plan shows what naptime would do, with your own login and nothing deployed; protect does it.
    Exit codes: 0 done, 1 something failed or could not be read, 2 something to do (with
    --detailed-exitcode), 64 wrong usage.
    """
