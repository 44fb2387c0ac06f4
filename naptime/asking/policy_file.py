"""A policy's file as a command reads it; the app reads what is put by the same code."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.domain.vocabulary.invalid import InvalidInput, InvalidPolicy

if TYPE_CHECKING:
    from shared.domain.policy.choose import Policy

STDIN: Final = "-"
_FIELD: Final = "FILE"


def read_text(file: str) -> str:
    """Read a file, or standard input (`-`), as UTF-8; raises InvalidInput, InvalidPolicy."""
    from shared.domain.policy.read import MOST_BYTES  # noqa: PLC0415 - after the first words

    try:
        if file == STDIN:
            raw = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(MOST_BYTES + 1)
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise InvalidInput.because(_FIELD, file, f"cannot be read: {said}") from error
    if len(raw) > MOST_BYTES:
        raise InvalidPolicy.because(_FIELD, file, f"must be at most {MOST_BYTES} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        rule = f"must be UTF-8: byte {error.start} is not"
        raise InvalidPolicy.because(_FIELD, file, rule) from error


def read_file(file: str) -> "Policy":
    """Read a policy from a file; raises InvalidInput, InvalidPolicy with every problem."""
    from shared.clients.clock import SystemClock  # noqa: PLC0415 - after the first words
    from shared.domain.policy.read import read_policy  # noqa: PLC0415 - after the first words

    return read_policy(read_text(file), SystemClock().now())
