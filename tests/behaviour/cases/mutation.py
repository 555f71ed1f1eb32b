"""Objects changed in place: directly, through aliases, views, methods, C code; sharing among outputs and bystanders."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import HIT, MISS, OTHER, RAN, RESTORED, case, cell, final, restart, stage, twins

_C = "mutation"


def _replayed(name: str, setup: str, source: str, *ends, needs: str = ""):
    """The stage changes what the setup made; a hit must leave the same behind."""
    return case(
        name,
        _C,
        HIT,
        cell(setup),
        stage(source, RAN),
        restart(),
        cell(setup),
        stage(source, RESTORED),
        *ends,
        needs=needs,
    )


CASES = [
    _replayed("append", "x = [1]", "x.append(2)", final("x", [1, 2])),
    _replayed("alias sees it", "x = [1]\nm = x", "x.append(2)", final("m", [1, 2]), final("m is x", True)),
    _replayed("held in a dict", "x = [1]\nd = {'x': x}", "x.append(2)", final("d", {"x": [1, 2]}), final("d['x'] is x", True)),
    _replayed("inner list", "x = {'a': [1]}\ninner = x['a']", "x['a'].append(2)", final("inner", [1, 2])),
    _replayed("set", "x = {1}\nm = x", "x.add(2)", final("m", {1, 2})),
    _replayed("dict order", "d = {'a': 1, 'b': 2}\nm = d", "d['a'] = d.pop('a')", final("list(m)", ["b", "a"])),
    _replayed("bytearray", "x = bytearray(b'a')\nm = x", "x += b'b'", final("m", bytearray(b"ab"))),
    _replayed("attribute", "class A: pass\na = A()\na.v = 1\nm = a", "a.v = 2", final("m.v", 2)),
    _replayed("through a method", "class A:\n    def __init__(self): self.v = []\n    def add(self): self.v.append(1)\na = A()\nv = a.v",
              "a.add()", final("v", [1])),
    _replayed("through a function", "x = []\ndef f(l): l.append(1)", "f(x)", final("x", [1])),
    _replayed("global list in a function", "x = []\ndef f(): x.append(1)", "f()", final("x", [1])),
    _replayed("heapq", "import heapq\nh = [3, 1]\nm = h", "heapq.heapify(h)", final("m", [1, 3])),
    _replayed("random.shuffle with a seed", "x = [1, 2, 3, 4]\nm = x", "import random\nrandom.seed(1)\nrandom.shuffle(x)",
              final("m is x", True)),
    _replayed("setattr", "class A: pass\na = A()", "setattr(a, 'v', 3)", final("a.v", 3)),
    _replayed("deque", "from collections import deque\nq = deque([1])\nm = q", "q.appendleft(0)", final("list(m)", [0, 1])),
    _replayed("array in place", "import numpy as np\na = np.zeros(3)\nm = a", "a[0] = 9", final("float(m[0])", 9.0), needs="numpy"),
    _replayed("array through a view", "import numpy as np\na = np.zeros(3)\nv = a[1:]", "a[1] = 9", final("float(v[0])", 9.0), needs="numpy"),
    _replayed("out=", "import numpy as np\na = np.zeros(3)\nm = a", "np.add(1, 2, out=a)", final("float(m.sum())", 9.0), needs="numpy"),
    _replayed("output is a view of the input", "import numpy as np\na = np.arange(4.)", "v = a[1:3]", cell("a[1] = 50"),
              final("float(v[0])", 50.0), needs="numpy"),
    _replayed("frame column", "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\nm = df", "df['b'] = df.a * 2",
              final("list(m.b)", [2, 4]), final("m is df", True), needs="pandas"),
    _replayed("frame loc", "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\nm = df", "df.loc[0, 'a'] = 100",
              final("int(m.a.sum())", 102), needs="pandas"),
    _replayed("output is the input", "x = [1]", "y = x", final("y is x", True)),
    _replayed("output holds the input", "x = [1]", "y = {'x': x}", final("y['x'] is x", True)),
    _replayed("output shares a part", "x = [[1], [2]]", "y = x[1]", final("y is x[1]", True)),
    _replayed("filtered rows are the same rows", "rows = [{'a': 1}, {'a': 2}]", "big = [r for r in rows if r['a'] > 1]",
              final("big[0] is rows[1]", True)),
    _replayed("two outputs are one object", "z = 0", "a = [1]\nb = a", final("a is b", True)),
    _replayed("emptied list, rows held elsewhere", "rows = [{'a': 1}]\nkeep = rows[0]", "rows[0]['a'] = 5\nrows.clear()",
              final("keep", {"a": 5}), final("rows", [])),
    case("mutating a restored value does not reach the store", _C, HIT, stage("x = [1]", RAN), restart(),
         stage("x = [1]", RESTORED), cell("x.append(2)"), stage("x = [1]", RESTORED), final("x", [1])),
    case("mutating a restored array does not reach the store", _C, HIT,
         stage("import numpy as np\nx = np.zeros(300_000)", RAN), restart(),
         stage("import numpy as np\nx = np.zeros(300_000)", RESTORED), cell("x[:] = 7"), restart(),
         stage("import numpy as np\nx = np.zeros(300_000)", RESTORED), final("float(x.sum())", 0.0), needs="numpy"),
    _replayed("equal arrays are two", "z = 0", "import numpy as np\na = np.zeros(300_000)\nb = np.zeros(300_000)",
              cell("a[0] = 5"), final("float(b[0])", 0.0), needs="numpy"),
    *twins("aliased or equal inputs", _C, setup="x = [1]\ny = x", source="x.append(2)\nz = list(y)",
           miss="x = [1]\ny = [1]", hit="y = [1]\nx = y", value=("z", [1], [1, 2])),
    *twins("inner sharing", _C, setup="r = [0]\nx = [r, r]", source="x[0].append(1)\nz = len(x[1])",
           miss="x = [[0], [0]]", hit="q = [0]\nx = [q, q]\ndel q", value=("z", 1, 2)),
    case("self increment does not accumulate", _C, HIT, cell("x = 1"), stage("x += 1", RAN, id="a"),
         stage("x += 1", RESTORED, id="a"), final("x", 2)),
    case("self increment replays in a new kernel", _C, HIT, cell("x = 1"), stage("x += 1", RAN), restart(), cell("x = 1"),
         stage("x += 1", RESTORED), final("x", 2)),
    case("tuple holding a list", _C, HIT, cell("t = ([1],)\nl = t[0]"), stage("t[0].append(2)", RAN), restart(),
         cell("t = ([1],)\nl = t[0]"), stage("t[0].append(2)", RESTORED), final("l", [1, 2])),
    case("closure state changed by the stage is not stored", _C, OTHER,
         cell("def counter():\n    n = 0\n    def c():\n        nonlocal n\n        n += 1\n        return n\n    return c\nc = counter()"),
         stage("y = c()", "unstored"), final("y", 1)),
    case("global rebound by a function", _C, HIT, cell("n = 0\ndef f():\n    global n\n    n += 1"), stage("f()", RAN), restart(),
         cell("n = 0\ndef f():\n    global n\n    n += 1"), stage("f()", RESTORED), final("n", 1)),
    case("deleted name", _C, HIT, cell("x = 1\ny = 2"), stage("del x\nz = y", RAN), restart(), cell("x = 1\ny = 2"),
         stage("del x\nz = y", RESTORED), final("'x' in globals()", False), final("z", 2)),
    case("conditional name, other value", _C, MISS, cell("flag = False\nx = 5"), stage("if flag:\n    x = 1", RAN), restart(),
         cell("flag = False\nx = 7"), stage("if flag:\n    x = 1", RAN), final("x", 7)),
    case("exec", _C, HIT, cell("a = 1"), stage("exec('q = a + 1')", RAN), restart(), cell("a = 1"),
         stage("exec('q = a + 1')", RESTORED), final("q", 2)),
    case("globals()", _C, HIT, stage("globals()['q'] = 3", RAN), restart(), stage("globals()['q'] = 3", RESTORED), final("q", 3)),
]  # fmt: skip
