"""What outputs share with each other, with what the stage read, and with bystanders that it did not read."""

# ruff: noqa: E501
from __future__ import annotations

from functools import partial

from tests.behaviour.model import (
    HIT,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    case,
    cell,
    final,
    replayed,
    restart,
    stage,
    twins,
)

_C = "sharing"
_replayed = partial(lambda name, *rest, **named: replayed(name, _C, *rest, **named))

_TRAIN = "loss = (m(torch.ones(1, 2)) ** 2).sum()\nopt.zero_grad()\nloss.backward()\nopt.step()\ndel loss"
_MODEL = "import torch\ntorch.manual_seed(0)\nm = torch.nn.Linear(2, 1)\nopt = torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)"

CASES = [
    # outputs among each other
    _replayed("record of an array", "import numpy as np", "a = np.array([(1, 2.0)], [('a', 'i4'), ('b', 'f8')])\nr = a[0]", cell("r['a'] = 7"), final("int(a['a'][0])", 7), needs="numpy"),
    _replayed("record of an earlier array", "import numpy as np\na = np.array([(1, 2.0)], [('a', 'i4'), ('b', 'f8')])", "r = a[0]", cell("r['a'] = 7"), final("int(a['a'][0])", 7), needs="numpy"),
    _replayed("inner list of two outputs", "", "a = [1]\nb = {'a': a}", final("b['a'] is a", True)),
    _replayed("then mutated by the user", "", "a = [1]\nb = {'a': a}", cell("a.append(2)"), final("b", {"a": [1, 2]})),
    _replayed("equal outputs stay two", "", "a = [1]\nb = [1]", cell("a.append(2)"), final("b", [1])),
    _replayed("one instance in two lists", "class A: pass", "a = A()\nx = [a]\ny = [a]\ndel a", cell("x[0].v = 1"), final("y[0].v", 1)),
    _replayed("cycle", "", "x = []\nx.append(x)", final("x[0] is x", True)),
    _replayed("cycle through two names", "", "a = {}\nb = {'a': a}\na['b'] = b", final("a['b']['a'] is a", True), final("b is a['b']", True)),
    _replayed("instance that holds itself", "class A: pass", "a = A()\na.me = a", final("a.me is a", True)),
    _replayed("parent and child", "class N:\n    def __init__(s): s.kids = []; s.up = None", "p = N()\nc = N()\np.kids.append(c)\nc.up = p", final("p.kids[0].up is p", True), final("c.up is p", True)),
    _replayed("views of one array", "import numpy as np", "a = np.zeros(4)\nb = a[1:3]\nc = a[2:]", cell("a[2] = 5"), final("float(b[1]), float(c[0])", (5.0, 5.0)), needs="numpy"),
    _replayed("large views of one array", "import numpy as np", "a = np.zeros((1000, 300))\nb = a.T\nc = a.ravel()", cell("a[0, 1] = 5"), final("float(b[1, 0]), float(c[1])", (5.0, 5.0)), needs="numpy"),
    _replayed("copies stay copies", "import numpy as np", "a = np.zeros(4)\nb = a.copy()", cell("a[2] = 5"), final("float(b[2])", 0.0), needs="numpy"),
    _replayed("array and its tensor", "import numpy as np, torch", "a = np.zeros(3, dtype='f4')\nt = torch.from_numpy(a)", cell("a[1] = 5"), final("float(t[1])", 5.0), needs="torch"),
    _replayed("tensor views", "import torch", "t = torch.zeros(4)\nv = t[1:]", cell("t[1] = 5"), final("float(v[0])", 5.0), needs="torch"),
    _replayed("tied weights", "import torch", "torch.manual_seed(0)\nl = torch.nn.Linear(2, 2)\nm = torch.nn.Sequential(l, l)", final("m[0] is m[1]", True), final("m[0] is l", True), needs="torch"),
    _replayed("model and optimizer", "import torch", _MODEL, cell(_TRAIN), final("opt.param_groups[0]['params'][0] is m.weight", True), needs="torch"),
    _replayed("frame in two places", "import pandas as pd", "df = pd.DataFrame({'a': [1]})\nd = {'df': df}", cell("d['df']['b'] = 2"), final("list(df.columns)", ["a", "b"]), needs="pandas"),
    _replayed("mutable default shared by a class and a name", "", "L = []\nclass A:\n    items = L\n    def add(self, x): self.items.append(x)", cell("A().add(1)"), final("L", [1])),
    _replayed("default argument", "", "L = []\ndef f(x, into=L):\n    into.append(x)\n    return into", cell("f(1)"), final("L", [1])),
    _replayed("two closures over one variable", "", "def pair():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n    def get():\n        return n\n    return up, get\nup, get = pair()",
              cell("up()\nup()"), final("get()", 2)),
    _replayed("bound method and its object", "class A:\n    v = 0\n    def up(self): self.v += 1", "a = A()\nup = a.up", cell("up()"), final("a.v", 1)),
    _replayed("bytearray and a view of it", "", "b = bytearray(b'abc')\nd = {'b': b}", cell("b[0] = 90"), final("d['b']", bytearray(b"Zbc"))),
    # with what was read, and with bystanders
    _replayed("list held in an instance", "class A: pass\na = A()\nx = [1]\na.x = x", "x.append(2)", final("a.x", [1, 2]), final("a.x is x", True)),
    _replayed("held by a closure", "x = [1]\ndef make(v):\n    return lambda: v\nget = make(x)", "x.append(2)", final("get()", [1, 2])),
    _replayed("held as a default argument", "x = [1]\ndef get(v=x):\n    return v", "x.append(2)", final("get()", [1, 2])),
    _replayed("held as a class attribute", "x = [1]\nclass A:\n    v = x", "x.append(2)", final("A.v", [1, 2])),
    _replayed("iterator that others hold", "x = [1, 2]\nit = iter(x)\nnext(it)", "x.append(3)", final("list(it)", [2, 3])),
    _replayed("view of a dict's keys", "d = {'a': 1}\nk = d.keys()", "d['b'] = 2", final("list(k)", ["a", "b"])),
    _replayed("weak reference", "import weakref\nclass A: pass\na = A()\nw = weakref.ref(a)", "a.v = 3", final("w().v", 3)),
    _replayed("attribute rebound, old one held", "class A: pass\na = A()\na.v = [1]\nold = a.v", "a.v = [2]", final("old", [1]), final("a.v", [2])),
    _replayed("old item mutated and taken out", "x = [[1]]\nold = x[0]", "x[0].append(2)\nx[0] = 'new'", final("old", [1, 2]), final("x", ["new"])),
    _replayed("list moved from one holder to another", "a = {'l': [1]}\nb = {}\nl = a['l']", "b['l'] = a.pop('l')\nb['l'].append(2)", final("b['l'] is l", True), final("l", [1, 2]), final("a", {})),
    _replayed("input rebound to a part of itself", "x = [[1], [2]]\nfirst = x[0]", "x = x[0]\nx.append(5)", final("first", [1, 5]), final("x is first", True)),
    _replayed("array view held by a bystander", "import numpy as np\na = np.zeros(5)\nv = a[2:4]", "a += 1", final("v.tolist()", [1.0, 1.0]), needs="numpy"),
    _replayed("base mutated through a view", "import numpy as np\na = np.zeros(5)\nv = a[2:4]", "v[:] = 7", final("a.tolist()", [0.0, 0.0, 7.0, 7.0, 0.0]), needs="numpy"),
    _replayed("array in an instance", "import numpy as np\nclass A: pass\na = A()\na.w = np.zeros(2)\nw = a.w", "a.w *= 0\na.w += 3", final("w.tolist()", [3.0, 3.0]), needs="numpy"),
    _replayed("array replaced, old one held", "import numpy as np\nd = {'w': np.zeros(2)}\nw = d['w']", "d['w'] = d['w'] + 1", final("w.tolist()", [0.0, 0.0]), final("d['w'].tolist()", [1.0, 1.0]), needs="numpy"),
    _replayed("training in place", _MODEL + "\nw = m.weight", _TRAIN, final("w is m.weight", True), final("opt.param_groups[0]['params'][0] is w", True),
              final("len(opt.state)", 2), needs="torch"),
    _replayed("model trained by a function", _MODEL + "\ndef train():\n    (m(torch.ones(1, 2)) ** 2).sum().backward()\n    opt.step()", "train()", cell("opt.step()"), final("bool(m.weight.grad.abs().sum() > 0)", True), needs="torch"),
    _replayed("eval mode", "import torch\nm = torch.nn.Sequential(torch.nn.Dropout())\nd = m[0]", "m.eval()", final("d.training", False), needs="torch"),
    _replayed("frame held in a list", "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\nl = [df]", "df['b'] = 1\ndf.drop(0, inplace=True)", final("l[0] is df", True), final("l[0].shape", (1, 2)), needs="pandas"),
    _replayed("sort in place", "import pandas as pd\ndf = pd.DataFrame({'a': [2, 1]})\nm = df", "df.sort_values('a', inplace=True)", final("list(m.index)", [1, 0]), needs="pandas"),
    _replayed("column names set", "import pandas as pd\ndf = pd.DataFrame({'a': [2, 1]})\nm = df", "df.columns = ['z']", final("list(m.columns)", ["z"]), needs="pandas"),
    _replayed("series of a frame is no view", "import pandas as pd\ndf = pd.DataFrame({'a': [2, 1]})\ns = df['a']", "df.loc[0, 'a'] = 50", final("int(s[0])", 2), needs="pandas"),
    _replayed("estimator fitted in place", "from sklearn.linear_model import LinearRegression\ne = LinearRegression()\nm = e", "e.fit([[0], [1]], [1, 3])", final("round(float(m.predict([[2]])[0]), 6)", 5.0), needs="sklearn"),
    _replayed("generator object moved on", "import random\nr = random.Random(1)\nm = r", "y = r.random()", final("m is r", True), final("m.random() == random.Random(1).random()", False)),
    _replayed("user's class patched", "class A:\n    v = 1\na = A()", "b = a\nb.w = 5", final("a.w", 5), final("type(a) is A", True)),
    *twins("stage appends, bystander of two kinds", _C, setup="x = [1]\ny = x", source="x.append(2)\nz = len(y)", miss="x = [1]\ny = list(x)", hit="y = [1]\nx = y\nw = y", value=("z", 1, 2)),
    *twins("views or copies as inputs", _C, setup="import numpy as np\na = np.zeros(4)\nb = a[:2]", source="a[0] = 1\nz = float(b[0])", miss="import numpy as np\na = np.zeros(4)\nb = a[:2].copy()",
           hit="import numpy as np\nq = np.zeros(4)\nb = q[:2]\na = q", value=("z", 0.0, 1.0), needs="numpy"),
    *twins("shifted views", _C, setup="import numpy as np\nq = np.zeros(6)\na = q[:4]\nb = q[2:]", source="a[2] = 1\nz = b.tolist()", miss="import numpy as np\nq = np.zeros(6)\na = q[:4]\nb = q[1:5]",
           hit="import numpy as np\nq = np.zeros(10)\na = q[:4]\nb = q[2:6]", value=("z", [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]), needs="numpy"),
    case("stage changes a default argument", _C, OTHER, cell("def f(v=[]):\n    v.append(1)\n    return len(v)"), stage("y = f()", UNSTORED, why="default"), stage("y = f()", UNSTORED), final("y", 2)),
    case("chain of stages on one object", _C, HIT, cell("x = []\nm = x"), stage("x.append(1)", RAN, name="a"), stage("x.append(2)", RAN, name="b"), restart(), cell("x = []\nm = x"),
         stage("x.append(1)", RESTORED, name="a"), stage("x.append(2)", RESTORED, name="b"), final("m", [1, 2])),
    case("output of one stage mutated by the next", _C, HIT, stage("x = [1]", RAN, name="a"), stage("x.append(2)", RAN, name="b"), restart(), stage("x = [1]", RESTORED, name="a"),
         stage("x.append(2)", RESTORED, name="b"), final("x", [1, 2])),
    case("first restored, next run, then all restored", _C, HIT, stage("x = [1]", RAN, name="a"), restart(), stage("x = [1]", RESTORED, name="a"), stage("y = {'x': x}", RAN, name="b"), restart(),
         stage("x = [1]", RESTORED, name="a"), stage("y = {'x': x}", RESTORED, name="b"), final("y['x'] is x", True)),
    case("restored twice in one kernel gives two values", _C, HIT, stage("x = [1]", RAN), stage("x = [1]", RESTORED), cell("first = x"), stage("x = [1]", RESTORED), cell("x.append(2)"), final("first", [1])),
    case("restored function keeps its own state", _C, HIT, stage("def f(v=[]):\n    v.append(1)\n    return len(v)", RAN), restart(), stage("def f(v=[]):\n    v.append(1)\n    return len(v)", RESTORED), cell("f()"),
         stage("def f(v=[]):\n    v.append(1)\n    return len(v)", RESTORED), final("f()", 1)),
    *[case(f"{what} bound to its own name again", _C, HIT, cell(f"{made}\ng = f"), stage("f = g", RAN), stage("f = g", RESTORED), final("f is g", True))
      for what, made in (("function", "def f(): return 1"), ("class", "class f: pass"))],
    _replayed("an equal object put into an input", "rows = [[1]]\nrow = [1]", "rows[0] = row", cell("row.append(2)"), final("rows", [[1, 2]])),
    _replayed("an equal object put into an instance", "class A: pass\na = A()\na.v = [1]\nv = [1]", "a.v = v", cell("v.append(2)"), final("a.v", [1, 2])),
    _replayed("an equal array put into a dict", "import numpy as np\nd = {'a': np.zeros(2)}\nz = np.zeros(2)", "d['a'] = z", cell("z[0] = 1"), final("d['a'].tolist()", [1.0, 0.0]), needs="numpy"),
    _replayed("a new equal object put into an input", "rows = [[1]]\nrow = rows[0]", "rows[0] = [1]", cell("row.append(2)"), final("rows", [[1]])),
    _replayed("inputs exchanged", "a, b = [1], [1]\nc = [a, b]", "c.reverse()", cell("a.append(2)"), final("c", [[1], [1, 2]])),
    _replayed("an exception with what led to it", "", "try:\n    try:\n        1 / 0\n    except ZeroDivisionError as inner:\n        raise ValueError('v') from inner\nexcept ValueError as outer:\n    error = outer",
              final("repr(error.__cause__), error.__context__ is error.__cause__, error.__suppress_context__", ("ZeroDivisionError('division by zero')", True, True))),
]  # fmt: skip
