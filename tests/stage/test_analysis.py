"""What an analysis says besides the names that are read."""

from __future__ import annotations

import ast
import time

import pytest

from nbexp.stage import analysis as module
from nbexp.stage.analysis import Analysis, analyse


def of(source: str) -> Analysis:
    return analyse(ast.parse(source), source)


@pytest.mark.parametrize(
    ("source", "stores"),
    [
        ("a = b, *c = d", "a b c"),
        ("a: int = 1", "a"),
        ("a += 1", "a"),
        ("a.b = c[d] = 1", ""),
        ("[(a := x) for x in y]", "a"),
        ("lambda: (a := 1)", ""),
        ("import a.b, c.d as e", "a e"),
        ("from a import b as c, d", "c d"),
        ("from a import *", ""),
        ("for a, (b, c.d) in x: pass", "a b"),
        ("with x as a, y as (b, c): pass", "a b c"),
        ("try: pass\nexcept E as a: b = 1", "a b"),
        ("def a(b): c = 1", "a"),
        ("class a(b):\n    c = 1\n    def d(self): pass", "a"),
        ("def f():\n    global a, b\n    a = 1", "f a"),
        ("class f:\n    global a\n    a = 1", "f a"),
        ("match x:\n    case {'k': a, **b}: pass\n    case [c, *d] | K(y=c as e): pass", "a b c d e"),
        ("globals()['a'] = 1", "a"),
        ("if 0:\n    a = 1", "a"),
    ],
)
def test_stores(source: str, stores: str) -> None:
    assert of(source).stores == set(stores.split())


def test_deletes() -> None:
    assert of("del a, b.c, d[e], (f, [g])").deletes == {"a", "f", "g"}


@pytest.mark.parametrize(
    ("source", "imports", "maybe"),
    [
        ("import a.b as c, d", "a.b d", ""),
        ("from a.b import c as d, e", "a.b", "a.b.c a.b.e"),
        ("from a import *", "a", ""),
        ("def f():\n    import a", "a", ""),
        ("class A:\n    from a import b", "a", "a.b"),
        ("importlib.import_module('a.b')", "a.b", ""),
        ("__import__('a')", "a", ""),
        ("try:\n    import a\nexcept ImportError:\n    import b", "a b", ""),
    ],
)
def test_imports(source: str, imports: str, maybe: str) -> None:
    assert of(source).imports == set(imports.split())
    assert of(source).maybe_imports == set(maybe.split())


@pytest.mark.parametrize(
    ("source", "quiet", "has_last"),
    [("x", False, True), ("x;", True, True), ("x = 1", False, False), ("x = 1;", True, False), ("", False, False)],
)
def test_last_value(source: str, quiet: bool, has_last: bool) -> None:
    assert (of(source).quiet, of(source).has_last) == (quiet, has_last)


def test_the_semicolon_is_meaning_and_the_comment_is_not() -> None:
    assert of("x;").digest != of("x").digest
    assert of("x  # one").digest == of("x").digest


def test_definitions_stand_in_the_order_of_the_source() -> None:
    source = "def b(): pass\nif c:\n    class A:\n        def m(self): pass\nasync def a(): pass\nx = lambda: 1"
    assert of(source).definitions == ("b", "A", "a")


def test_words_of_texts_are_told_from_names() -> None:
    found = of("df.query('a > @thr and b > @low')\nlow")
    assert found.textual == {("thr",)}


def test_an_analysis_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_cache", type(module._cache)())
    monkeypatch.setattr(module, "_KEPT", 2)
    first = of("x = 1")
    assert of("x = 1") is first
    of("x = 2"), of("x = 3")
    assert of("x = 1") is not first
    assert len(module._cache) == 2


CELL = "\n".join(
    f"frame_{n} = clean(frame_{n - 1}, limit={n})\nfor row in frame_{n}.rows:\n    total += row.value * scale\n"
    f"with open(path_{n}) as file:\n    lines_{n} = [line.strip() for line in file if line]"
    for n in range(10)
)


def test_a_cell_of_fifty_lines_takes_no_time_that_is_felt() -> None:
    assert len(CELL.splitlines()) == 50
    tree = ast.parse(CELL)
    seconds = []
    for _ in range(9):
        begun = time.process_time()
        module._analyse(tree, CELL)
        seconds.append(time.process_time() - begun)
    assert min(seconds) < 0.012  # 3 ms on a free machine
