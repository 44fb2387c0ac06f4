"""The `az` commands that naptime's pages and programs tell people to run, as their arguments."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    *sorted(f"docs/{page.name}" for page in ROOT.glob("docs/*.md")),
    ".github/workflows/infra.yml",
)
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_SPAN = re.compile(r"`(az [^`]+)`")


def page_commands() -> Iterator[tuple[str, list[str]]]:
    """Give each command with the page that has it; a command's name alone counts."""
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for command in _commands(text, is_page=page.endswith(".md")):
            yield page, list(_words(command))


def _words(command: str) -> Iterator[str]:
    """Give the arguments, up to where the shell goes on with something else.

    `…` is a value where a flag waits for one, and otherwise something that is left out.
    """
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    before = ""
    for number, word in enumerate(lexer):
        if set(word) <= set("();<>|&"):
            return
        if number and (word != "…" or before.startswith("-")):
            yield word.replace("…", "x")
        before = word


def _commands(text: str, *, is_page: bool) -> Iterator[str]:
    lines = "\n".join(_BLOCK.findall(text)) if is_page else text
    joined = lines.replace("\\\n", " ")
    for line in joined.splitlines():
        found = re.search(r"(?:^\s*|\$\(|[|;]\s*|run: )(az (?!login|account set).*)$", line)
        if found:
            yield _plain(found[1])
    if is_page:
        for span in _SPAN.findall(text):
            yield _plain(span.replace("\\|", "|"))


def _plain(command: str) -> str:
    """Put a value in the place of what a page leaves open."""
    return re.sub(r"\$\{\{[^}]*\}\}|\{[a-z ]+\}", "x", command)
