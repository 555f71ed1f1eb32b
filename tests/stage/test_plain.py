"""Which stages can do nothing but compute."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from nbexp.adapters.base import Name
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.stage.analysis import analyse
from nbexp.stage.plain import only_computes
from nbexp.stage.reach import Root


def root(value: Any) -> Root:
    return Root(Name("__main__", ("a",)), "a", value, fingerprint(value), False)


@pytest.mark.parametrize(
    "source", ["c = a + 1", "c += 1", "c = d = (a, [1], {2}, {3: a})", "c = f'{a}!' if a > 1 else -a"]
)
def test_only_computes(source: str) -> None:
    assert only_computes(analyse(ast.parse(source), source), [root(1), root("x")])


@pytest.mark.parametrize(
    "source",
    ["a", "f(1)", "c = f(1)", "c = a.b", "a.b = 1", "a[0] = 1", "c = a[0]", "del a", "import a", "for i in a: b = i",
     "with a: b = 1", "def f(): pass", "c = [i for i in a]", "c = lambda: 1", "x: int = 1", "c = (yield)"],
)  # fmt: skip
def test_does_more(source: str) -> None:
    assert not only_computes(analyse(ast.parse(source), source), [])


@pytest.mark.parametrize("value", [[1], {}, object(), ast, (1,)])
def test_values_whose_operators_may_do_more(value: Any) -> None:
    found = Root(Name("__main__", ("a",)), "a", value, fingerprint(1), False)
    assert not only_computes(analyse(ast.parse("c = a + a"), "c = a + a"), [found])
