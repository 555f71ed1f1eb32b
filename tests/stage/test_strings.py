"""Names in texts: queries, SQL, shell lines."""

from __future__ import annotations

import ast

import pytest

from nbexp.stage.strings import expansions, names_in_text, names_in_value


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a > @thr", "thr"),
        ("a>@thr and b<=@cfg.low.x", "thr cfg.low.x"),
        ("alice@example.com", ""),
        ("@ thr", "thr"),
        ("no names here", ""),
        ("SELECT a FROM tab", "SELECT a FROM tab"),
        ("  from tab", "tab"),
        ("select 1", ""),
        ("come from there", ""),
        ('-- all\nselect *\nfrom\n  tab join "other"', "all select tab join other"),
        ("@größe", "größe"),
    ],
)
def test_names_in_text(text: str, names: str) -> None:
    assert {".".join(chain) for chain in names_in_text(text)} == set(names.split())


def test_a_text_given_to_a_lookup_holds_no_mail_addresses() -> None:
    assert names_in_text("a>b@thr", looked_up=True) == {("thr",)}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("a > @thr", {"a", "thr"}),
        ("table", {"table"}),
        ("k + 1", {"k"}),
        (["a > @one", 3, "b > @two"], {"a", "b", "one", "two"}),
        (("@one",), {"one"}),
        ({"where": "@one", "limit": 5}, {"one"}),
        (5, set()),
        ([], set()),
    ],
)
def test_names_in_value(value: object, names: set[str]) -> None:
    assert names_in_value(value) == {(name,) for name in names}


@pytest.mark.parametrize(
    ("line", "expressions", "names"),
    [
        ("ls {path}", ["path"], ""),
        ("cp {src / 'a'} $target.x", ["src / 'a'"], "target.x"),
        ("echo $$HOME ${x}", ["x"], ""),
        ("awk '{{print}}'", [], ""),
        ("echo {x:>{width}}", ["x", "width"], ""),
        ("echo {f(a)[0]!r}", ["f(a)[0]"], ""),
        ("echo {", [], ""),
        ("echo $1", [], ""),
        ("awk '{print $name}'", [], "name"),
    ],
)
def test_expansions(line: str, expressions: list[str], names: str) -> None:
    found, chains = expansions(line)
    assert [ast.unparse(each) for each in found] == expressions
    assert {".".join(chain) for chain in chains} >= set(names.split())


def test_expansions_are_those_of_ipython() -> None:
    """Whatever IPython puts into a line is among what is found."""
    from IPython.utils.text import DollarFormatter

    class Seen(dict[str, object]):
        def __init__(self) -> None:
            super().__init__()
            self.names: set[str] = set()

        def __getitem__(self, name: str) -> object:
            self.names.add(name)
            return "v"

    lines = ["ls $a/$b.c", "x {a} $b {c!r:>3} $$d", "'$a' {b}", "$a-{b + c}", "{a}{b}", "{{a}} $b", "$a.b.c."]
    for line in lines:
        seen = Seen()
        try:
            DollarFormatter().vformat(line, [], seen)
        except Exception:  # noqa: BLE001 - whatever it raises, IPython leaves the line as it is
            continue
        found, chains = expansions(line)
        names = {node.id for each in found for node in ast.walk(each) if isinstance(node, ast.Name)}
        assert seen.names <= names | {chain[0] for chain in chains}, line
