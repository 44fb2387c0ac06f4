"""Request bodies: strict, typed, with errors that name the field, the value and the rule."""

import re

import azure.functions as func
import msgspec

from shared.domain.errors import InvalidInput
from shared.domain.reasons import Reason

BODY_LIMIT = 64 * 1024


class TooLarge(Exception):
    """The body is longer than any request of this API needs to be."""


class ReconcileRequest(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """The body of `POST /reconcile`: one cluster, or a run over many."""

    cluster_id: str | None = None
    subscription_id: str | None = None
    resource_group: str | None = None
    fleet: bool = False
    locations: tuple[str, ...] = ()
    dry_run: bool = False

    def check(self) -> None:
        """Refuse combinations that mean nothing; raise `InvalidInput`."""
        kinds = {
            "clusterId": self.cluster_id is not None,
            "subscriptionId": self.subscription_id is not None,
            "fleet": self.fleet,
        }
        if sum(kinds.values()) != 1:
            named = " and ".join(kind for kind, there in kinds.items() if there)
            rule = "must have exactly one of clusterId, subscriptionId and fleet (true)"
            raise InvalidInput.because(named.split(" ")[0] or "clusterId", named or None, rule)
        if self.resource_group is not None and self.subscription_id is None:
            rule = "goes with subscriptionId only"
            raise InvalidInput.because("resourceGroup", self.resource_group, rule)
        if self.cluster_id is not None and self.locations:
            rule = "goes with subscriptionId or fleet only"
            raise InvalidInput.because("locations", self.locations, rule)
        _check_locations(self.locations)


class ReplayRequest(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """The body of `POST /given-up/replay`: one cluster, all of one reason, or all."""

    cluster_id: str | None = None
    reason: str | None = None
    all: bool = False

    def check(self) -> None:
        """Refuse anything but exactly one of the three; raise `InvalidInput`."""
        if (self.cluster_id is not None) + (self.reason is not None) + self.all != 1:
            rule = "must have exactly one of clusterId, reason and all (true)"
            raise InvalidInput.because("body", None, rule)
        if self.reason is not None and self.reason not in set(Reason):
            raise InvalidInput.because("reason", self.reason, "must be one of the known reasons")


def _check_locations(locations: tuple[str, ...]) -> None:
    for location in locations:
        if not re.fullmatch(r"[A-Za-z0-9 ]{1,60}", location, re.ASCII) or not location.strip():
            rule = "must be names of locations, such as westeurope or West Europe"
            raise InvalidInput.because("locations", location, rule)


def read_body[T](request: func.HttpRequest, kind: type[T]) -> T:
    """Decode a JSON body; raise `InvalidInput` or `TooLarge`."""
    body = request.get_body()
    if len(body) > BODY_LIMIT:
        raise TooLarge
    decoded = _decode(body)
    try:
        return msgspec.convert(decoded, kind)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), decoded) from error


def _decode(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput.because("body", _text(body), f"must be JSON: {error}") from error


def _invalid(message: str, decoded: object) -> InvalidInput:
    """Name the field: msgspec says ``Object contains unknown field `x` - at `$.y` ``."""
    rule, _, path = message.partition(" - at `$")
    if named := re.search(r"(?:unknown|required) field `([^`]+)`", rule):
        return InvalidInput.because(named[1], _member(decoded, named[1]), rule)
    # An item of a list is `$.locations[...]`.
    field = path.strip("`.").partition("[")[0] or "body"
    return InvalidInput.because(field, _member(decoded, field), rule)


def _member(decoded: object, name: str) -> object:
    if name == "body":
        return decoded
    return decoded.get(name) if isinstance(decoded, dict) else None


def _text(body: bytes) -> str:
    return body[:100].decode("utf-8", "replace")
