"""A report as tables for a terminal: columns aligned, the line that matters most at the end."""

from collections.abc import Iterable
from itertools import zip_longest
from textwrap import wrap

from msgspec import Struct
from rich.console import Console
from rich.text import Text

from naptime.reports.report import Report, Section, Tone

_INDENT, _UNDER, _GAP = "  ", "        ", "  "
_DRAWN = ((r"(?<=budgets).*", "yellow"), (r"(?<=window ).*", "green"), (r"[· ]+", "dim"))
"""What of a week is in which colour: the window as it should be, what budgets let through, none."""

DRAWN_COLUMNS = 102
"""How wide a drawing is where nobody says."""

_SHORTEST = 12
"""So many characters of a column stay, however narrow the terminal is."""


class Paper(Struct, frozen=True):
    """Where it is written; `width` None where nobody looks: then nothing is cut or folded."""

    console: Console
    width: int | None

    def line(self, text: str, style: str = "") -> None:
        """Write a line as it is."""
        self.console.print(Text(text, style), soft_wrap=True)

    def folded(self, text: str, first: str, later: str | None = None, style: str = "") -> None:
        """Write text in as many lines as it takes, the first and the later ones behind these."""
        if self.width is None or not text:
            self.line((first + text).rstrip(), style)
            return
        indent = first if later is None else later
        for line in wrap(text, self.width, initial_indent=first, subsequent_indent=indent):
            self.line(line, style)


def write_table(report: Report, paper: Paper) -> None:
    """Write a report's sections, its figures, and its last line."""
    if report.headed:
        paper.line(f"{report.title}\n", "bold")
    for section in report.sections:
        _write_section(section, paper)
    _write_totals(report, paper)
    if report.last:
        paper.folded(report.last, "", style=_bold(report.tone))


def _bold(tone: Tone) -> str:
    return "bold" if tone in {Tone.PLAIN, Tone.QUIET} else f"bold {tone.value}"


def _write_section(section: Section, paper: Paper) -> None:
    if section.columns:
        paper.line(f"{section.title} ({section.size:,})", _bold(section.tone))
        _write_rows(section, paper)
    else:
        paper.line(section.title, _bold(section.tone))
        _write_drawing(section, paper)
        _write_facts(section, paper)
    for line in section.verbatim:
        paper.line(_INDENT + line)
    for advice in section.advice:
        paper.folded(advice, _INDENT)
    paper.line("")


def _write_drawing(section: Section, paper: Paper) -> None:
    if section.drawing is None:
        return
    for line in section.drawing((paper.width or DRAWN_COLUMNS) - len(_INDENT)):
        text = Text(_INDENT + line)
        for part, style in _DRAWN:
            text.highlight_regex(part, style)
        paper.console.print(text, soft_wrap=True)


def _write_rows(section: Section, paper: Paper) -> None:
    widths = _widths(section, paper.width)
    paper.line(_INDENT + _cells(section.columns, widths), "dim")
    style = "dim" if section.tone is Tone.QUIET else ""
    for block in section.blocks:
        if block.heading:
            paper.line(_INDENT + block.heading, "cyan")
        for row, following in zip_longest(block.rows, block.rows[1:]):
            paper.line(_INDENT + _cells(row.cells, widths), style)
            # What holds of several in a row is said once, beneath the last of them.
            if row.note and (following is None or following.note != row.note):
                paper.folded(row.note, _UNDER, style="dim")


def _write_facts(section: Section, paper: Paper) -> None:
    names = max((len(row.cells[0]) for row in section.rows), default=0)
    for row in section.rows:
        name, value = row.cells
        first = f"{_INDENT}{name.ljust(names)}{_GAP}"
        paper.folded(value, first, later=" " * len(first))


def _cells(cells: Iterable[str], widths: list[int]) -> str:
    fitted = [_fitted(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return (_INDENT + _GAP.join(fitted)).rstrip()


def _fitted(text: str, width: int) -> str:
    """Pad it, or leave out its middle: names differ at their ends."""
    if len(text) <= width:
        return text.ljust(width)
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def _widths(section: Section, width: int | None) -> list[int]:
    """Give each column what it needs; where that is too much, the widest gives way."""
    lines = [section.columns, *(row.cells for row in section.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if width is None:
        return widths
    room = width - 2 * len(_INDENT) - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _SHORTEST:
        widest = widths.index(max(widths))
        others = max([_SHORTEST, *(each for each in widths if each < widths[widest])])
        widths[widest] = max(others, widths[widest] - (sum(widths) - room))
    return widths


def _write_totals(report: Report, paper: Paper) -> None:
    digits = max((len(f"{total.count:,}") for total in report.totals), default=0)
    for total in report.totals:
        paper.line(f"{total.count:>{digits},}  {total.what}", total.tone.value)
    if report.totals:
        paper.line("")
