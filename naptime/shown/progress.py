"""How far it has come, on standard error: a bar on a terminal, else a line from time to time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from naptime.source import Progress, Watch
from shared.domain.vocabulary.plain_text import LONGEST_MESSAGE, one_line

if TYPE_CHECKING:
    from rich.console import Console

A_LINE_EVERY = 10.0
"""Seconds; a pipeline's log should show that something happens, and not be full of it."""


def say(text: str, *, quiet: bool) -> None:
    """Say something on standard error at once."""
    if not quiet:
        line = one_line(text, LONGEST_MESSAGE)
        print(f"naptime: {line}", file=sys.stderr, flush=True)  # noqa: T201 - a command's own line


@contextmanager
def watching(text: str, *, quiet: bool) -> Iterator[Watch]:
    """Show progress while it lasts; `quiet` shows none."""
    if quiet:
        yield _nothing
        return
    from naptime.shown.output import console_of  # noqa: PLC0415 - after the first words

    console = console_of(sys.stderr)
    if console.is_terminal and not console.is_dumb_terminal:
        yield from _bar(text, console)
    else:
        yield _lines()


def _nothing(_: Progress) -> None: ...


def _bar(text: str, console: "Console") -> Iterator[Watch]:
    from rich.progress import (  # noqa: PLC0415 - after the first words
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Bar  # noqa: PLC0415 - after the first words

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda at: bar.update(task, completed=at.done, total=at.of or None)


def _lines() -> Watch:
    last = monotonic()

    def watch(at: Progress) -> None:
        nonlocal last
        if at.of and monotonic() - last >= A_LINE_EVERY:
            last = monotonic()
            say(f"{at.done:,} of {at.of:,} clusters so far", quiet=False)

    return watch
