"""The command line of `python -m local.host`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line."""

    port: int
    key: str | None
    app: Path
    message_lease: timedelta
    grace: float
    timer_status: Path | None
    end_on_storage_errors: bool
    worker_process: bool
    log_format: str


def parse(argv: Sequence[str] | None = None) -> Arguments:
    """Read the command line; exits with 2 and the reason if it is wrong."""
    parser = _parser()
    _add_likeness(parser)
    return Arguments(**vars(parser.parse_args(argv)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m local.host",
        description="Runs the functions of an app: HTTP, Event Grid, queues and timers. Prints "
        "`ready URL` on standard output when it listens; everything else goes to standard error.",
        epilog="Settings come from the environment. Unless AzureWebJobsStorage is set, Azurite is "
        "started, with everything in memory.",
    )
    parser.add_argument("--port", type=int, default=7071, help="0: any free one (default 7071)")
    parser.add_argument("--key", help="the master key (made up and printed by default)")
    parser.add_argument(
        "--app", type=Path, default=REPOSITORY, help="the folder with function_app.py"
    )
    parser.add_argument(
        "--message-lease",
        type=_lease,
        default=timedelta(minutes=10),
        metavar="SECONDS",
        help="how long a message that was taken stays invisible (default 600)",
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="what running calls get to end when the host is told to stop (default 5)",
    )
    parser.add_argument("--log-format", choices=("readable", "json"), default="readable")
    return parser


def _add_likeness(parser: argparse.ArgumentParser) -> None:
    """Add what makes it more like Azure's host than is handy while writing."""
    parser.add_argument(
        "--worker-process",
        action="store_true",
        help="run the app in a process of its own, as in Azure: it may be killed alone, the next"
        " one follows, and the third death within half an hour ends the host",
    )
    parser.add_argument(
        "--timer-status",
        type=Path,
        metavar="FILE",
        help="where to keep when timers last ran, so that missed times are made up for at the next"
        " start (by default they are forgotten)",
    )
    parser.add_argument(
        "--end-on-storage-errors",
        action="store_true",
        help="end at once where storage refuses what a queue trigger asks for, HTTP included, as"
        " Azure's host does (by default it is logged, and the host goes on)",
    )


def _lease(text: str) -> timedelta:
    seconds = int(text)
    if not 1 <= seconds <= timedelta(days=7).total_seconds():
        raise argparse.ArgumentTypeError("must be from 1 to 604800 seconds")
    return timedelta(seconds=seconds)
