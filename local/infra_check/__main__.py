"""`python -m local.infra_check`: what is wrong with infra/, by rules and by the compiler."""

import argparse
import sys
from collections.abc import Iterator

from local.infra_check.compiler import (
    TEMPLATES,
    bicep,
    check_compiled,
    check_sources,
    write_compiled,
)
from local.infra_check.policy import check_policies
from local.infra_check.values import Finding, read_compiled, read_snapshots


def _found(*, write: bool) -> Iterator[Finding]:
    program = bicep()
    if program is None:
        print("infra: no bicep on the path: nothing was built, linted, formatted or worked out")
        if write:
            yield Finding("infra", "--write needs the compiler")
        yield from check_sources()
    else:
        yield from write_compiled(program) if write else check_compiled(program)
    yield from check_policies(read_snapshots(), {name: read_compiled(name) for name in TEMPLATES})


def main() -> int:
    """Print every finding; 1 if there is one."""
    parser = argparse.ArgumentParser("python -m local.infra_check", description=__doc__)
    parser.add_argument("--write", action="store_true", help="format, and write what is compiled")
    findings = list(_found(write=parser.parse_args().write))
    for finding in findings:
        print(f"infra/{finding}", file=sys.stderr)
    print(f"infra: {len(read_snapshots())} snapshots, {len(findings)} findings")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
