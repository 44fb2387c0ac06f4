"""The command line of `python -m local.demo`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

ANY_PORT: Final = 0
_MOST_PORT: Final = 65535
_USUAL_PORT: Final = 7071
_MOST_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line; port 0 is any free one."""

    stay_up: bool
    port: int
    keep_logs: bool
    plain: bool
    promised: timedelta
    table: bool = False
    promises: bool = False
    details: bool = False
    and_stay_up: bool = False


def parse(argv: Sequence[str] | None = None) -> Arguments:
    """Read the command line; exits with 2 and the reason if it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m local.demo",
        description="Runs naptime on this machine against a simulated Azure with a fleet of a few"
        " dozen clusters, plays a story, and exits with 0 only if every promise held.",
    )
    add = parser.add_argument
    add("--stay-up", action="store_true", help="no story: stay up and print how to talk to it")
    add("--and-stay-up", action="store_true", help="stay up after the story, and print the same")
    add(
        "--port",
        type=_port,
        help=f"of the Functions host; 0: any free one (default 0, with --stay-up {_USUAL_PORT})",
    )
    add("--table", action="store_true", help="show every cluster at the end")
    add("--promises", action="store_true", help="show every promise, and by what it was judged")
    add("--details", action="store_true", help="show all that each act leads to")
    add("--keep-logs", action="store_true", help="keep the logs of what was started")
    add("--plain", action="store_true", help="plain lines, also on a terminal")
    add(
        "--promised-seconds",
        type=_seconds,
        default=timedelta(seconds=2),
        metavar="SECONDS",
        help="from an event to the accepted write (default 2; a busy machine may need more)",
    )
    return _read(parser.parse_args(argv))


def _read(given: argparse.Namespace) -> Arguments:
    usual = _USUAL_PORT if given.stay_up else ANY_PORT
    return Arguments(
        stay_up=given.stay_up,
        port=usual if given.port is None else given.port,
        keep_logs=given.keep_logs,
        plain=given.plain,
        promised=given.promised_seconds,
        table=given.table,
        promises=given.promises,
        details=given.details,
        and_stay_up=given.and_stay_up,
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _MOST_PORT:
        raise argparse.ArgumentTypeError(f"must be from 0 to {_MOST_PORT}")
    return port


def _seconds(text: str) -> timedelta:
    seconds = float(text)
    if not 0 < seconds <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be more than 0, and {_MOST_SECONDS} at most")
    return timedelta(seconds=seconds)
