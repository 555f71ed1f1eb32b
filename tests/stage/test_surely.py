"""Names that a cell reads for sure before it binds them."""

from __future__ import annotations

import ast

import pytest

from nbexp.stage.surely import surely_read

READS = {
    "a = a[:]": "a",
    "a += 1": "a",
    "a.b += c": "ac",
    "a = 1\nb = a": "",
    "del a": "a",
    "a[b] = c": "abc",
    "f(a, *b, c=d)": "abdf",
    "print(f'{a:{b}}')": "ab",
    "if a:\n    b = c\nd = b": "a",
    "while a:\n    b": "a",
    "for a in b:\n    c = d\ne = a, c, f": "bf",
    "with a as b, c:\n    d = b + d": "ad",
    "try:\n    a\nexcept E:\n    b": "",
    "try:\n    a = a\nfinally:\n    b": "a",
    "for i in range(3):\n    a = a + [i]": "a",
    "for i in range(0):\n    a = a + [i]": "",
    "for i in [b]:\n    a = a + [i]\n    c = a": "ab",
    "for i in [*b]:\n    a": "b",
    "while True:\n    a = a + 1\n    break": "a",
    "match a:\n    case b:\n        c": "a",
    "def f(a=b): return c": "b",
    "@a\nclass B(c, d=e): f = g": "ace",
    "a = lambda: b": "",
    "a = b if c else d": "c",
    "a or b": "a",
    "a < b < c": "ab",
    "[a for b in c for d in e if f]": "c",
    "a = b = c": "c",
    "a: b = c": "bc",
    "import a\na.b": "",
    "assert a, b": "a",
    "(a := b) + a": "ab",
}


@pytest.mark.parametrize("source", READS)
def test_names_read_for_sure(source: str) -> None:
    found = surely_read(ast.parse(source))
    assert sorted(name for name in found if len(name) == 1 and name not in "EF") == sorted(READS[source])
