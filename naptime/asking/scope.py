"""Which clusters a command is about."""

from collections.abc import Mapping

from msgspec import Struct

from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.ids import parse_location, parse_subscription_id
from shared.domain.vocabulary.invalid import InvalidInput

_SUBSCRIPTIONS = "NAPTIME_SUBSCRIPTIONS"
WHICH = "say which subscriptions: --subscription ID (again for more), or --all that you can see"


class Reach(Struct, frozen=True):
    """Subscriptions by their ids, none for all that the caller sees; locations, none for all."""

    subscriptions: frozenset[str] = frozenset()
    locations: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        """Say whether every subscription is meant that the caller sees."""
        return not self.subscriptions


def read_scope(
    subscriptions: tuple[str, ...],
    locations: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    everything: bool,
) -> Reach:
    """Read the options; without any of them the app's own setting says which subscriptions.

    Raises InvalidInput, which names the option.
    """
    places = tuple(_location(text) for text in locations)
    if everything and subscriptions:
        rule = "cannot stand beside --subscription: one says all, the other says which"
        raise InvalidInput.because("--all", "", rule)
    if everything:
        return Reach(frozenset(), places)
    if subscriptions:
        return Reach(
            frozenset(_subscription("--subscription", each) for each in subscriptions), places
        )
    listed = [each.strip() for each in environment.get(_SUBSCRIPTIONS, "").split(",")]
    found = frozenset(_subscription(_SUBSCRIPTIONS, each) for each in listed if each)
    if not found:
        raise InvalidInput.because("--subscription", "", WHICH)
    return Reach(found, places)


def _subscription(field: str, text: str) -> str:
    try:
        return parse_subscription_id(text)
    except InvalidInput as error:
        raise InvalidInput.because(field, text, error.problems[0].rule) from error


def _location(text: str) -> str:
    try:
        return parse_location(text)
    except BrokenRule as error:
        raise InvalidInput.because("--location", text, str(error)) from error
