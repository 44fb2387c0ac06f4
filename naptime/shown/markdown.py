"""A report as a comment on a pull request: what matters is in sight, the rest folds out."""

from collections.abc import Iterator, Sequence

from naptime.reports.report import Report, Section
from naptime.shown.table import DRAWN_COLUMNS

_LONGEST_HINT = 80
LONGEST = 60_000
"""GitHub takes 65,536 characters of a comment (docs.github.com, issue comments)."""

_MEANT_BY_MARKDOWN = str.maketrans({each: f"\\{each}" for each in "\\`*_{}[]<>#|~"})


def to_markdown(report: Report) -> str:
    """Write it; rows beyond what a comment takes are counted, and said where to find."""
    lines = [f"## {report.title}", "", f"**{escaped(report.last)}**", ""]
    if report.totals:
        lines += ["| clusters | |", "|--:|---|"]
        lines += [f"| {total.count:,} | {escaped(total.what)} |" for total in report.totals]
        lines.append("")
    shown = [section for section in report.sections if not section.folded]
    for written in _shared(shown, LONGEST - _length(lines)):
        lines += written
    return "\n".join(lines).rstrip() + "\n"


def _shared(sections: Sequence[Section], room: int) -> list[list[str]]:
    """Write sections within so many characters; the longest are cut, the short ones whole."""
    least = {n: _length(_fitting(section, 0)) for n, section in enumerate(sections)}
    room -= sum(least.values())
    written: dict[int, list[str]] = {}
    for n in sorted(least, key=lambda n: sections[n].size):
        written[n] = _fitting(sections[n], max(room, 0) + least[n])
        room -= _length(written[n]) - least[n]
    return [written[n] for n in sorted(written)]


def escaped(text: str) -> str:
    """Keep text from outside from being read as markup."""
    return text.translate(_MEANT_BY_MARKDOWN)


def _length(lines: list[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _fitting(section: Section, room: int) -> list[str]:
    """Write a section within so many characters."""
    size = f" ({section.size:,})" if section.columns else ""
    head = [f"<details><summary>{escaped(section.title)}{size}</summary>", ""]
    tail = ["", "</details>", ""]
    body = [*_drawn(section), *_rows(section), *_facts(section), *_verbatim(section)]
    advice = ["", *(f"- {escaped(each)}" for each in section.advice)] if section.advice else []
    left = room - _length([*head, *advice, *tail]) - _LONGEST_HINT
    kept = list(_fits(body, left))
    if missing := len(body) - len(kept):
        kept.append(f"| … and {missing:,} more: `--format csv` has them all |")
    return [*head, *kept, *advice, *tail]


def _fits(lines: Sequence[str], room: int) -> Iterator[str]:
    """Yield lines from the start as long as they fit into so many characters."""
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return
        yield line


def _rows(section: Section) -> Iterator[str]:
    if not section.columns:
        return
    headed = any(block.heading for block in section.blocks)
    noted = any(row.note for row in section.rows)
    titles = (
        *(("subscription",) if headed else ()),
        *section.columns,
        *(("why",) if noted else ()),
    )
    yield _line(titles)
    yield _line(("---",) * len(titles))
    for block in section.blocks:
        for row in block.rows:
            first = (escaped(block.heading),) if headed else ()
            last = (escaped(row.note),) if noted else ()
            yield _line((*first, *map(escaped, row.cells), *last))


def _facts(section: Section) -> Iterator[str]:
    if section.columns:
        return
    for row in section.rows:
        name, value = row.cells
        yield f"- {escaped(name)}: {escaped(value)}" if value else f"- {escaped(name)}"


def _drawn(section: Section) -> Iterator[str]:
    if section.drawing is not None:
        yield from ("```text", *section.drawing(DRAWN_COLUMNS), "```", "")


def _verbatim(section: Section) -> Iterator[str]:
    if section.verbatim:
        yield from ("```sh", *section.verbatim, "```")


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
