"""A policy's file: what is right is read, and what is wrong is named by its place, all at once."""

import json
from collections.abc import Mapping
from datetime import UTC, date, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.policy.choose import Leave, Policy, ReportOnly
from shared.domain.policy.match import Match
from shared.domain.policy.read import MOST_BYTES, policy_hash, read_policy
from shared.domain.policy.updates import UpdateRules
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.invalid import InvalidPolicy, Problem
from shared.domain.window.recurrence import Daily, Weekday, Weekly
from tests.clusters import SUBSCRIPTION
from tests.unit.domain.policy.examples import NOW, RINGS, rings

WINDOW = '[windows.a]\non = "daily"\nstart = "01:00"\nhours = 4\n'
RULE = '[[rules]]\nname = "all"\nwindow = "a"\n'


def of(windows: str = WINDOW, rules: str = RULE, top: str = "version = 1\n") -> str:
    """Put a file together from its parts."""
    return f"{top}{windows}{rules}"


def problems(written: str) -> list[str]:
    """Give what is wrong with a file, each as place, value and rule."""
    with pytest.raises(InvalidPolicy) as caught:
        read_policy(written, NOW)
    return [str(problem) for problem in caught.value.problems]


def test_two_rings() -> None:
    """The example of the documentation is read as it is written."""
    policy = rings()
    berlin = policy.windows["early"].zone
    assert isinstance(berlin, ZoneInfo)
    early = NamedWindow(
        "early", Weekly(1, Weekday.TUESDAY), time(22), 5, berlin, timedelta(minutes=60)
    )
    weekend = NamedWindow(
        "weekend", Weekly(1, Weekday.SUNDAY), time(2), 6, berlin, timedelta(minutes=120)
    )
    leave = Leave(date(2027, 3, 31), "team-lab@example.com", "rebuilt every night")
    assert berlin.key == "Europe/Berlin"
    assert policy.windows == {"early": early, "weekend": weekend}
    assert [rule.use for rule in policy.rules] == [leave, early, weekend]
    assert [rule.match for rule in policy.rules] == [
        Match(tags={"env": ("sandbox",)}),
        Match(tags={"env": ("dev", "test")}),
        Match(),
    ]


def test_every_key_of_a_match() -> None:
    """Each key takes one value or a list; names lose their case, locations their blanks."""
    match = f"""
match.subscriptions = "{SUBSCRIPTION.upper()}"
match.resourceGroups = ["RG-*", "other"]
match.clusters = "*-Prod"
match.locations = ["West Europe", "northeurope"]
match.sku = "Automatic"
match.tags = {{ Env = "Dev", owner = "*", frozen = false, "a b" = ["x", ""] }}
"""
    policy = read_policy(of(rules=f'[[rules]]\nname = "x"\nwindow = "a"\n{match}{RULE}'), NOW)
    assert policy.rules[0].match == Match(
        subscriptions=(SUBSCRIPTION,),
        resource_groups=("rg-*", "other"),
        clusters=("*-prod",),
        locations=("westeurope", "northeurope"),
        tags={"env": ("Dev",), "owner": True, "frozen": False, "a b": ("x", "")},
        sku=("automatic",),
    )


def test_what_may_be_left_out() -> None:
    """Neither zone nor offset is UTC; the spread is what leaves four hours, at most two."""
    for hours, spread in ((4, 0), (5, 60), (6, 120), (24, 120)):
        window = WINDOW.replace("hours = 4", f"hours = {hours}")
        found = read_policy(of(window), NOW).windows["a"]
        assert found == NamedWindow("a", Daily(1), time(1), hours, UTC, timedelta(minutes=spread))


def test_an_offset_in_the_place_of_a_zone() -> None:
    """A fixed offset is read as ARM writes it."""
    found = read_policy(of(f'{WINDOW}offset = "-03:30"\n'), NOW).windows["a"]
    assert found.zone == timezone(-timedelta(hours=3, minutes=30))


def test_times_and_dates_of_toml() -> None:
    """TOML has times and dates of its own, and they mean the same as text."""
    window = WINDOW.replace('"01:00"', "01:00:00")
    leave = (
        '[[rules]]\nname="x"\nmatch.sku="Base"\nleave={until="2027-01-01",owner="o",reason="r"}\n'
    )
    policy = read_policy(of(window, leave + RULE), NOW)
    assert policy.windows["a"].start == time(1)
    assert policy.rules[0].use == Leave(date(2027, 1, 1), "o", "r")


