"""What real clients made of the simulator: one line a step, a table at the end."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One step: what it was to show, and what was missing (nothing: it did)."""

    says: str
    missing: str = ""


def tell(result: Result) -> None:
    """Print one step as it ends."""
    print(f"{'no ' if result.missing else 'ok '} {result.says}", flush=True)


def concluded(title: str, results: Sequence[Result]) -> int:
    """Print the table of what failed and the counts; give the exit code."""
    failed = [each for each in results if each.missing]
    width = max((len(each.says) for each in results), default=0)
    print(f"\n{title}\n{'-' * len(title)}")
    for each in results:
        print(f"{each.says:<{width}}  {'FAILED' if each.missing else 'passed'}")
    for each in failed:
        print(f"\n{each.says}:\n{each.missing}")
    print(f"\n{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not results else 0
