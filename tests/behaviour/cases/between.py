"""Between two runs of a stage in one kernel a plain cell changes what it reads, by every way there is; and its twins:
the same kind of change to something else, or one that is undone."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import HIT, MISS, RAN, RESTORED, Case, case, cell, stage

_C = "mutation between runs"


def _twins(name: str, setup: str, source: str, change: str, harmless: str, needs: str = "") -> list[Case]:
    """`change` must make the stage run again, `harmless` must not."""
    return [
        case(f"{name}: {shows}", _C, shows, cell(setup), stage(source, RAN), cell(between), stage(source, status), needs=needs)
        for shows, between, status in ((MISS, change, RAN), (HIT, harmless, RESTORED))
    ]  # fmt: skip


_POINT = "class P:\n    scale = 2\n    def __init__(self, v): self.v = v\n    def grow(self): self.v += 1\n    def size(self): return self.v * self.scale\np = P(1)"
_FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3], 'b': [4., 5., 6.]})"
_ARRAY = "import numpy as np\nx = np.arange(6)"
_TENSOR = "import torch\nx = torch.arange(6.)"

CASES = [
    # directly
    *_twins("append", "x = [1]\nother = [1]", "y = list(x)", "x.append(2)", "other.append(2)"),
    *_twins("append and pop", "x = [1]", "y = list(x)", "x.append(2)", "x.append(2)\nx.pop()"),
    *_twins("item", "x = {'a': 1}", "y = dict(x)", "x['a'] = 2", "x['a'] = 2\nx['a'] = 1"),
    *_twins("order of keys", "x = {'a': 1, 'b': 2}", "y = list(x)", "x['a'] = x.pop('a')", "x['b'] = x.pop('b')"),
    *_twins("set", "x = {1, 2}", "y = sorted(x)", "x.add(3)", "x.add(2)"),
    *_twins("sort", "x = [2, 1]", "y = list(x)", "x.sort()", "sorted(x)"),
    *_twins("slice", "x = [1, 2, 3]", "y = list(x)", "x[1:] = []", "x[1:] = [2, 3]"),
    *_twins("bytearray", "x = bytearray(b'ab')", "y = bytes(x)", "x[0] = 0", "x[0] = 97"),
    *_twins("deque", "from collections import deque\nx = deque([1, 2])", "y = list(x)", "x.rotate()", "x.rotate(2)"),
    *_twins("default made by reading", "from collections import defaultdict\nx = defaultdict(list)", "y = dict(x)", "x['new']", "x.get('new')"),
    *_twins("type of an item", "x = [1]", "y = repr(x)", "x[0] = True", "x[0] = 2 - 1"),
    # through others
    *_twins("alias", "x = [1]\nm = x\nn = list(x)", "y = list(x)", "m.append(2)", "n.append(2)"),
    *_twins("inner object", "inner = [1]\nx = {'a': inner}", "y = len(x['a'])", "inner.append(2)", "inner = [1, 2]"),
    *_twins("through a function", "x = [1]\ndef f(l): l.append(2)", "y = list(x)", "f(x)", "f(x.copy())"),
    *_twins("through a global", "x = [1]\ndef f(): x.append(2)", "y = list(x)", "f()", "f"),
    *_twins("through a closure", "def make():\n    n = [0]\n    def add(): n[0] += 1\n    def get(): return n[0]\n    return add, get\nadd, get = make()", "y = get()", "add()", "get()"),
    *_twins("through nonlocal", "def make():\n    n = 0\n    def add():\n        nonlocal n\n        n += 1\n    def get(): return n\n    return add, get\nadd, get = make()", "y = get()", "add()", "get()"),
    *_twins("through a default", "def f(v, seen=[]):\n    return len(seen)\n", "y = f(1)", "f.__defaults__[0].append(1)", "f(1)"),
    *_twins("through a bound method", "x = []\npush = x.append", "y = len(x)", "push(1)", "push"),
    *_twins("through a generator", "x = [1]\ndef g():\n    x.append(2)\n    yield", "y = len(x)", "next(g())", "g()"),
    *_twins("through exec", "x = [1]", "y = len(x)", "exec('x.append(2)')", "exec('z = [2]')"),
    *_twins("random.shuffle", "import random\nx = list(range(50))\nm = list(x)", "y = x[0]", "random.Random(1).shuffle(x)", "random.Random(1).shuffle(m)"),
    *_twins("heapq", "import heapq\nx = [1, 3]", "y = len(x)", "heapq.heappush(x, 2)", "heapq.nsmallest(1, x)"),
    # objects
    *_twins("attribute", _POINT, "y = p.size()", "p.v = 5", "p.v = 1"),
    *_twins("method", _POINT + "\nq = P(1)", "y = p.size()", "p.grow()", "q.grow()"),
    *_twins("class attribute", _POINT, "y = p.size()", "P.scale = 3", "P.scale = 1 + 1"),
    *_twins("class attribute on the object", _POINT, "y = p.size()", "p.scale = 3", "p.size()"),
    *_twins("new method", _POINT, "y = p.size()", "P.size = lambda self: 0", "P.size"),
    *_twins("class of an object", _POINT + "\nclass Q(P):\n    scale = 5", "y = p.size()", "p.__class__ = Q", "p.__class__ = P"),
    *_twins("__dict__", _POINT, "y = p.size()", "p.__dict__['v'] = 9", "dict(p.__dict__)['v'] = 9"),
    *_twins("slot", "class S:\n    __slots__ = 'v',\ns = S()\ns.v = 1", "y = s.v", "s.v = 2", "s.v"),
    *_twins("function attribute", "def f(): return f.n\nf.n = 1", "y = f()", "f.n = 2", "f.n = 1"),
    *_twins("lru_cache", "from functools import lru_cache\ncalls = []\n@lru_cache\ndef f(v):\n    return v * k\nk = 2", "y = f(1)", "k = 3\nf.cache_clear()", "f(7)"),
    # arrays
    *_twins("array item", _ARRAY, "y = int(x.sum())", "x[0] = 7", "x[0] = 0"),
    *_twins("array view", _ARRAY + "\nv = x[2:]", "y = int(x.sum())", "v[0] = 7", "v = v + 1", needs="numpy"),
    *_twins("array of which a view is read", _ARRAY + "\nv = x[2:]", "y = int(v.sum())", "x[3] = 9", "x[0] = 9", needs="numpy"),
    *_twins("reshaped view", _ARRAY + "\nv = x.reshape(2, 3)", "y = int(x.sum())", "v[1, 1] = 0", "v.copy()[1, 1] = 0", needs="numpy"),
    *_twins("out=", _ARRAY, "y = int(x.sum())", "np.add(x, 1, out=x)", "np.add(x, 1)", needs="numpy"),
    *_twins("in place in C", _ARRAY, "y = int(x[0])", "x[::-1].sort()", "np.sort(x)[::-1]", needs="numpy"),
    *_twins("shape", _ARRAY, "y = x.shape", "x.shape = (2, 3)", "x.shape = (6,)", needs="numpy"),
    *_twins("dtype", _ARRAY, "y = str(x.dtype)", "x = x.astype('int32')", "x = x.astype(x.dtype)", needs="numpy"),
    *_twins("read-only", _ARRAY, "y = x.flags.writeable", "x.flags.writeable = False", "x.flags.writeable = True", needs="numpy"),
    *_twins("memory of a bytearray", "import numpy as np\nb = bytearray(8)\nx = np.frombuffer(b, dtype='u1')", "y = int(x.sum())", "b[0] = 5", "b[0] = 0", needs="numpy"),
    *_twins("ctypes", _ARRAY + "\nimport ctypes", "y = int(x.sum())", "ctypes.memset(x.ctypes.data, 1, 1)", "ctypes.memset(x.ctypes.data, 0, 1)", needs="numpy"),
    *_twins("memoryview", "import array\nx = array.array('i', [1, 2])\nm = memoryview(x)", "y = sum(x)", "m[0] = 9", "m[0] = 1"),
    *_twins("object array", "import numpy as np\ninner = [1]\nx = np.array([inner, None], dtype=object)", "y = len(x[0])", "inner.append(2)", "inner = 5", needs="numpy"),
    *_twins("generator of numpy", "import numpy as np\nrng = np.random.default_rng(0)", "y = float(rng.random())", "rng.random()", "rng = np.random.default_rng(0)", needs="numpy"),
    *_twins("generator of Python", "import random\nr = random.Random(0)", "y = r.random()", "r.random()", "r.seed(0)"),
    # frames
    *_twins("column", _FRAME, "y = int(df['a'].sum())", "df['a'] = 0", "df['a'] = [1, 2, 3]", needs="pandas"),
    *_twins("new column", _FRAME, "y = list(df)", "df['c'] = 0", "df['c'] = 0\ndel df['c']", needs="pandas"),
    *_twins("loc", _FRAME, "y = int(df['a'].sum())", "df.loc[0, 'a'] = 9", "df.loc[0, 'a'] = 1", needs="pandas"),
    *_twins("column taken out first", _FRAME + "\ns = df['a']", "y = int(df['a'].sum())", "df.iloc[0, 0] = 9", "s.iloc[0] = 9", needs="pandas"),
    *_twins("index", _FRAME, "y = list(df.index)", "df.index = [7, 8, 9]", "df.index = range(3)", needs="pandas"),
    *_twins("name of the index", _FRAME, "y = df.index.name", "df.index.name = 'i'", "df.index.name = None", needs="pandas"),
    *_twins("names of columns", _FRAME, "y = list(df)", "df.columns = ['a', 'c']", "df.columns = ['a', 'b']", needs="pandas"),
    *_twins("attrs", _FRAME, "y = dict(df.attrs)", "df.attrs['unit'] = 'm'", "df.copy().attrs['unit'] = 'm'", needs="pandas"),
    *_twins("in place", _FRAME, "y = list(df['a'])", "df.sort_values('a', ascending=False, ignore_index=True, inplace=True)", "df.sort_values('a', ascending=False)", needs="pandas"),
    *_twins("dtype of a column", _FRAME, "y = str(df.dtypes['a'])", "df['a'] = df['a'].astype('int8')", "df['a'] = df['a'].astype('int64')", needs="pandas"),
    *_twins("categories", "import pandas as pd\ns = pd.Series(['a', 'b'], dtype='category')", "y = list(s.cat.categories)", "s = s.cat.add_categories('c')", "s = s.cat.set_categories(['a', 'b'])", needs="pandas"),
    # tensors and models
    *_twins("tensor item", _TENSOR, "y = float(x.sum())", "x[0] = 7", "x[0] = 0", needs="torch"),
    *_twins("tensor view", _TENSOR + "\nv = x[2:]", "y = float(x.sum())", "v.zero_()", "v.clone().zero_()", needs="torch"),
    *_twins("array under a tensor", "import numpy as np, torch\na = np.zeros(3)\nx = torch.from_numpy(a)", "y = float(x.sum())", "a[0] = 1", "a[0] = 0", needs="torch"),
    *_twins("requires_grad", _TENSOR, "y = x.requires_grad", "x.requires_grad_()", "x.requires_grad_(False)", needs="torch"),
    *_twins("weights", "import torch\ntorch.manual_seed(0)\nm = torch.nn.Linear(2, 1)", "y = float(m(torch.ones(2)).detach())", "m.weight.data += 1", "m.weight.data += 0", needs="torch"),
    *_twins("state dict", "import torch\ntorch.manual_seed(0)\nm = torch.nn.Linear(2, 1)\ns = {k: v.clone() for k, v in m.state_dict().items()}", "y = float(m.bias.detach())", "m.load_state_dict({k: v + 1 for k, v in s.items()})", "m.load_state_dict(s)", needs="torch"),
    *_twins("train and eval", "import torch\ntorch.manual_seed(0)\nm = torch.nn.Dropout()", "y = m.training", "m.eval()", "m.train()", needs="torch"),
    *_twins("hook", "import torch\ntorch.manual_seed(0)\nm = torch.nn.Linear(2, 1)", "y = float(m(torch.ones(2)).detach())", "handle = m.register_forward_hook(lambda m, i, o: o * 2)", "handle = m.register_forward_hook(lambda m, i, o: o * 2)\nhandle.remove()", needs="torch"),
    *_twins("step of an optimizer", "import torch\ntorch.manual_seed(0)\nm = torch.nn.Linear(2, 1)\no = torch.optim.SGD(m.parameters(), lr=1.0)", "y = float(m.bias.detach())", "m(torch.ones(2)).backward()\no.step()", "o.step()", needs="torch"),
    *_twins("estimator", "from sklearn.linear_model import LinearRegression\nm = LinearRegression().fit([[0], [1]], [0, 1])", "y = float(m.predict([[2]])[0])", "m.coef_[0] = 5", "m.fit([[0], [1]], [0, 1])", needs="sklearn"),
]  # fmt: skip
