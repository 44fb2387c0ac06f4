"""The rules of a policy's file."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from shared.domain.policy.choose import Leave, ReportOnly, Rule, SameWindow, Use
from shared.domain.policy.match import PRESENT, Match, TagWish
from shared.domain.policy.read_windows import SAME
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.fields import BrokenRule, Fields, items, text
from shared.domain.vocabulary.ids import parse_subscription_id
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.locations import nearest
from shared.domain.vocabulary.plain_text import shown
from shared.domain.window.text import parse_date

MOST_RULES = 200
LONGEST_EXEMPTION = timedelta(days=400)
MOST_TEXT = 200
"""Characters of a name, an owner, a reason: they stand in rows and in sentences."""

_USES = ("window", "leave", "report")
_KUBERNETES = "kubernetes"
_MATCH = ("subscriptions", "resourceGroups", "clusters", "locations", "tags", "sku")
_PATTERN = re.compile(r"[a-z0-9_.()*-]{1,90}", re.ASCII | re.IGNORECASE)
_SKUS = ("automatic", "base")


class _Known(Struct, frozen=True):
    """What a rule may name."""

    windows: Mapping[str, NamedWindow | None]
    """None for one that is written, and not right: that has been said of it."""
    is_location: Callable[[str], bool]
    now: datetime


def read_rules(
    top: Fields,
    windows: Mapping[str, NamedWindow | None],
    now: datetime,
    is_location: Callable[[str], bool],
) -> tuple[Rule, ...]:
    """Read the rules in their order, and note what is wrong with them."""
    written = top.required("rules", items)
    if written is None:
        return ()
    if not 1 <= len(written) <= MOST_RULES:
        top.refuse("rules", f"{len(written)} rules", f"must be 1 to {MOST_RULES} rules")
        return ()
    known = _Known(windows, is_location, now)
    fields = [top.item(f"rules[{index}]", rule) for index, rule in enumerate(written)]
    rules = [_rule(rule, known) for rule in fields if rule]
    _check_names(fields, rules)
    _check_last(fields[-1], rules[-1] if rules else None)
    return tuple(rule for rule in rules if rule)


def _rule(fields: Fields, known: _Known) -> Rule | None:
    fields.refuse_unknown(("name", "match", _KUBERNETES, *_USES))
    name = fields.required("name", short_text)
    use = _use(fields, known)
    match = _match(fields, known) if "match" in fields.present() else Match()
    kubernetes = _kubernetes(fields, known)
    return Rule(name, use, match, kubernetes) if name and use and match else None


def _kubernetes(fields: Fields, known: _Known) -> NamedWindow | SameWindow | None:
    """Read which window the upgrades of Kubernetes get: one by its name, or the same."""
    if _KUBERNETES not in fields.present():
        return None
    if "window" not in fields.present():
        fields.refuse(_KUBERNETES, "", "must stand beside a window, for it is written as that is")
        return None
    rule = f"must be the name of a window, or {SAME}"
    name = fields.required(_KUBERNETES, _one_of({*known.windows, SAME}, rule))
    return SameWindow() if name == SAME else known.windows[name] if name else None


def _check_names(fields: list[Fields | None], rules: list[Rule | None]) -> None:
    seen: set[str] = set()
    for field, rule in zip(filter(None, fields), rules, strict=True):
        if rule and rule.name.lower() in seen:
            field.refuse("name", rule.name, "must be the name of one rule only")
        seen |= {rule.name.lower()} if rule else set()


def _check_last(fields: Fields | None, rule: Rule | None) -> None:
    """Ask that every cluster gets something, for all time."""
    if fields is None or rule is None:
        return
    if isinstance(rule.use, Leave):
        fields.refuse("leave", rule.name, "must not be in the last rule, for it ends")
    if not rule.match.is_everything:
        rule_text = "must not be in the last rule, which is for every cluster"
        fields.refuse("match", rule.name, rule_text)


def _use(fields: Fields, known: _Known) -> Use | None:
    given = [name for name in fields.present() if name in _USES]
    if len(given) != 1:
        rule = f"must have exactly one of {', '.join(_USES)}"
        fields.refuse("window", " and ".join(given) or "none", rule)
        return None
    match given[0]:
        case "window":
            name = fields.required("window", _one_of(known.windows, "must be the name of a window"))
            return known.windows[name] if name else None
        case "leave":
            leave = fields.under("leave")
            return _leave(leave, known.now) if leave else None
        case _:
            return ReportOnly() if fields.required("report", _true) else None


def _leave(fields: Fields, now: datetime) -> Leave | None:
    fields.refuse_unknown(("until", "owner", "reason"))
    latest = now.astimezone(UTC).date() + LONGEST_EXEMPTION

    def until(value: object) -> date:
        day = value if type(value) is date else parse_date(shown(value))
        if day > latest:
            raise BrokenRule(f"must be at most {LONGEST_EXEMPTION.days} days ahead, {latest}")
        return day

    ends = fields.required("until", until)
    owner = fields.required("owner", short_text)
    reason = fields.required("reason", short_text)
    return Leave(ends, owner, reason) if ends and owner and reason else None


def _match(fields: Fields, known: _Known) -> Match | None:
    match = fields.under("match")
    if match is None:
        return None
    match.refuse_unknown(_MATCH)
    before = len(match.problems)
    found = Match(
        subscriptions=_each(match, "subscriptions", _subscription),
        resource_groups=_each(match, "resourceGroups", _pattern),
        clusters=_each(match, "clusters", _pattern),
        locations=_each(match, "locations", _location(known.is_location)),
        tags=_tags(match),
        sku=_each(match, "sku", _one_of(_SKUS, "must be Automatic or Base")),
    )
    return found if len(match.problems) == before else None


def _each[T](fields: Fields, name: str, parse: Callable[[object], T]) -> tuple[T, ...]:
    """Read one value, or a list of them that is not empty."""
    if name not in fields.present():
        return ()
    written = fields.raw(name)
    if not isinstance(written, list):
        value = fields.parsed(name, written, parse)
        return () if value is None else (value,)
    if not written:
        fields.refuse(name, written, "must not be empty")
    found = (fields.parsed(f"{name}[{index}]", value, parse) for index, value in enumerate(written))
    return tuple(value for value in found if value is not None)


def _tags(match: Fields) -> dict[str, TagWish]:
    tags = match.optional_under("tags")
    if tags is None:
        return {}
    found = {key.lower(): _tag(tags, key) for key in tags.present()}
    if len(found) != len(tags.present()):
        match.refuse("tags", "", "must not have the same key in two casings")
    return {key: wish for key, wish in found.items() if wish is not None}


def _tag(tags: Fields, key: str) -> TagWish | None:
    value = tags.raw(key)
    if value is False:
        return False
    if value == PRESENT:
        return True
    return _each(tags, key, _tag_value) or None


def _tag_value(value: object) -> str:
    if not isinstance(value, str) or value == PRESENT:
        raise BrokenRule('must be a value, a list of values, "*" for present, or false for absent')
    return value


def short_text(value: object) -> str:
    """Take a name, or whatever else is said in a few words; raises BrokenRule."""
    found = text(value)
    if len(found) > MOST_TEXT or not found.isprintable() or not found.strip():
        raise BrokenRule(f"must be 1 to {MOST_TEXT} printable characters, not blanks alone")
    return found


def _true(value: object) -> bool:
    if value is not True:
        raise BrokenRule("must be true, or left out")
    return True


def _subscription(value: object) -> str:
    try:
        return parse_subscription_id(text(value))
    except InvalidInput as error:
        raise BrokenRule("must be the id of a subscription, a GUID") from error


def _pattern(value: object) -> str:
    found = text(value)
    if not _PATTERN.fullmatch(found):
        raise BrokenRule("must be a name, with * for any run of characters")
    return found.lower()


def _location(is_location: Callable[[str], bool]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        name = text(value).replace(" ", "").lower()
        if not is_location(name):
            meant = nearest(name)
            hint = f"; perhaps {meant}" if meant else ""
            raise BrokenRule(f"must be an Azure location{hint}")
        return name

    return parse


def _one_of(names: Collection[str], rule: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        found = text(value).lower()
        if found not in names:
            raise BrokenRule(rule)
        return found

    return parse
