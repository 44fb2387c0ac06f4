"""What the audience sees: acts line by line, progress, the table and the promises."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import TextIOWrapper
from itertools import groupby
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from local.demo.results import Result

_ASCII: Final = str.maketrans({"✓": "+", "✗": "X", "·": "-", "…": "~"})
_MARKS: Final = {True: Text("✓", "bold green"), False: Text("✗", "bold red")}
_ASIDE: Final = Text("·", "yellow")
_NAME: Final = 9
_COLOURS: Final = {
    "Created": "green",
    "Updated": "green",
    "Deferred": "yellow",
    "Failed": "bold red",
    "Refused": "magenta",
    "Skipped": "dim",
}
_SHOWN: Final = 8


class _Console(Console):
    """Writes; where nobody reads on, that is an error, as everywhere: rich would exit at once."""

    def on_broken_pipe(self) -> None:
        """Say so to the program, which has things to stop and to remove."""
        raise BrokenPipeError


@dataclass(frozen=True, slots=True)
class Row:
    """One cluster at the end: its key and place, what came of it last and why, its next start."""

    key: str
    place: str
    cluster: str
    outcome: str
    reason: str
    needs_attention: bool
    next_start: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an act, and how long it took; an `aside` is what happens without naptime."""

    text: str
    took: timedelta | None = None
    aside: bool = False


class Show:
    """Writes to a terminal, or plain lines without control codes where there is none."""

    def __init__(self, console: Console, *, details: bool = False) -> None:
        self._console = console
        self._details = details
        self._act = self._going_on = ""
        self._told: list[RenderableType] = []

    @classmethod
    def on_stdout(cls, *, plain: bool, details: bool = False) -> "Show":
        """Show on standard output, line by line as it happens; `plain` even on a terminal."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True, errors="replace")
        if not plain:
            return cls(_Console(highlight=False, soft_wrap=False), details=details)
        console = _Console(highlight=False, force_terminal=False, color_system=None)
        return cls(console, details=details)

    @property
    def is_live(self) -> bool:
        """Whether lines can be drawn over."""
        return self._console.is_terminal and not self._console.is_dumb_terminal

    def line(self, text: str, style: str = "") -> None:
        """Write a line as it is, however long."""
        self._console.print(Text(self._written(text), style), soft_wrap=True)

    def stopped(self, text: str) -> None:
        """Write a line over the ^C that a terminal shows where it is typed."""
        if self.is_live:
            self._console.file.write("\r")
        self.line(text)

    def begin(self, letter: str, text: str) -> None:
        """Begin an act: a line of its own only where details are asked for."""
        self._act, self._told = letter, []
        self._going_on = text
        if self._details:
            self._print(_hanging(Text(letter, "bold cyan"), Text(text, "bold"), 0))

    def told(self, text: str, took: timedelta | None = None, *, ok: bool = True) -> None:
        """Keep what came of something in an act: shown where the act ends badly, or asked for.

        Outside of an act it is shown at once.
        """
        shown = Text(self._written(text))
        if took is not None:
            shown.append(f"  {took.total_seconds():.2f} s", "cyan")
        line = _hanging(self._mark(_MARKS[ok]), shown, 4 if self._act else 2)
        if self._act and not self._details:
            self._told.append(line)
        else:
            self._print(line)

    def end(self, lines: Sequence[Line], *, ok: bool) -> None:
        """End an act with its lines, the first of which has its mark; a bad end shows it all."""
        for number, line in enumerate(lines):
            mark = _ASIDE if line.aside else _MARKS[ok]
            letter = "" if number else self._act
            self._print(_columns(Text(letter, "bold cyan"), self._mark(mark), self._shown(line)))
        for detail in () if ok else self._told:
            self._print(detail)
        self._act, self._told = "", []

    def _shown(self, line: Line) -> Text:
        shown = Text(self._written(line.text), "yellow" if line.aside else "")
        if line.took is not None:
            shown.append(f"  {line.took.total_seconds():.2f} s", "cyan")
        return shown

    def fact(self, name: str, text: str, style: str = "") -> None:
        """Show a fact behind its name."""
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=_NAME)
        grid.add_column(overflow="fold")
        grid.add_row(Text(name, "bold"), Text(self._written(text), style))
        self._print(grid)

    @contextmanager
    def waiting(self, text: str) -> Iterator[Callable[[str], None]]:
        """Show that something goes on; the given function says what by now."""
        if not self.is_live:
            yield _no_more
            return
        with self._console.status(self._cut(f"{self._going_on}: {text}")) as status:
            yield lambda said: status.update(self._cut(said))

    def _cut(self, text: str) -> str:
        """Keep what goes on to one line, behind the spinner."""
        room = self._console.width - len("* ") - 1
        return text if len(text) <= room else f"{text[: room - 4].rstrip()} ..."

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a bar while it lasts; the given function moves it on by one."""
        if not self.is_live:
            yield _nothing
            return
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
        bar = Progress(*columns, console=self._console, transient=True)
        with bar:
            task = bar.add_task(text, total=total)
            yield lambda: bar.advance(task)

    def clusters(self, rows: Sequence[Row]) -> None:
        """Show every cluster, in the order of place and name."""
        table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
        for column in ("cluster", "outcome", "reason", "next start (UTC)"):
            table.add_column(column, overflow="fold")
        ordered = sorted(rows, key=lambda row: (row.place, row.cluster))
        for place, members in groupby(ordered, key=lambda row: row.place):
            table.add_row(Text(place, "bold cyan"))
            for row in members:
                table.add_row(*_cells(row))
        self._console.line()
        self._print(table)

    def promises(self, results: Sequence[Result]) -> None:
        """Show promises with their figures, and what broke them."""
        self._console.line()
        for result in results:
            shown = Text(result.promise)
            shown.append(f"\n{result.figure}", "dim")
            for broken in result.broken[:_SHOWN]:
                shown.append(f"\n{broken}", "red")
            if len(result.broken) > _SHOWN:
                shown.append(f"\nand {len(result.broken) - _SHOWN} more", "red")
            self._print(_hanging(self._mark(_MARKS[result.kept]), shown, 0))

    def _mark(self, mark: Text) -> Text:
        return Text(self._written(mark.plain), mark.style)

    def _written(self, text: str) -> str:
        return text.translate(_ASCII) if self._console.options.ascii_only else text

    def _print(self, content: RenderableType) -> None:
        if self.is_live:
            self._console.print(content)
            return
        with self._console.capture() as captured:
            self._console.print(content)
        self._console.file.write(re.sub(r" +$", "", captured.get(), flags=re.MULTILINE))
        self._console.file.flush()


def _no_more(_: str) -> None:
    """Say nothing on the way."""


def _nothing() -> None:
    """Move no bar on."""


def start_text(start: datetime) -> str:
    """Write a start as people read it; `start` is in UTC."""
    return f"{start:%a %Y-%m-%d %H:%M}"


def _columns(letter: Text, mark: Text, text: Text) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    for _ in (letter, mark):
        grid.add_column(width=1)
    grid.add_column(overflow="fold")
    grid.add_row(letter, mark, text)
    return grid


def _hanging(mark: Text, text: Text, indent: int) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    grid.add_row(mark, text)
    return Padding(grid, (0, 0, 0, indent))


def _cells(row: Row) -> tuple[Text, ...]:
    reason = Text(row.reason, "yellow" if row.needs_attention else "")
    outcome = Text(row.outcome, _COLOURS.get(row.outcome, ""))
    return Text(f"  {row.cluster}"), outcome, reason, Text(row.next_start)
