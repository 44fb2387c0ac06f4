"""What is made of the pages that many callers read."""

from local.bench.watchers import Watched


def test_the_rows_of_those_who_watch() -> None:
    """The median of all pages is told, and the memory of the end beside that of the middle."""
    page, memory = Watched(50, (100.0, 900.0, 200.0), (80.0, 82.0)).rows()
    assert page.cells()[1:] == ("300 ms", "200.0 ms", "0.67")
    assert "50 callers" in page.what
    assert (memory.promised, memory.measured) == (80.0, 82.0)
