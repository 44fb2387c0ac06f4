"""What people see: tables at two widths, without a terminal, in colour, for a comment, a sheet."""

import csv
import json
import re
import sys
from copy import replace
from datetime import UTC, datetime
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.console import Console

from naptime.reports.audit import audit_report
from naptime.reports.plan import plan_report
from naptime.reports.report import Report
from naptime.shown import output
from naptime.shown.forms import Form
from naptime.shown.markdown import LONGEST, to_markdown
from naptime.shown.progress import say
from naptime.shown.table import Paper, write_table
from shared.domain.vocabulary.plain_text import one_line
from tests.command_line.golden import is_golden
from tests.command_line.looks import NOTHING_WRONG, ONE, ROWS, a_look, all_well, missing

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def table(report: Report, width: int | None, *, colour: bool = False) -> str:
    """Write a report for a terminal of some width, or (None) for no terminal."""
    text = StringIO()
    console = Console(
        file=text,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
    )
    write_table(report, Paper(console, width))
    return text.getvalue()


@pytest.mark.parametrize(("width", "name"), [(80, "80"), (120, "120"), (None, "pipe")])
def test_a_plan_as_a_table(width: int | None, name: str) -> None:
    """Columns are aligned, long names lose their middle only where a terminal is narrow."""
    assert is_golden(f"plan-{name}.txt", table(plan_report(a_look(), detailed=False), width))


def test_a_plan_in_colour() -> None:
    """In colour it is the same text, with colours that end where they should."""
    report = plan_report(a_look(), detailed=False)
    coloured = table(report, 80, colour=True)
    assert is_golden("plan-80-colour.txt", coloured)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == table(report, 80)


def test_a_plan_as_a_comment() -> None:
    """A comment on a pull request says first what matters, and folds the clusters away."""
    assert is_golden("plan.md", to_markdown(plan_report(a_look(), detailed=False)))


@pytest.mark.parametrize(("width", "name"), [(80, "80"), (120, "120")])
def test_an_audit_as_a_table(width: int, name: str) -> None:
    """An audit has its date, its findings with what to do, and the figures."""
    report = audit_report(a_look(), NOW, detailed=False)
    assert is_golden(f"audit-{name}.txt", table(report, width))


def test_an_audit_to_be_mailed() -> None:
    """The same as markdown has its date in the title."""
    assert is_golden("audit.md", to_markdown(audit_report(a_look(), NOW, detailed=False)))


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    """No table wraps, however long the names are."""
    for report in (
        plan_report(a_look(), detailed=False),
        audit_report(a_look(), NOW, detailed=False),
    ):
        assert max(map(len, table(report, width).splitlines())) <= width


def test_the_line_that_matters_is_the_last() -> None:
    """Whoever sees only the end of a long plan sees what it comes to."""
    last = table(plan_report(a_look(), detailed=False), 120).splitlines()[-1]
    assert last == (
        "Nothing was written. naptime protect would write 3 schedules."
        " Not everything could be read: see above."
    )
    assert table(plan_report(all_well(), detailed=False), 80).splitlines()[-1] == "Nothing to do."


def test_nothing_from_outside_moves_the_cursor() -> None:
    """Control characters in what Azure says never reach a terminal, a sheet or a comment."""
    report = plan_report(a_look(), detailed=False)
    for text in (table(report, None), to_markdown(report), output.to_csv(report)):
        assert all(one_line(line, len(line)) == line for line in text.splitlines())


def test_a_comment_has_room_for_what_github_takes() -> None:
    """A plan of two thousand clusters is cut where a comment ends, and says what is missing."""
    rows = [missing(ONE, "rg-1", f"aks-{number:04}") for number in range(2000)]
    text = to_markdown(plan_report(a_look(rows), detailed=False))
    assert len(text) <= LONGEST
    (more,) = re.findall(r"and ([\d,]+) more: `--format csv` has them all", text)
    shown = text.count("| rg-1/aks-")
    assert shown + int(more.replace(",", "")) == 2000


