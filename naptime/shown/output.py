"""Writing a report in the form that was asked for."""

import csv
import json
import os
import sys
from io import StringIO, TextIOWrapper
from typing import TextIO, assert_never

from rich.console import Console

from naptime.reports.report import Report
from naptime.shown.forms import Form
from naptime.shown.markdown import to_markdown
from naptime.shown.table import Paper, write_table

_UNICODE = frozenset({"utf-8", "utf8"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection)."""


def write(report: Report, form: Form) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    match form:
        case Form.TABLE:
            write_table(report, paper_of(sys.stdout))
        case Form.JSON:
            # Escapes keep what the stream's encoding has no letters for, as on Windows.
            escaped = sys.stdout.encoding.lower() not in _UNICODE
            sys.stdout.write(json.dumps(report.json, indent=2, ensure_ascii=escaped) + "\n")
        case Form.CSV:
            sys.stdout.write(to_csv(report))
        case Form.MARKDOWN:
            sys.stdout.write(to_markdown(report))
        case _:
            assert_never(form)
    sys.stdout.flush()


def console_of(stream: TextIO, width: int | None = None) -> Console:
    """Give a console: with colours only on a terminal, and never where NO_COLOR says not to."""
    plain = bool(os.environ.get("NO_COLOR")) or not stream.isatty()
    return Console(
        file=stream,
        color_system=None if plain else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        width=width,
    )


def paper_of(stream: TextIO) -> Paper:
    """Give a terminal's width, or that of COLUMNS; without either nothing is cut."""
    told = os.environ.get("COLUMNS", "")
    width = int(told) if told.isdecimal() and int(told) > 0 else None
    console = console_of(stream, width)
    return Paper(console, console.width if width or stream.isatty() else None)


def to_csv(report: Report) -> str:
    """Write a line for each cluster, under the names of the columns."""
    text = StringIO()
    writer = csv.DictWriter(text, report.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: _harmless(cell) for name, cell in row.items()} for row in report.records
    )
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
