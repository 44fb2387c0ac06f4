"""`python -m local.demo`: the whole story on this machine, or the stage alone."""

import signal
import sys


def _run() -> int:
    # Nothing has been started yet: who interrupts the imports, a second or two, sees no traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from local.demo.playing import run  # noqa: PLC0415 - slow, and only now interrupted in peace

    return run()


if __name__ == "__main__":
    sys.exit(_run())
