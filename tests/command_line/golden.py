"""Outputs as they were looked at and found good; each change of one is looked at again."""

import os
from pathlib import Path

WRITE = os.environ.get("NAPTIME_GOLDEN") == "write"
FOLDER = Path(__file__).parent / "golden"


def is_golden(name: str, text: str) -> bool:
    """Compare with the file of that name; with NAPTIME_GOLDEN=write, write it and fail."""
    file = FOLDER / name
    if WRITE:
        file.write_text(text, encoding="utf-8")
        raise AssertionError(f"{name} was written; look at it, then run the tests without it")
    assert text == file.read_text(encoding="utf-8")
    return True


def put_on_page(page: Path, command: str, output: str) -> None:
    """Write what a command really shows beneath it, where that is asked for."""
    if WRITE:
        head, sign, rest = page.read_text(encoding="utf-8").partition(f"$ {command}\n")
        after = rest[rest.index("```") :]
        page.write_text(f"{head}{sign}{output}{after}", encoding="utf-8")