def test_report_only_and_the_tag_that_chooses() -> None:
    """A rule may ask for a look only, and a tag may name a window."""
    top = 'version = 1\ntags.choose = "Naptime-Window"\n'
    policy = read_policy(of(rules='[[rules]]\nname = "all"\nreport = true\n', top=top), NOW)
    assert policy.rules[0].use == ReportOnly()
    assert policy.choose_tag == "naptime-window"


WRONG = {
    "version = 2\n" + WINDOW + RULE: ["version '2': must be 1, the only version there is"],
    WINDOW + RULE: ["version 'null': is required"],
    of(top="version = 1\ncolour = 'blue'\n"): ["colour 'blue': is not a known field"],
    of(windows=""): [
        "windows 'null': is required",
        "rules[0].window 'a': must be the name of a window",
    ],
    of(WINDOW.replace('"daily"', '"Sun"')): [
        "windows.a.on 'Sun': must be daily, or a day of the week in English"
    ],
    of(WINDOW.replace('"01:00"', '"1:00"')): [
        "windows.a.start '1:00': must be HH:MM, from 00:00 to 23:59"
    ],
    of(WINDOW.replace("hours = 4", "hours = 3")): [
        "windows.a.hours '3': must be a whole number from 4 to 24"
    ],
    of(WINDOW.replace('"01:00"', "01:00:30")): [
        "windows.a.start '01:00:30': must be HH:MM, from 00:00 to 23:59"
    ],
    of(WINDOW.replace('"01:00"', "01:00:00.5")): [
        "windows.a.start '01:00:00.500000': must be HH:MM, from 00:00 to 23:59"
    ],
    of(WINDOW.replace('"daily"', "2026-11-29")): [
        "windows.a.on '2026-11-29': must be a string that is not empty"
    ],
    of(WINDOW + WINDOW.replace("windows.a", "windows.same")): [
        "windows.same 'same': must not be same, which means the window of the node images"
    ],
    of(WINDOW + 'zone = "europe/berlin"\n'): [
        (
            "windows.a.zone 'europe/berlin': must be the name of a time zone in the IANA form,"
            " such as Europe/Berlin; perhaps Europe/Berlin"
        )
    ],
    of(WINDOW + 'zone = "../../etc/passwd"\n'): [
        (
            "windows.a.zone '../../etc/passwd': must be the name of a time zone in the IANA form,"
            " such as Europe/Berlin"
        )
    ],
    of(WINDOW + 'zone = "UTC"\noffset = "+01:00"\n'): [
        "windows.a.offset 'and a zone': must not stand beside a zone"
    ],
    of(WINDOW + "spread = 15\n"): [
        "windows.a.spread '15': must leave 4 hours each: with 4 hours at most 0 minutes"
    ],
    of(WINDOW.replace("hours = 4", "hours = 6") + "spread = 10\n"): [
        "windows.a.spread '10': must be minutes in steps of 15, from 0"
    ],
    of(WINDOW.replace("hours = 4", "hours = 21") + 'zone = "Europe/Berlin"\n'): [
        "windows.a.hours '21': must be at most 20 for a daily window in a zone"
    ],
    of(WINDOW.replace("windows.a", "windows.A")): [
        "windows.A 'A': must be 1 to 40 of a-z, 0-9, _ - and start and end with a letter or digit",
        "rules[0].window 'a': must be the name of a window",
    ],
    of(rules=""): ["rules 'null': is required"],
    of(rules='[[rules]]\nname = "x"\n'): [
        "rules[0].window 'none': must have exactly one of window, leave, report"
    ],
    of(rules='[[rules]]\nname = "x"\nwindow = "a"\nreport = true\n'): [
        "rules[0].window 'window and report': must have exactly one of window, leave, report"
    ],
    of(rules='[[rules]]\nname = "x"\nreport = false\n'): [
        "rules[0].report 'false': must be true, or left out"
    ],
    of(rules=RULE.replace("all", "  ")): [
        "rules[0].name '  ': must be 1 to 200 printable characters, not blanks alone"
    ],
    of(rules=RULE + RULE): ["rules[1].name 'all': must be the name of one rule only"],
    of(rules=RULE + 'match.locations = ["westeuropa"]\n'): [
        "rules[0].match.locations[0] 'westeuropa': must be an Azure location; perhaps westeurope"
    ],
    of(rules=RULE + "match.locations = []\n"): [
        "rules[0].match.locations 'a list': must not be empty"
    ],
    of(rules=RULE + 'match.subscriptions = "prod"\n'): [
        "rules[0].match.subscriptions 'prod': must be the id of a subscription, a GUID"
    ],
    of(rules=RULE + 'match.clusters = "a/b"\n'): [
        "rules[0].match.clusters 'a/b': must be a name, with * for any run of characters"
    ],
    of(rules=RULE + 'match.sku = "Free"\n'): [
        "rules[0].match.sku 'Free': must be Automatic or Base"
    ],
    of(rules=RULE + "match.tags.env = true\n"): [
        (
            "rules[0].match.tags.env 'true': must be a value, a list of values, \"*\" for present,"
            " or false for absent"
        )
    ],
    of(rules=RULE + 'match.tags = { env = "a", ENV = "b" }\n'): [
        "rules[0].match.tags '': must not have the same key in two casings"
    ],
    of(rules=RULE + 'match = "all"\n'): ["rules[0].match 'all': must be an object"],
    of(rules=RULE + 'match.tags = "env"\n'): ["rules[0].match.tags 'env': must be an object"],
    of(rules=RULE + 'match.sku = "Base"\n'): [
        "rules[0].match 'all': must not be in the last rule, which is for every cluster"
    ],
    of(
        rules='[[rules]]\nname = "x"\nleave = { until = 2027-01-01, owner = "o", reason = "r" }\n'
    ): ["rules[0].leave 'x': must not be in the last rule, for it ends"],
    of(rules='[[rules]]\nname = "x"\nleave = { until = 2029-01-01 }\n' + RULE): [
        "rules[0].leave.until '2029-01-01': must be at most 400 days ahead, 2028-01-01",
        "rules[0].leave.owner 'null': is required",
        "rules[0].leave.reason 'null': is required",
    ],
    of(
        rules='[[rules]]\nname = "x"\n'
        'leave = { until = 2027-01-01T00:00:00Z, owner = " ", reason = "r" }\n' + RULE
    ): [
        "rules[0].leave.until '2027-01-01T00:00:00+00:00': must be a date, YYYY-MM-DD",
        "rules[0].leave.owner ' ': must be 1 to 200 printable characters, not blanks alone",
    ],
    of(top='version = 1\ntags.choose = "naptime"\n'): [
        (
            "tags.choose 'naptime': must be the key of a tag: up to 512 printable characters, not"
            " naptime"
        )
    ],
    "version = ": ["policy '': must be TOML: Invalid value (at end of document)"],
    of(top="version = 1\n" + "a." * 65 + "b = 1\n"): [
        "policy 'line 2': must have at most 64 dots in a line, beside those in texts"
    ],
    "[" + "a . " * 16_000 + "b]": [
        "policy 'line 1': must have at most 64 dots in a line, beside those in texts"
    ],
    "# \ud800": ["policy '': must be well-formed Unicode"],
    "#" * (MOST_BYTES + 1): ["policy '65537 bytes': must be at most 65536 bytes of UTF-8"],
}


