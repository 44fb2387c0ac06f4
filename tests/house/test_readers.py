"""What is found to be read by nobody, shown on source that is made up."""

import ast
from pathlib import Path

from tests.house.readers import _attributes, _defined_in, _loaded
from tests.house.source import Module, import_graph

SOURCE = """
from elsewhere import THING
USED = 1
UNUSED: int = USED

class Row(Base):
    def read(self): return self.write()
    def write(self): ...
    def __len__(self): ...

class Port(Protocol):
    def get(self): ...

def called(): ...
called()
"""


def module(name: str, text: str) -> Module:
    return Module(Path(name), ast.parse(text), 0)


def test_constants_functions_and_methods_are_found() -> None:
    """They are what can be unread; methods that Python calls and those of a port are not."""
    found = set(_defined_in(module("a.py", SOURCE)))
    assert found == {
        ("", "USED"),
        ("", "UNUSED"),
        ("", "called"),
        ("Row.", "read"),
        ("Row.", "write"),
    }


def test_what_is_read_is_found() -> None:
    """A name that is loaded and an attribute are read; a name that is only given is not."""
    made = module("a.py", SOURCE)
    assert {"USED", "called"} <= _loaded(made)
    assert "UNUSED" not in _loaded(made)
    assert set(_attributes(made)) == {"write"}


def test_an_import_of_a_name_leads_to_its_module() -> None:
    """A module is imported by its own name, by a name in it, or as a member of its package."""
    made = (
        module("p/__init__.py", ""),
        module("p/a.py", "from p.b import X\nimport p.c"),
        module("p/b.py", "from p import c"),
        module("p/c.py", ""),
    )
    graph = import_graph(made)
    assert {"p.b", "p.c"} <= graph["p.a"]
    assert graph["p.b"] >= {"p.c"}
