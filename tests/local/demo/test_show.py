"""What the audience sees."""

from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.console import Console

from local.demo.results import Result
from local.demo.show import Line, Row, Show, start_text
from shared.domain.vocabulary.reasons import Reason

ESCAPE = "\x1b"


def a_show(
    width: int = 80, *, terminal: bool = False, details: bool = False
) -> tuple[Show, StringIO]:
    written = StringIO()
    console = Console(
        file=written, width=width, force_terminal=terminal, highlight=False, legacy_windows=False
    )
    return Show(console, details=details), written


def row(cluster: str, place: str = "shop in westeurope", reason: str = "UpToDate") -> Row:
    return Row(
        key=f"/{place}/{cluster}",
        place=place,
        cluster=cluster,
        outcome="Unchanged",
        reason=reason,
        needs_attention=False,
        next_start="Sun 2026-08-30 01:00",
    )


def test_long_lines_go_on_indented() -> None:
    """A text that is too long for its line goes on below, indented, without trailing blanks."""
    show, written = a_show(30)
    show.told("nothing came of it within 20 seconds", timedelta(seconds=1.234))
    assert written.getvalue() == ("  ✓ nothing came of it within\n    20 seconds  1.23 s\n")


def test_an_act_is_a_line() -> None:
    """What came of it and how long it took; what happens without naptime has no tick."""
    show, written = a_show()
    show.begin("c", "a cluster is created")
    show.told("newcomer: written")
    took = timedelta(seconds=0.5)
    show.end([Line("it has its window", took), Line("without: at noon", aside=True)], ok=True)
    assert written.getvalue() == "c ✓ it has its window  0.50 s\n  · without: at noon\n"


def test_an_act_that_ends_badly_shows_it_all() -> None:
    """With a cross, and every line that it led to beneath."""
    show, written = a_show()
    show.begin("c", "a cluster is created")
    show.told("newcomer: written")
    show.told("convert: not within 20 s", ok=False)
    show.end([Line("it has its window")], ok=False)
    show.told("afterwards")
    assert written.getvalue().splitlines() == [
        "c ✗ it has its window",
        "    ✓ newcomer: written",
        "    ✗ convert: not within 20 s",
        "  ✓ afterwards",
    ]


def test_details_are_shown_where_they_are_asked_for() -> None:
    """Each act then has its title, all that it led to as it happens, and its end."""
    show, written = a_show(details=True)
    show.begin("c", "a cluster is created")
    show.told("newcomer: written")
    show.end([Line("it has its window")], ok=True)
    assert written.getvalue().splitlines() == [
        "c a cluster is created",
        "    ✓ newcomer: written",
        "c ✓ it has its window",
    ]


def test_a_fact_goes_on_behind_its_name() -> None:
    """In as many lines as it takes."""
    show, written = a_show(30)
    show.fact("a person", "should look at 2: linked, far-start")
    assert written.getvalue() == "a person  should look at 2:\n          linked, far-start\n"


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    """Bars and spinners leave nothing behind in a pipe."""
    show, written = a_show()
    with show.progress("dry run", 2) as advance:
        advance()
    with show.waiting("starting") as say:
        say("starting the host")
    assert written.getvalue() == ""


def test_a_terminal_gets_a_bar() -> None:
    """On a terminal a bar is drawn over itself."""
    show, written = a_show(terminal=True)
    with show.progress("dry run", 2) as advance:
        advance()
    assert "1/2" in written.getvalue()
    assert ESCAPE in written.getvalue()


def test_an_encoding_without_ticks() -> None:
    """Where the output cannot hold a tick, a plain character stands for it."""
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii", write_through=True)
    show = Show(Console(file=stream, width=80, force_terminal=False))
    show.told("done")
    show.told("not done", ok=False)
    assert raw.getvalue() == b"  + done\n  X not done\n"


def test_clusters_are_sorted_under_their_places() -> None:
    """The table names each place once, in order, and its clusters under it, in order."""
    show, written = a_show()
    show.clusters([row("b"), row("a"), row("c", "bank in eastus2")])
    first = [line.split("  ")[0:2] for line in written.getvalue().splitlines()[2:]]
    names = [" ".join(part for part in parts if part).strip() for parts in first]
    assert names == ["bank in eastus2", "c", "shop in westeurope", "a", "b"]


@pytest.mark.parametrize("reason", Reason)
def test_every_row_fits_eighty_columns(reason: Reason) -> None:
    """Every reason and the longest name in the fleet still make one line of 80 columns."""
    show, written = a_show()
    show.clusters([row("every-other-week", reason=reason.value)])
    assert written.getvalue().splitlines()[-1].endswith("Sun 2026-08-30 01:00")


def test_a_broken_promise_names_what_broke_it() -> None:
    """A cross, the figure and the first eight clusters are shown, and how many more there are."""
    show, written = a_show()
    show.promises([Result("all is well", "1 of 11", tuple(f"c{n:02}" for n in range(10)))])
    shown = written.getvalue()
    assert shown.startswith("\n✗ all is well\n  1 of 11\n  c00\n")
    assert shown.endswith("  c07\n  and 2 more\n")


def test_a_start_is_written_in_utc() -> None:
    """A start has its weekday, date and time."""
    assert start_text(datetime(2026, 8, 30, 1, 0, tzinfo=UTC)) == "Sun 2026-08-30 01:00"