def test_markup_in_names_and_messages_stays_text() -> None:
    """What Azure says is no markup of the comment that it stands in."""
    rows = [{**ROWS[5], "message": "<img src=x> | [a](b) `c` @team"}]
    text = to_markdown(plan_report(a_look(rows), detailed=False))  # type: ignore[arg-type]  # a row with another message
    assert r"\<img src=x\> \| \[a\](b) \`c\` @team" in text


def test_a_sheet_has_a_line_for_each_cluster() -> None:
    """CSV has every cluster once, whole ids, and no cell that a spreadsheet would calculate."""
    rows = [{**ROWS[5], "message": '=HYPERLINK("http://x")'}, *ROWS[:5]]
    report = plan_report(a_look(rows), detailed=False)  # type: ignore[arg-type]  # a row with another message
    lines = list(csv.DictReader(StringIO(output.to_csv(report))))
    assert len({line["clusterId"] for line in lines}) == len(lines) == 7
    assert {line["plan"] for line in lines} == {
        *("leave", "excluded", "create", "needs a person", "could not be read"),
    }
    assert [line["message"] for line in lines if line["plan"] == "could not be read"] == [
        '\'=HYPERLINK("http://x")'
    ]


def test_json_is_the_apis_own(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON is what `GET /api/runs/{id}` answers, and nothing else."""
    look = a_look()
    output.write(plan_report(look, detailed=False), Form.JSON)
    assert json.loads(capsys.readouterr().out) == look.run


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_json_loses_nothing(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """A stream that has no letter for something, as on Windows, gets its escape in JSON."""
    raw, report = BytesIO(), plan_report(a_look(), detailed=False)
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(raw, encoding=encoding))
    output.write(replace(report, json={"rule": "pr\xf6d \U0001f389"}), Form.JSON)
    assert json.loads(raw.getvalue().decode(encoding)) == {"rule": "pr\xf6d \U0001f389"}


def test_what_is_said_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever was typed or answered, what a command says of it cannot steer a terminal."""
    say("asking https://x\x1b[2J.example\nnaptime: all is well", quiet=False)
    said = "naptime: asking https://x?[2J.example?naptime: all is well\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("look", "detailed", "code"),
    [
        (all_well(), False, 0),
        (all_well(), True, 0),
        (a_look(ROWS[:1], **NOTHING_WRONG), False, 0),
        (a_look(ROWS[:1], **NOTHING_WRONG), True, 2),
        (a_look(ROWS[4:5], **NOTHING_WRONG), True, 2),
        (a_look(ROWS[:1]), True, 1),
        (a_look(ROWS[5:6], **NOTHING_WRONG), False, 1),
        (a_look(ROWS[6:7], **NOTHING_WRONG), False, 0),
        (a_look([], **NOTHING_WRONG, reasons={"ClusterIdUnreadable": 1}), False, 1),
    ],
)
def test_what_the_exit_code_tells(look: object, *, detailed: bool, code: int) -> None:
    """1 where something could not be read, 2 where it was asked for and something is to do."""
    assert plan_report(look, detailed=detailed).code == code  # type: ignore[arg-type]  # a table of looks
    if look != a_look(ROWS[6:7], **NOTHING_WRONG):
        assert audit_report(look, NOW, detailed=detailed).code == code  # type: ignore[arg-type]  # the same


def test_without_a_terminal_there_is_no_colour(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe gets no control codes and no cut names; COLUMNS says how wide it is all the same."""
    monkeypatch.delenv("COLUMNS", raising=False)
    report = plan_report(a_look(), detailed=False)
    output.write(report, Form.TABLE)
    assert capsys.readouterr().out == table(report, None)
    monkeypatch.setenv("COLUMNS", "80")
    output.write(report, Form.TABLE)
    assert capsys.readouterr().out == table(report, 80)


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR even a terminal gets plain text; empty, it says nothing."""

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.console_of(Terminal()).color_system is None
    monkeypatch.setenv("NO_COLOR", "")
    assert output.console_of(Terminal()).color_system is not None
    assert output.console_of(sys.stdout).color_system is None
