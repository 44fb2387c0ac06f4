"""Every block of code on every page is run by a test, or says why it cannot be."""

from pathlib import Path

import pytest

from tests.docs.pages import BLOCKS, PAGES, README, ROOT, Block, blocks_of

READERS = {
    "kusto": "tests/telemetry/test_alerts.py",
    "console": "tests/command_line/test_page.py",
    "example": "tests/docs/test_windows_and_nodes.py",
    "policy": "tests/docs/test_policy_page.py",
}
"""Languages, and kinds of markers, of which one test reads every block."""

FEWEST_WORDS = 4
"""Of a reason: `needs Azure` alone says nothing."""


def runner_of(block: Block) -> str | None:
    """Give the test module that runs a block; None if none does."""
    if block.kind == "run-by":
        return block.marked
    return READERS.get(block.kind) or READERS.get(block.language)


def wrong_with(block: Block) -> str | None:
    """Say what is wrong with a block; None if it is run, or says why not."""
    if block.kind == "no-run":
        enough = len(block.marked.split()) >= FEWEST_WORDS
        return None if enough else "its marker gives no reason"
    runner = runner_of(block)
    if runner is None:
        return (
            "nothing runs it: put `<!-- run-by: tests/... -->` above it, the module that does, or"
            " `<!-- no-run: why not -->`"
        )
    if not (ROOT / runner).is_file():
        return f"{runner} is not there"
    source = (ROOT / runner).read_text(encoding="utf-8")
    if block.kind == "run-by":
        return None if f'blocks_run_by("{runner}")' in source else f"{runner} collects no blocks"
    key = block.kind if block.kind in READERS else f"```{block.language}"
    return None if key in source else f"{runner} does not read such blocks"


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_is_run_or_says_why_not(block: Block) -> None:
    """Each has a test module that collects it, or the reason in a marker above it."""
    assert wrong_with(block) is None


def test_the_pages_are_all_there() -> None:
    """The README, the pages of docs/ and the decisions are looked at, and blocks are found."""
    assert README in PAGES
    assert {path.parent.name for path in PAGES} >= {"docs", "decisions"}
    assert len(BLOCKS) > 40


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nnaptime plan\n```\n",
        "<!-- no-run: Azure -->\n```sh\nnaptime plan\n```\n",
        "<!-- run-by: tests/docs/test_nowhere.py -->\n```sh\nnaptime plan\n```\n",
        "<!-- run-by: tests/docs/test_blocks.py -->\n```sh\nnaptime plan\n```\n",
        "<!-- no-run: its reason stands too far above it -->\n\n```\nx\n```\n",
        "- in a list\n  ```sh\n  naptime plan\n  ```\n",
        "~~~\nx\n~~~\n",
    ],
)
def test_a_block_that_nothing_runs_is_found(text: str, tmp_path: Path) -> None:
    """Without a marker, or with one that is not true, a block fails."""
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    (block,) = blocks_of(tmp_path / "page.md")
    assert wrong_with(block)


def test_a_block_that_never_ends_is_found(tmp_path: Path) -> None:
    """A fence without its end would hide the rest of the page."""
    (tmp_path / "page.md").write_text("```sh\nnaptime plan\n", encoding="utf-8")
    with pytest.raises(ValueError, match="never closed"):
        blocks_of(tmp_path / "page.md")
