"""What a deployed naptime refuses, in its own words."""

from typing import cast

from msgspec import Struct

from shared.domain.errors import AzureUnavailable
from shared.domain.vocabulary.invalid import NaptimeError
from shared.domain.vocabulary.plain_text import one_line

LONGEST = 500
_UNAVAILABLE = frozenset({408, 429, 500, 502, 503, 504})


class NotNaptime(NaptimeError):
    """What answers at the address is not naptime's API."""


class Told(Struct, frozen=True):
    """The parts of a problem (RFC 9457) that a person needs."""

    status: int
    reason: str
    detail: str
    advice: str
    rules: tuple[str, ...] = ()


class AppRefused(NaptimeError):
    """The app refused a request; says why, and what can be done."""

    def __init__(self, refusal: Told) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal

    def __str__(self) -> str:
        known = self.refusal
        said = [*known.rules] or [known.detail]
        reason = f"{known.reason} ({known.status})"
        return " ".join(part for part in (f"{reason}:", "; ".join(said), known.advice) if part)


class AppBusy(AzureUnavailable):
    """The app, or what is in front of it, cannot answer just now; worth asking again at once."""


_NO_KEY = "Set NAPTIME_KEY to a key of the function app, or NAPTIME_APP_SCOPE for a token."


def refusal_of(status: int, body: object) -> NaptimeError:
    """Make an error of an answer that is no success."""
    if status in _UNAVAILABLE:
        return AppBusy(f"the app answered {status}{_why(body)}", status=status)
    if status == 401:  # noqa: PLR2004 - the host's own answer, without a body
        return AppRefused(Told(status, "NotAuthenticated", "The key is missing or wrong.", _NO_KEY))
    if not isinstance(body, dict) or not isinstance(body.get("reason"), str):
        return NotNaptime(f"the address answers {status}, but not as naptime does")
    problem = cast("dict[str, object]", body)
    return AppRefused(
        Told(
            status,
            _text(problem, "reason"),
            _text(problem, "detail"),
            _text(problem, "advice"),
            tuple(_rules(problem)),
        )
    )


def _why(body: object) -> str:
    """Give what the app says of it, where the app itself has answered."""
    problem = cast("dict[str, object]", body) if isinstance(body, dict) else {}
    said = [_text(problem, name) for name in ("reason", "detail", "advice")]
    return "".join(f": {each}" for each in said if each)


def _rules(problem: dict[str, object]) -> list[str]:
    found = problem.get("problems")
    if not isinstance(found, list):
        return []
    broken = [cast("dict[str, object]", each) for each in found if isinstance(each, dict)]
    return [
        f"{_text(one, 'field')} '{_text(one, 'value')}': {_text(one, 'rule')}" for one in broken
    ]


def _text(body: dict[str, object], name: str) -> str:
    return one_line(str(body.get(name) or ""), LONGEST)
