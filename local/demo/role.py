"""The role that naptime has in Azure, for the simulator to hold it to."""

import json
from pathlib import Path

from local.infra_check.agreement import role_actions
from local.infra_check.syntax import INFRA, parse_folder


def write_role(file: Path) -> Path:
    """Write the actions that the Bicep files grant by default, as the simulator reads them."""
    file.write_text(json.dumps(sorted(role_actions(parse_folder(INFRA), {})), indent=1), "utf-8")
    return file