@pytest.mark.parametrize("written", WRONG)
def test_each_problem_has_its_place(written: str) -> None:
    """A file that breaks a rule is refused with place, value and rule, each once."""
    assert problems(written) == WRONG[written]


def test_dots_in_texts_are_no_matter() -> None:
    """Names with dots, of which a line may list many, and comments are not counted as keys."""
    groups = ", ".join(f"'rg.{number}', \"rg.{number}.x\"" for number in range(50))
    written = (
        f"[[rules]]\nname = 'x'\nwindow = 'a'\nmatch.resourceGroups = [{groups}] # {'.' * 99}\n"
    )
    assert len(read_policy(of(rules=written + RULE), NOW).rules) == 2


def test_all_problems_of_a_file_are_named_at_once() -> None:
    """Whoever mends a file needs one round for everything that can be said of it."""
    found = problems("version = 3\n[windows.a]\n[[rules]]\n[[rules]]\nname = 5\n")
    assert [line.split(" ", 1)[0] for line in found] == [
        "version",
        *("windows.a.on", "windows.a.start", "windows.a.hours"),
        *("rules[0].name", "rules[0].window", "rules[1].name", "rules[1].window"),
    ]


@pytest.mark.parametrize(("count", "refused"), [(200, False), (201, True)])
def test_at_most_two_hundred_rules(count: int, *, refused: bool) -> None:
    """A policy has up to 200 rules."""
    rules = "".join(
        f'[[rules]]\nname = "{number}"\nmatch.sku = "Base"\nwindow = "a"\n'
        for number in range(1, count)
    )
    if refused:
        assert problems(of(rules=rules + RULE)) == ["rules '201 rules': must be 1 to 200 rules"]
    else:
        assert len(read_policy(of(rules=rules + RULE), NOW).rules) == count


@pytest.mark.parametrize(("count", "refused"), [(50, False), (51, True)])
def test_at_most_fifty_windows(count: int, *, refused: bool) -> None:
    """A policy has up to 50 windows."""
    windows = "".join(
        WINDOW.replace("windows.a", f"windows.w{number}") for number in range(1, count)
    )
    if refused:
        assert problems(of(WINDOW + windows)) == ["windows '51': must be 1 to 50 windows"]
    else:
        assert len(read_policy(of(WINDOW + windows), NOW).windows) == count


