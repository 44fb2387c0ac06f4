"""`make bench` beside a version before: in turn, the best of each figure, one table."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from local.bench import beside
from local.bench.figures import Part, Row
from local.bench.versions import NoSuchCommit, app_folder, checked_out, host_program
from local.storage_emulator import REPOSITORY


async def test_the_two_are_measured_in_turn(tmp_path: Path) -> None:
    """The version before is first each time, and of several times the best is given."""
    measured = list[Path]()

    async def measure() -> Part:
        measured.append(app_folder())
        return Part("a fleet", (Row("seconds", 2.0, 10.0 - len(measured)),))

    part, before = await beside.measured(measure, tmp_path, 2)
    assert measured == [tmp_path, REPOSITORY] * 2
    assert [row.measured for row in part.rows] == [6.0]
    assert before == {"seconds []": 7.0}
    assert app_folder() == REPOSITORY


def test_the_table_has_both_and_their_ratio() -> None:
    """Each figure is beside that of the version before; one that had none stands alone."""
    part = Part("a fleet", (Row("seconds", 2.0, 3.0, "s"), Row("calls", 5, 5)))
    printed = StringIO()
    Console(width=120, file=printed).print(beside.table([(part, {"seconds [s]": 6.0})], "v0"))
    text = printed.getvalue()
    assert "now / v0" in text
    line = next(line for line in text.splitlines() if "seconds" in line)
    assert [cell.strip() for cell in line.split("│")[1:-1]] == [
        *("seconds", "2.00 s", "3.00 s", "1.50"),
        *("6.00 s", "0.50"),
    ]


def test_a_commit_is_checked_out_and_taken_away() -> None:
    """The host runs the app of the commit, and nothing of it is left afterwards."""
    with checked_out("HEAD") as folder:
        assert (folder / "function_app.py").is_file()
    assert not folder.exists()
    assert host_program() == ("local.host", f"--app={REPOSITORY}")


def test_what_is_no_commit_is_said() -> None:
    """A name that is no commit is an error that says so."""
    with pytest.raises(NoSuchCommit, match="no-such-thing"), checked_out("no-such-thing"):
        pass
