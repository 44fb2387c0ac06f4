"""The policy that lies beside azure.yaml: which window for which cluster, put in force."""

from __future__ import annotations

from infra.deploying.app import access, call_app
from infra.deploying.azure import without_case
from infra.deploying.installation import Installation
from infra.deploying.refusals import DeploymentStopped
from infra.deploying.web import Answer

_PUT = 200


def put_policy(one: Installation) -> None:
    """Put the file in force, if there is one; what is in force already makes no new version.

    Raises DeploymentStopped with every problem and its place, and the one before stays in force.
    """
    try:
        text = one.policy.read_bytes()
    except FileNotFoundError:
        print(f"  no {one.policy.name}: what is in force stays", flush=True)
        return
    except OSError as error:
        raise DeploymentStopped(f"{one.policy} cannot be read: {error.strerror}") from None
    headers = {**access(one), "Content-Type": "application/toml"}
    print(f"$ PUT {one.output('appUrl')}/api/policy  < {one.policy.name}", flush=True)
    if one.azure.dry_run:
        return
    answer = call_app(one, "PUT", "/api/policy", headers, text)
    if answer.status != _PUT:
        raise DeploymentStopped(f"{one.policy.name} was refused: {_why(answer)}")
    given = answer.json()
    told = without_case(given) if isinstance(given, dict) else {}
    print(f"  version {told.get('version')} is in force, hash {told.get('hash')}")
    warnings = told.get("warnings")
    for each in warnings if isinstance(warnings, list) else ():
        print(f"  {each}")


def _why(answer: Answer) -> str:
    """Give each problem with its place, or what else was answered."""
    given = answer.json()
    told = without_case(given) if isinstance(given, dict) else {}
    problems = told.get("problems")
    listed = problems if isinstance(problems, list) else []
    places = [_problem(each) for each in listed if isinstance(each, dict)]
    return "\n  ".join(["", *places]) if places else f"{answer.status} {answer.text[:500]}"


def _problem(each: dict[str, object]) -> str:
    lower = without_case(each)
    return f"{lower.get('field')} '{lower.get('value')}': {lower.get('rule')}"
