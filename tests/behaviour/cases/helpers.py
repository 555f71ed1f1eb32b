"""Code that a stage reaches: helpers, methods, closures, decorators, defaults, class attributes, monkeypatches."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import HIT, MISS, RAN, RESTORED, Case, case, cell, final, restart, stage, twins

_C = "helpers"
_PANDAS = "import pandas as pd\ndf = pd.DataFrame({'v': [1, 2, 3]})"


def _text(
    name: str, helper: str, source: str = "y = len(h(df, expr))", frame: str = _PANDAS, needs: str = "pandas"
) -> list[Case]:
    """A helper looks `t` up in a text that its code does not show."""
    above = f"{frame}\nexpr = 'v > @t'\n{helper}"
    return twins(f"text that is {name}", _C, setup=f"t = 1\n{above}", source=source, miss=f"t = 2\n{above}",
                 hit=f"t = 3 - 2\n{above}  # same", needs=needs)  # fmt: skip


def _precise(name: str, above: str, source: str, needs: str, *, kernel: bool = False) -> Case:
    """No text is looked up in: a variable that nobody reads does not count."""
    return case(f"{name}: {HIT}", _C, HIT, cell(f"t = 1\n{above}"), stage(source, RAN), restart(), cell(f"t = 2\n{above}"),
                stage(source, RESTORED), needs=needs, kernel=kernel)  # fmt: skip


CASES = [
    *twins("body and comment", _C, setup="def f(x):\n    return x + 1", source="y = f(1)",
           miss="def f(x):\n    return x + 2", hit="def f(x):\n    # add one\n    return x + 1", value=("y", 3, 2)),
    *twins("transitive helper", _C, setup="def g(x):\n    return x\ndef f(x):\n    return g(x)", source="y = f(1)",
           miss="def g(x):\n    return -x\ndef f(x):\n    return g(x)",
           hit="def unrelated(x):\n    return 0\ndef g(x):\n    return x\ndef f(x):\n    return g(x)", value=("y", -1, 1)),
    *twins("global read by a helper", _C, setup="k = 2\ndef f(x):\n    return x * k", source="y = f(1)",
           miss="k = 3\ndef f(x):\n    return x * k", hit="other = 5\nk = 2\ndef f(x):\n    return x * k", value=("y", 3, 2)),
    *twins("default", _C, setup="def f(x=1):\n    return x", source="y = f()", miss="def f(x=2):\n    return x",
           hit="def f(x=1):\n\n    return (x)", value=("y", 2, 1)),
    *twins("keyword default", _C, setup="def f(*, x=1):\n    return x", source="y = f()",
           miss="def f(*, x=1.0):\n    return x", hit="def f(*, x=1,):\n    return x", value=("y", 1.0, 1)),
    *twins("closure", _C, setup="def make(n):\n    return lambda x: x + n\nadd = make(1)", source="y = add(1)",
           miss="def make(n):\n    return lambda x: x + n\nadd = make(2)",
           hit="def make(n):\n    return lambda x: x + n\nmake(5)\nadd = make(1)", value=("y", 3, 2)),
    *twins("method", _C, setup="class A:\n    def m(self):\n        return 1\na = A()", source="y = a.m()",
           miss="class A:\n    def m(self):\n        return 2\na = A()",
           hit="class A:\n\n    def m(self):\n        return 1\nb = A()\na = A()", value=("y", 2, 1)),
    *twins("class attribute", _C, setup="class A:\n    k = 1", source="y = A.k", miss="class A:\n    k = 2",
           hit="class A:\n    k = 1  # one", value=("y", 2, 1)),
    *twins("base class", _C, setup="class B:\n    def m(self): return 1\nclass A(B): pass", source="y = A().m()",
           miss="class B:\n    def m(self): return 2\nclass A(B): pass",
           hit="class C:\n    pass\nclass B:\n    def m(self): return 1\nclass A(B): pass", value=("y", 2, 1)),
    *twins("decorator", _C,
           setup="import functools\ndef twice(f):\n    @functools.wraps(f)\n    def g(x):\n        return f(f(x))\n    return g\n"
                 "@twice\ndef inc(x):\n    return x + 1", source="y = inc(0)",
           miss="import functools\ndef twice(f):\n    @functools.wraps(f)\n    def g(x):\n        return f(x)\n    return g\n"
                "@twice\ndef inc(x):\n    return x + 1",
           hit="import functools\ndef twice(f):\n    @functools.wraps(f)\n    def g(x):\n        return f(f(x))\n    return g\n"
               "\n@twice\ndef inc(x):\n    return x + 1  # same", value=("y", 1, 2)),
    *twins("lambda", _C, setup="f = lambda x: x + 1", source="y = f(1)", miss="f = lambda x: x - 1",
           hit="f = lambda x: (x + 1)", value=("y", 0, 2)),
    *twins("function in a list", _C, setup="fs = [lambda x: x, lambda x: -x]", source="y = [f(1) for f in fs]",
           miss="fs = [lambda x: x, lambda x: -2 * x]", hit="fs = [lambda x: x,\n      lambda x: -x]",
           value=("y", [1, -2], [1, -1])),
    *twins("partial", _C, setup="from functools import partial\ndef p(a, b): return a - b\nf = partial(p, 3)", source="y = f(1)",
           miss="from functools import partial\ndef p(a, b): return a - b\nf = partial(p, 4)",
           hit="from functools import partial\ndef p(a, b):\n    return a - b\nf = partial(p, 3)", value=("y", 3, 2)),
    *twins("bound method", _C, setup="class A:\n    def __init__(self, k): self.k = k\n    def m(self): return self.k\nm = A(1).m",
           source="y = m()", miss="class A:\n    def __init__(self, k): self.k = k\n    def m(self): return self.k\nm = A(2).m",
           hit="class A:\n    def __init__(self, k): self.k = k\n    def m(self): return self.k\nA(7)\nm = A(1).m",
           value=("y", 2, 1)),
    *twins("monkeypatched method", _C, setup="class A:\n    def m(self): return 1", source="y = A().m()",
           miss="class A:\n    def m(self): return 1\nA.m = lambda self: 5",
           hit="class A:\n    def m(self): return 1\nA().x = 5", value=("y", 5, 1)),
    *twins("recursion", _C, setup="def fac(n):\n    return 1 if n < 2 else n * fac(n - 1)", source="y = fac(4)",
           miss="def fac(n):\n    return 2 if n < 2 else n * fac(n - 1)",
           hit="def fac(n):\n    return 1 if n < 2 else n * fac(n - 1)\nx = fac(2)", value=("y", 48, 24)),
    *twins("shadowed builtin", _C, setup="z = 0", source="y = len([1, 2])", miss="len = lambda x: 9", hit="z = 0\nxlen = 9",
           value=("y", 9, 2)),
    *twins("dataclass field", _C,
           setup="from dataclasses import dataclass\n@dataclass\nclass P:\n    a: int = 1\n    b: int = 2", source="y = repr(P())",
           miss="from dataclasses import dataclass\n@dataclass\nclass P:\n    b: int = 2\n    a: int = 1",
           hit="from dataclasses import dataclass\n\n@dataclass\nclass P:\n    a: int = 1\n    b: int = 2  # two",
           value=("y", "P(b=2, a=1)", "P(a=1, b=2)")),
    *twins("enum", _C, setup="import enum\nclass E(enum.Enum):\n    A = 1\n    B = 2", source="y = E.A.value",
           miss="import enum\nclass E(enum.Enum):\n    A = 3\n    B = 2",
           hit="import enum\nclass E(enum.Enum):\n    A = 1\n    B = 2\nlist(E)", value=("y", 3, 1)),
    *twins("lru_cache content", _C, setup="from functools import lru_cache\n@lru_cache\ndef f(x): return x", source="y = f(1)",
           miss="from functools import lru_cache\n@lru_cache\ndef f(x): return -x",
           hit="from functools import lru_cache\n@lru_cache\ndef f(x): return x\nf(5)", value=("y", -1, 1)),
    *twins("global in a nested function", _C, setup="k = 1\ndef f():\n    def g():\n        return k\n    return g()",
           source="y = f()", miss="k = 2\ndef f():\n    def g():\n        return k\n    return g()",
           hit="k = 1\nj = 2\ndef f():\n    def g():\n        return k\n    return g()", value=("y", 2, 1)),
    case("restored function is bound to the live namespace", _C, HIT, cell("k = 1"), stage("def f(): return k", RAN),
         restart(), cell("k = 1"), stage("def f(): return k", RESTORED), cell("k = 7"), final("f()", 7)),
    case("restored class and instance", _C, HIT, stage("class A:\n    def m(self): return 4\na = A()", RAN), restart(),
         stage("class A:\n    def m(self): return 4\na = A()", RESTORED), final("isinstance(a, A)", True), final("a.m()", 4),
         final("type(a) is A", True)),
    case("restored closure", _C, HIT, stage("def make(n):\n    def add(x):\n        return x + n\n    return add\nf = make(2)", RAN),
         restart(), stage("def make(n):\n    def add(x):\n        return x + n\n    return add\nf = make(2)", RESTORED),
         final("f(1)", 3), final("make(5)(1)", 6)),
    case("helper edited is explained", _C, MISS, cell("def g(): return 1\ndef f(): return g()"), stage("y = f()", RAN), restart(),
         cell("def g(): return 2\ndef f(): return g()"), stage("y = f()", RAN, why="function `g` edited, called by `f`")),
    case("input changed is explained", _C, MISS, cell("lr = 0.01"), stage("y = lr", RAN), restart(), cell("lr = 0.001"),
         stage("y = lr", RAN, why="input `lr`: 0.01 -> 0.001")),
    *_text("an argument", "def h(d, e): return d.query(e)"),
    *_text("an argument by name", "def h(d, e): return d.query(expr=e)"),
    *_text("in a dict", "cfg = {'f': 'v > @t'}\ndef h(d): return d.query(cfg['f'])", "y = len(h(df))"),
    *_text("a default", "def h(d, e='v > @t'): return d.query(e)", "y = len(h(df))"),
    *_text("a class attribute", "class C:\n    f = 'v > @t'\ndef h(d): return d.query(C.f)", "y = len(h(df))"),
    *_text("an instance attribute", "class C:\n    def __init__(self): self.f = 'v > @t'\nc = C()\ndef h(d): return d.query(c.f)", "y = len(h(df))"),
    *_text("in a list", "es = ['v > @t', 'v < 9']\ndef h(d):\n    for e in es: d = d.query(e)\n    return d", "y = len(h(df))"),
    *_text("made of parts", "n = 't'\ndef h(d): return d.query('v > @' + n)", "y = len(h(df))"),
    *_text("given to pd.eval", "n = 't + 1'\ndef h(n): return pd.eval(n)", "y = int(h(n))"),
    *_text("given to eval of a frame", "n = 'v + @t'\ndef h(d, e): return d.eval(e)", "y = h(df, n)"),
    *_text("polars sql", "def h(s): return pl.sql(s).collect()", "y = h('select v from t').item()", "import polars as pl\nt = pl.DataFrame({'v': [t]})", needs="polars"),
    *_text("the name of an attribute of the notebook", "def h(n):\n    import __main__\n    return getattr(__main__, n)", "y = h('t')", "", needs=""),
    *_text("the name of an attribute of the notebook, found in sys.modules", "import sys\ndef h(n): return getattr(sys.modules['__main__'], n)", "y = h('t')", "", needs=""),
    _precise("text shown by a helper", f"{_PANDAS}\ndef h(d): return d.query('v > 1', engine='python')", "y = len(h(df))", "pandas"),
    _precise("eval mode in a helper", f"{_PANDAS}\nimport torch\nm = torch.nn.Dropout()\ndef h(m):\n    m.eval()\n    return m.training", "y = h(m)", "torch pandas"),
    _precise("eval mode in a stage", f"{_PANDAS}\nimport torch\nm = torch.nn.Dropout()", "m.eval()\ny = m.training", "torch pandas"),
    _precise("a layer called query", f"{_PANDAS}\nimport torch\nclass A(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.query = torch.nn.Identity()\n    def forward(self, x):\n        return self.query(x)\nm = A()", "y = m(torch.ones(1)).item()", "torch pandas", kernel=True),
    case("query of a frame of one's own", _C, MISS, cell("import pandas as pd\nclass F(pd.DataFrame):\n    def h(self, e): return self.query(e)\ndf = F({'v': [1, 2, 3]})\nt = 1"),
         stage("y = len(df.h('v > @' + 't'))", RAN), cell("t = 2"), stage("y = len(df.h('v > @' + 't'))", RAN), final("y", 1), needs="pandas"),
    _precise("query of a database", "class DB:\n    def query(self, sql): return len(sql)\nclass A:\n    def __init__(self): self.db = DB()\n    def query(self, x): return self.db.query(x)\na = A()", "y = a.query('select 1')", "", kernel=True),
]  # fmt: skip
