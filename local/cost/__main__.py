"""`make cost`: what naptime costs a month; with --write it goes into docs/deploy.md."""

import argparse
import asyncio
import sys

from local.cost.page import PAGE, text, with_table


def main() -> int:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser("python -m local.cost", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write it into docs/deploy.md")
    table = asyncio.run(text())
    if parser.parse_args().write:
        PAGE.write_text(with_table(PAGE.read_text("utf-8"), table), "utf-8")
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
