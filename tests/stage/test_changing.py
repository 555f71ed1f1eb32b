"""Which names a cell may change the object of."""

from __future__ import annotations

import ast

import pytest

from nbexp.stage.assumptions import Chain
from nbexp.stage.changing import changing

#: What the cells below mean by these names: the user's own function, class instance, random generator.
OWN = {"mine", "own", "rng"}


def inert(chain: Chain) -> bool:
    return chain[0] not in OWN


CHANGES = {
    "x = 1": "",
    "x = y": "",
    "y = x + 1": "",
    "print(x); len(x); x.head(); x.groupby('a').mean()": "",
    "x[0] = 1": "x",
    "x.a = 1": "x",
    "x.a[0].b = y": "xy",
    "x += y": "xy",
    "del x": "",
    "del x[0]": "x",
    "del x.a": "x",
    "x.append(y)": "xy",
    "x.append(1)": "x",
    "x.drop(columns='a')": "",
    "x.drop(columns='a', inplace=True)": "x",
    "x.drop(columns='a', inplace=False)": "",
    "x.add_(1)": "x",
    "x.__len__()": "",
    "np.add(x, 1, out=y)": "y",
    "np.append(x, y)": "",
    "np.add.at(x, [0], 1)": "x",
    "random.shuffle(x)": "x",
    "next(x)": "x",
    "mine(x)": ["mine", "x"],
    "mine()": ["mine"],
    "own.method()": ["own"],
    "own.method(x)": ["own", "x"],
    "rng.normal()": ["rng"],
    "map(mine, x)": ["mine", "x"],
    "x.apply(lambda row: row)": ["row", "x"],
    "x.apply(abs)": "",
    "sorted(x, key=len)": "",
    "y = x[0]\ny.append(1)": "xy",
    "y, *z = x\nz.append(1)": "xz",
    "for y in x:\n    y.append(1)": "xy",
    "[y.pop() for y in x]": "xy",
    "with x as y:\n    y.a = 1": "xy",
    "if (y := x):\n    y.clear()": "xy",
    "y = {'a': x}\ny['a'].append(1)": "xy",
    "y = {}\ny['a'] = x\ny['a'].append(1)": "xy",
    "y = x if a else z\ny.clear()": "xyz",
    "x[y] = 1": "x",
    "x[0].sort()": "x",
    "x.loc[x.a > 1, 'b'] = y.mean()": "xy",
    "def f():\n    x.clear()": "x",
    "match x:\n    case [y, *z]:\n        z.clear()": "xz",
    "list(x)[0].clear()": "x",
    "x: list = y\nx.clear()": "xy",
}


@pytest.mark.parametrize("source", CHANGES)
def test_names_that_may_change(source: str) -> None:
    names = changing(ast.parse(source), inert, {"np", "random"}) - {"f", "map"}
    assert sorted(names) == sorted(CHANGES[source])
