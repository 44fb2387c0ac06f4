"""`python -m local.infra_check`: what is wrong with infra/, without Azure or its compiler."""

import sys

from local.infra_check.check import check_folder
from local.infra_check.policy import check_policies, placed
from local.infra_check.syntax import INFRA, parse_folder


def main() -> int:
    """Print every finding; 1 if there is one."""
    folder = parse_folder(INFRA)
    findings = check_folder(folder)
    if not findings:
        findings = check_policies(folder, placed(folder))
    for finding in findings:
        print(f"infra/{finding}", file=sys.stderr)
    print(f"infra: {len(folder)} files, {len(findings)} findings")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