def test_a_location_of_the_fleet_is_known() -> None:
    """A location that is newer than this list counts where a cluster is in it."""
    rules = f'[[rules]]\nname = "new"\nwindow = "a"\nmatch.locations = "Mars North"\n{RULE}'
    assert "marsnorth" in problems(of(rules=rules))[0].lower().replace(" ", "")
    assert (
        read_policy(of(rules=rules), NOW, lambda name: name == "marsnorth").rules[0].name == "new"
    )


def test_a_byte_order_mark_is_no_matter() -> None:
    """Editors on Windows write one."""
    assert read_policy(f"\ufeff{RINGS}", NOW) == rings()


def test_the_hash_is_that_of_the_text() -> None:
    """Two texts that differ in a blank are two versions."""
    assert policy_hash(RINGS) != policy_hash(f"{RINGS} ")
    assert len(policy_hash(RINGS)) == 16


plain = st.one_of(
    st.booleans(), st.integers(), st.text(max_size=12), st.dates().map(str), st.floats()
)
words = st.sampled_from(
    (
        *("version", "windows", "rules", "tags", "a", "on", "start", "hours", "zone", "offset"),
        *("spread", "name", "match", "window", "leave", "report", "until", "owner", "reason"),
        *("choose", "env", "subscriptions", "resourceGroups", "clusters", "locations", "sku"),
    )
)
tables = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5),
    max_leaves=20,
)


def toml(value: object) -> str:
    """Write a value inline."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return "{" + ", ".join(f'"{key}" = {toml(each)}' for key, each in value.items()) + "}"
        case _:
            return json.dumps(value)


def answered(written: str) -> None:
    """Read a text: a policy comes of it, or problems with places."""
    found: Policy | tuple[Problem, ...]
    try:
        found = read_policy(written, NOW)
    except InvalidPolicy as error:
        found = error.problems
    assert isinstance(found, Policy) or all(problem.field and problem.rule for problem in found)
    assert isinstance(found, Policy) or len(found) > 0


@given(st.dictionaries(words, tables, max_size=6))
def test_any_table_is_answered(top: Mapping[str, object]) -> None:
    """Whatever a file holds, the answer is a policy or places, and never another error."""
    answered("\n".join(f'"{key}" = {toml(value)}' for key, value in top.items()))


@given(st.text(max_size=60), st.integers(0, len(RINGS)))
def test_any_text_is_answered(text: str, place: int) -> None:
    """The same of text that is no TOML, and of a right file that somebody has typed into."""
    answered(text)
    answered(RINGS[:place] + text + RINGS[place:])


@pytest.mark.parametrize(
    ("written", "rules"),
    [
        ("", UpdateRules()),
        ('[update]\nschedules = "never"\n', UpdateRules()),
        ('[update]\nschedules = "owned"\n', UpdateRules(owned=True)),
        ('[update]\nschedules = "owned"\nat_most = 0\n', UpdateRules(owned=True, at_most=0)),
        ('[update]\nadopt = "identical"\n', UpdateRules(adopts=True)),
    ],
)
def test_what_may_be_changed(written: str, rules: UpdateRules) -> None:
    """Nothing is ever changed unless the policy says so, in so many words."""
    assert read_policy(of(rules=f"{RULE}{written}"), NOW).updates == rules


def test_what_is_wrong_with_updates() -> None:
    """A word that is none, a number below none and a field that nobody knows are all named."""
    written = f'{RULE}[update]\nschedules = "all"\nat_most = -1\nadopt = true\nfast = true\n'
    assert problems(of(rules=written)) == [
        "update.fast 'true': is not a known field",
        "update.schedules 'all': must be never or owned",
        "update.at_most '-1': must be a whole number from 0 to 100000",
        "update.adopt 'true': must be a string that is not empty",
    ]


@pytest.mark.parametrize(
    ("rules", "owned", "most"),
    [
        (UpdateRules(), 0, 10),
        (UpdateRules(), 100, 10),
        (UpdateRules(), 109, 10),
        (UpdateRules(), 110, 11),
        (UpdateRules(), 4000, 400),
        (UpdateRules(at_most=3), 4000, 3),
        (UpdateRules(at_most=0), 4000, 0),
    ],
)
def test_how_many_updates_need_no_approval(rules: UpdateRules, owned: int, most: int) -> None:
    """Ten, or a tenth of the owned if that is more; or exactly what the policy says."""
    assert rules.most(owned) == most
