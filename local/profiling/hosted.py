"""The local host with an instrument in it: `python -m local.profiling.hosted KIND FILE ...`.

What comes after KIND and FILE are the host's own options. SIGUSR1 has the instrument begin anew,
SIGUSR2 has it write what it has found since then to FILE.
"""

import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn, Protocol

from local.host.__main__ import main as run_host
from local.profiling.instruments import Counts, Memory, Samples

BEGIN, WRITE = signal.SIGUSR1, signal.SIGUSR2


class Instrument(Protocol):
    """Finds something out about the process that it is in."""

    def begin(self) -> None:
        """Forget what was found, and begin."""
        ...

    def found(self) -> object:
        """Stop, and give what was found since then, as JSON has it."""
        ...


INSTRUMENTS: Final[Mapping[str, type[Instrument]]] = {
    "samples": Samples,
    "counts": Counts,
    "memory": Memory,
}


def _attach(instrument: Instrument, file: Path) -> None:
    """Have the two signals work the instrument; what is written is there whole or not at all."""

    def begin(_: int, __: FrameType | None) -> None:
        file.unlink(missing_ok=True)
        instrument.begin()

    def write(_: int, __: FrameType | None) -> None:
        partial = file.with_suffix(".part")
        partial.write_text(json.dumps(instrument.found()), "utf-8")
        partial.rename(file)

    signal.signal(BEGIN, begin)
    signal.signal(WRITE, write)


def main() -> NoReturn:
    """Attach the instrument, and be the host."""
    kind, file = sys.argv[1:3]
    del sys.argv[1:3]
    _attach(INSTRUMENTS[kind](), Path(file))
    run_host()


if __name__ == "__main__":
    main()
