"""What a command has to say, before it is written in any form."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

from msgspec import Struct

DONE: Final = 0
FAILED: Final = 1
TO_DO: Final = 2
WRONG_USAGE: Final = 64
"""EX_USAGE of sysexits.h: 2 is taken by what is to be done, as with `terraform plan`."""

type Json = object

type Drawing = Callable[[int], Sequence[str]]
"""Draws something in so many columns."""


class Tone(Enum):
    """How something is meant: as it should be, only told, to be looked at, wrong."""

    GOOD = "green"
    PLAIN = "none"
    QUIET = "dim"
    LOOK = "yellow"
    WRONG = "red"


class Entry(Struct, frozen=True):
    """The cells of one line of a table, and what is said beneath it, if anything."""

    cells: tuple[str, ...]
    note: str = ""


class Block(Struct, frozen=True):
    """Rows that belong together under a heading, such as a subscription."""

    heading: str
    rows: tuple[Entry, ...]


class Section(Struct, frozen=True):
    """One table: its title with how many rows it has, its columns, and what to do about it.

    Without columns its rows are facts: a name and what it is.
    """

    title: str
    tone: Tone
    columns: tuple[str, ...]
    blocks: tuple[Block, ...]
    advice: tuple[str, ...] = ()
    verbatim: tuple[str, ...] = ()
    """Lines to be copied: they are never cut or folded."""
    drawing: Drawing | None = None
    """What is drawn above its rows."""
    folded: bool = False
    """Whether it is of so little news that a comment on a pull request only counts it."""

    @property
    def rows(self) -> tuple[Entry, ...]:
        """All of its rows, without their headings."""
        return tuple(row for block in self.blocks for row in block.rows)

    @property
    def size(self) -> int:
        return len(self.rows)

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to show, whatever advice there would be."""
        return not (self.rows or self.verbatim or self.drawing)


class Total(Struct, frozen=True):
    """A figure at the end, and what it counts."""

    count: int
    what: str
    tone: Tone


class Report(Struct, frozen=True):
    """Sections, figures and the one line that matters most, which comes last.

    `records` are the same for a spreadsheet, one for each cluster; `json` is what the app's own API
    would answer.
    """

    title: str
    sections: tuple[Section, ...]
    totals: tuple[Total, ...]
    last: str
    tone: Tone
    json: Json
    columns: tuple[str, ...] = ()
    records: Sequence[Mapping[str, str]] = ()
    headed: bool = False
    """Whether a table of it has its title: so it has where it is read without its command."""
    code: int = DONE
