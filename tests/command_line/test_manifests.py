"""Files of Kubernetes objects: YAML as kubectl reads it, JSON, and what is neither."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naptime.asking import manifests
from naptime.asking.manifests import read_manifests
from shared.domain.budgets.checking.pools import objects_in, pools_in
from shared.domain.budgets.making.generate import BudgetWish, generate
from shared.domain.budgets.making.made import Made, TextForm
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.window.window import MaintenanceWindow
from tests.unit.domain.budgets.pools import NOW, Json
from tests.unit.domain.strategies import windows


def read(tmp_path: Path, content: str | bytes) -> list[Json]:
    """Read what a file holds."""
    file = tmp_path / "objects"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_manifests(str(file))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10%", "10%"),
        ('"0"', "0"),
        ("0", 0),
        ("010", 8),
        ("0o10", 8),
        ("0x10", 16),
        ("08", 8),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("2.0", 2),
        ("1e1", 10),
        ("0 5 * * 0", "0 5 * * 0"),
        ("00 05 * * 00", "00 05 * * 00"),
        ("01:00", "01:00"),
        ("190:20:30", "190:20:30"),
        ("4h", "4h"),
        ("2026-11-29", "2026-11-29"),
        ("2026-11-29T01:00:00Z", "2026-11-29T01:00:00Z"),
        ("off", False),
        ("Never", "Never"),
        ("~", None),
        ("", None),
        ("'@daily'", "@daily"),
        ("=", "="),
    ],
)
def test_a_scalar_is_what_kubectl_takes_it_for(tmp_path: Path, written: str, meant: object) -> None:
    """Not what YAML 1.1 has it for: no numbers to the base of 60, no dates, but octal numbers."""
    ((name, found),) = read(tmp_path, f"a: {written}")[0].items()
    assert (name, found, type(found)) == ("a", meant, type(meant))


def test_every_document_and_every_list_is_read(tmp_path: Path) -> None:
    """Empty documents and comments are none; a List within a List is opened too."""
    pool = "{kind: NodePool, metadata: {name: %s}, spec: {}}"
    text = "---\n# nothing\n---\n" + "\n---\n".join(
        [
            pool % "a",
            f"kind: List\nitems: [{pool % 'b'}, {{kind: NodePoolList, items: [{pool % 'c'}]}}]",
            "...",
        ]
    )
    objects = [each for one in read(tmp_path, text) for each in objects_in(one)]
    assert [pool.name for pool in pools_in(objects)] == ["a", "b", "c"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", ['{"a": "\\ud83d\\ude00", "b": 1}', "a: \U0001f600\nb: 1\n"])
def test_the_encodings_that_shells_write_are_read(tmp_path: Path, encoding: str, text: str) -> None:
    """An older PowerShell writes UTF-16 into files."""
    assert read(tmp_path, text.encode(encoding)) == [{"a": "\U0001f600", "b": 1}]


def test_names_that_are_no_text_become_text(tmp_path: Path) -> None:
    """As in JSON; anchors and merges are what they stand for."""
    text = "base: &base {x: 1, y: 2}\nmore: {<<: *base, y: 3}\n1: one\ntrue: yes\n"
    assert read(tmp_path, text) == [
        {"base": {"x": 1, "y": 2}, "more": {"x": 1, "y": 3}, "1": "one", "true": True}
    ]


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("a: [", r"is not YAML: line 1, column 5: .*expected the node content"),
        ("a:\n  schedule: @daily", r"is not YAML: line 2, column 13: .*cannot start any token"),
        ("a:\n  schedule: * * * * *", "is not YAML: line 2, column 14: "),
        ("a:\n  nodes: 1\n  nodes: 2", "is not YAML: line 3, column 3: 'nodes' stands twice"),
        ('{"a": 1, "a": 2}', "line 1, column 10: 'a' stands twice"),
        ("a: {{ .Values.nodes }}", r"is not YAML: line 1, column \d+: .*unhashable"),
        ("- a\n- b", "must hold objects"),
        ("just words", "must hold objects"),
        ("a: !!python/object:os.system {}", "could not determine a constructor"),
        ("a: &a [*a]", "nested at most"),
        (BOMB, "at most 20,000 values"),
        ("[" * 20_000, "is nested too deeply"),
        (b"a: \xff\xfe", "is not YAML"),
        (b"a: \x1b[31m", "is not YAML"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, rule: str
) -> None:
    """With the file, the line and the column, in one line."""
    monkeypatch.setattr(manifests, "MOST_VALUES", 20_000)
    with pytest.raises(InvalidInput, match=rule) as refused:
        read(tmp_path, content)
    (problem,) = refused.value.problems
    assert problem.field == "FILE"
    assert str(problem).isprintable()


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    """With what the system says."""
    with pytest.raises(InvalidInput, match=r"FILE '.*': (No such file|Is a directory)"):
        read_manifests(str(tmp_path / name))


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), values, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_what_json_and_yaml_write_reads_back_equal(tmp_path: Path, body: Json) -> None:
    """In either form, whatever is in it."""
    assert read(tmp_path, json.dumps(body)) == [body]
    assert read(tmp_path, yaml.safe_dump(body)) == [body]


@given(st.text(max_size=60) | st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_read_or_refused(tmp_path: Path, content: str | bytes) -> None:
    """Nothing but InvalidInput is raised."""
    with suppress(InvalidInput, UnicodeEncodeError):
        read(tmp_path, content)


@given(windows)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_budgets_that_were_made_read_back_equal(tmp_path: Path, window: MaintenanceWindow) -> None:
    """As a NodePool, for any window: written here, read here."""
    budgets = generate(window, BudgetWish(), NOW).budgets
    made = Made(generate(window, BudgetWish(), NOW)).text(TextForm.YAML, "For a test.")
    (body,) = read(tmp_path, f"kind: NodePool\n{made}")
    (pool,) = pools_in([body])
    assert (pool.budgets, pool.refused) == (budgets, ())


def test_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is called by its name."""
    file = tmp_path / "list"
    file.write_text("- a")
    with file.open() as opened:
        monkeypatch.setattr("sys.stdin", opened)
        with pytest.raises(InvalidInput, match="FILE 'standard input': must hold objects"):
            read_manifests("-")
