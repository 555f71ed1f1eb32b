"""Values that are nearly equal, and values made in two ways that are the same."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import (
    HIT,
    MISS,
    RAN,
    RESTORED,
    Case,
    case,
    cell,
    final,
    replayed,
    restart,
    stage,
    twins,
    write,
)

_C = "values"

_NP = "import numpy as np\n"
_PD = "import pandas as pd\n"
_TORCH = "import torch\n"


def _twin(
    name: str,
    value: str,
    miss: str,
    hit: str,
    *,
    pre: str = "",
    needs: str = "",
    source: str = "y = x",
    known: str = "",
) -> list[Case]:
    """``x`` is `value`, then nearly so, then so again made in another way."""
    made = [text if "x = " in text else f"x = {text}" for text in (value, miss, hit)]
    return twins(
        name, _C, setup=pre + made[0], source=source, miss=pre + made[1], hit=pre + made[2], needs=needs, known=known
    )


_GLOBALS = "globs = {{'kept': {}}}\nexec('def f(): return kept', globs)"

CASES = [
    *twins("globals of a text", _C, setup=_GLOBALS.format(1), source="y = globs['f']()", miss=_GLOBALS.format(2), hit=_GLOBALS.format("2 - 1"), value=("y", 2, 1)),
    *twins("globals of a text: code", _C, setup="globs = {}\nexec('def f(): return 1', globs)", source="y = globs['f']()", miss="globs = {}\nexec('def f(): return 2', globs)", hit="globs = {}\nexec('def f():\\n    return 1', globs)", value=("y", 2, 1)),
    *twins("globals of a text or not", _C, setup="globs = {'a': 1}\nexec('', globs)", source="y = len(globs)", miss="globs = {'a': 1}", hit="globs = {'a': 1}\nexec('pass', globs)", value=("y", 1, 2)),
    *twins("globals with builtins of their own", _C, setup="globs = {'__builtins__': {'len': len}}", source="y = len(globs['__builtins__'])", miss="globs = {'__builtins__': {}}", hit="globs = {'__builtins__': dict(len=len)}", value=("y", 0, 1)),
    replayed("globals of a text made by the stage", _C, "", "globs = {}\nexec('a = 1\\ndef f(): return a + 1', globs)", final("globs['f'](), list(globs), globs['__builtins__'] is __import__('builtins').__dict__", (2, ["__builtins__", "a", "f"], True))),
    replayed("globals of a text changed by the stage", _C, "globs = {}", "exec('a = len([1])', globs)\nNone", final("globs['a'], globs['__builtins__'] is __import__('builtins').__dict__", (1, True))),
    replayed("the namespace of builtins", _C, "", "import builtins\nb = (1, vars(builtins), [vars(builtins)])\ndel builtins", final("b[1] is b[2][0] is vars(__import__('builtins'))", True)),
    # plain values
    *_twin("int or bool", "1", "True", "2 - 1"),
    *_twin("int or float", "1", "1.0", "int('1')"),
    *_twin("int or text", "1", "'1'", "0b1"),
    *_twin("text", "'ab'", "'ab '", "''.join(['a', 'b'])"),
    *_twin("text or bytes", "'ab'", "b'ab'", "b'ab'.decode()"),
    *_twin("bytes or bytearray", "b'ab'", "bytearray(b'ab')", "bytes([97, 98])"),
    *_twin("composed letter", "'\\u00e9'", "'e\\u0301'", "chr(233)"),
    *_twin("minus zero", "0.0", "-0.0", "0.0 * 3"),
    *_twin("nan or inf", "float('nan')", "float('inf')", "float('NaN')"),
    *_twin("last bit of a float", "0.1 + 0.2", "0.3", "0.30000000000000004"),
    *_twin("minus zero in a complex number", "complex(1, 0.0)", "complex(1, -0.0)", "1 + 0j"),
    *_twin("large int", "2**70", "2**70 + 1", "1 << 70"),
    *_twin("none or its name", "None", "'None'", "print()"),
    *_twin("list or tuple", "[1, 2]", "(1, 2)", "list((1, 2))"),
    *_twin("nesting", "[1, [2, 3]]", "[[1, 2], 3]", "[1] + [[2, 3]]"),
    *_twin("where texts end", "['ab', 'c']", "['a', 'bc']", "'ab c'.split()"),
    *_twin("empty containers", "[]", "()", "list()"),
    *_twin("dict order", "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", "dict(a=1) | dict(b=2)"),
    *_twin("dict after deletion", "{'a': 1, 'b': 2}", "{'a': 1}", "d = {'a': 1, 'c': 3, 'b': 2}\ndel d['c']\nx = d"),
    *_twin("key of another type", "{1: 'a'}", "{1.0: 'a'}", "{int('1'): 'a'}"),
    *_twin("set or frozen set", "{'a', 'b', 'c'}", "frozenset('abc')", "set(['c', 'b', 'a'])"),
    *_twin("set of other members", "{1, 2, 3}", "{1, 2, True + 3}", "{3, 2, 1}"),
    *_twin("set of mixed numbers", "{1, 'a'}", "{1.0, 'a'}", "{'a', 1}"),
    *_twin("range or list", "range(3)", "[0, 1, 2]", "range(0, 3, 1)"),
    *_twin("cycle", "x = [1]\nx.append(x)", "x = [1]\nx.append([1, x])", "z = [1, None]\nz[1] = z\nx = z", source="y = len(x)"),
    *_twin("shared rows", "r = [0]\nx = [r, r]", "x = [[0], [0]]", "s = [0]\nx = [s, None]\nx[1] = x[0]", source="y = len(x)"),
    *_twin("deep nesting", "x = []\nfor i in range(3000): x = [x]", "x = []\nfor i in range(3001): x = [x]", "x = []\nfor i in range(3000):\n    x = [x]", source="y = len(x)"),
    *_twin("order in an OrderedDict", "OrderedDict(a=1, b=2)", "OrderedDict(b=2, a=1)", "OrderedDict([('a', 1), ('b', 2)])", pre="from collections import OrderedDict\n"),
    *_twin("factory of a defaultdict", "defaultdict(int, a=1)", "defaultdict(float, a=1)", "defaultdict(int, {'a': 1})", pre="from collections import defaultdict\n"),
    *_twin("counter or dict", "Counter('aab')", "{'a': 2, 'b': 1}", "Counter({'a': 2, 'b': 1})", pre="from collections import Counter\n"),
    *_twin("length limit of a deque", "deque([1, 2])", "deque([1, 2], maxlen=2)", "deque((1, 2))", pre="from collections import deque\n"),
    *_twin("decimal places", "Decimal('1.0')", "Decimal('1.00')", "Decimal('0.5') * 2", pre="from decimal import Decimal\n"),
    *_twin("fraction or float", "Fraction(1, 2)", "0.5", "Fraction('2/4')", pre="from fractions import Fraction\n"),
    *_twin("time zone of a datetime", "dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)", "dt.datetime(2020, 1, 1)", "dt.datetime(2019, 1, 1, tzinfo=dt.timezone.utc).replace(year=2020)", pre="import datetime as dt\n"),
    *_twin("fold of a datetime", "dt.datetime(2020, 10, 25, 2, 30)", "dt.datetime(2020, 10, 25, 2, 30, fold=1)", "dt.datetime.fromisoformat('2020-10-25T02:30')", pre="import datetime as dt\n"),
    *_twin("date or datetime", "dt.date(2020, 1, 1)", "dt.datetime(2020, 1, 1)", "dt.date.fromisoformat('2020-01-01')", pre="import datetime as dt\n"),
    *_twin("named zone", "ZoneInfo('Europe/Paris')", "ZoneInfo('Europe/Berlin')", "ZoneInfo('Europe/' + 'Paris')", pre="from zoneinfo import ZoneInfo\n"),
    *_twin("path", "Path('a/b')", "Path('a/c')", "Path('a') / 'b'", pre="from pathlib import Path\n"),
    *_twin("path or text", "Path('a/b')", "'a/b'", "Path('a//b')", pre="from pathlib import Path\n"),
    *_twin("pattern flags", "re.compile('a')", "re.compile('a', re.I)", "re.compile(chr(97))", pre="import re\n"),
    *_twin("uuid", "uuid.UUID(int=1)", "uuid.UUID(int=2)", "uuid.UUID('00000000-0000-0000-0000-000000000001')", pre="import uuid\n"),
    *_twin("state of a Random", "random.Random(1)", "random.Random(2)", "r = random.Random(5)\nr.seed(1)\nx = r", pre="import random\n", source="y = x.random()"),
    *_twin("named tuple or tuple", "P(1, 2)", "(1, 2)", "P(b=2, a=1)", pre="from collections import namedtuple\nP = namedtuple('P', 'a b')\n"),
    *_twin("field of a dataclass", "P(1)", "P(1.0)", "P(a=1)", pre="from dataclasses import dataclass\n@dataclass\nclass P:\n    a: object\n"),
    *_twin("class of an instance", "A()", "B()", "A()", pre="class A: pass\nclass B: pass\n", source="y = type(x).__name__"),
    *_twin("attribute of an instance", "a = A()\na.v = 1\nx = a", "a = A()\na.v = 2\nx = a", "a = A()\na.v = 9\na.v = 1\nx = a", pre="class A: pass\n", source="y = x.v"),
    *_twin("slots", "a = A()\na.v = 1\nx = a", "a = A()\na.v = '1'\nx = a", "a = A()\nsetattr(a, 'v', 1)\nx = a", pre="class A:\n    __slots__ = ('v',)\n", source="y = x.v"),
    *_twin("equal instances that are not the same", "A(1)", "A(2)", "A(1)", pre="class A:\n    def __init__(self, v): self.v = v\n    def __eq__(self, o): return True\n    __hash__ = object.__hash__\n", source="y = x.v"),
    *_twin("enum member or its value", "E.A", "1", "E(1)", pre="import enum\nclass E(enum.IntEnum):\n    A = 1\n"),
    *_twin("subclass of int", "I(1)", "1", "I(2 - 1)", pre="class I(int):\n    def __add__(self, o): return 0\n", source="y = x + 1"),
    *_twin("subclass of dict", "D(a=1)", "{'a': 1}", "D({'a': 1})", pre="class D(dict):\n    def __missing__(self, k): return k\n", source="y = dict(x)"),
    *_twin("type as a value", "int", "float", "type(1)"),
    *_twin("position in a buffer", "b = io.BytesIO(b'ab')\nx = b", "b = io.BytesIO(b'ab')\nb.read(1)\nx = b", "b = io.BytesIO(b'ab')\nb.read(1)\nb.seek(0)\nx = b", pre="import io\n", source="y = x.getvalue()"),
    # numpy
    *_twin("numpy dtype", "np.array([1, 2])", "np.array([1, 2], dtype='int32')", "np.arange(1, 3)", pre=_NP, needs="numpy"),
    *_twin("numpy shape", "np.zeros((2, 3))", "np.zeros((3, 2))", "np.zeros(6).reshape(2, 3)", pre=_NP, needs="numpy"),
    *_twin("symmetric and transposed", "np.array([[1., 2.], [2., 1.]])", "np.array([[1., 2.], [2., 1.]]).T", "np.array([[1., 2.], [2., 1.]]).T.T", pre=_NP, needs="numpy", source="y = x.flags.f_contiguous"),
    *_twin("C or F order", "np.ones((2, 3))", "np.ones((2, 3), order='F')", "np.ones((2, 6))[:, ::2]", pre=_NP, needs="numpy", source="y = float(x.sum())"),
    *_twin("byte order", "np.array([1, 2], dtype='<i8')", "np.array([1, 2], dtype='>i8')", "np.array([1, 2], dtype='=i8')", pre=_NP, needs="numpy"),
    *_twin("minus zero in an array", "np.array([0.0])", "np.array([-0.0])", "np.zeros(1)", pre=_NP, needs="numpy"),
    *_twin("one value in a million", "np.zeros(10**6)", "a = np.zeros(10**6)\na[777_777] = 1e-300\nx = a", "np.ones(10**6) * 0", pre=_NP, needs="numpy", source="y = x.size"),
    *_twin("numpy scalar or float", "np.float64(1)", "1.0", "np.ones(1)[0]", pre=_NP, needs="numpy"),
    *_twin("0-d array or scalar", "np.array(1.0)", "np.float64(1.0)", "np.ones(())", pre=_NP, needs="numpy"),
    *_twin("objects in an array", "np.array([1, 'a'], dtype=object)", "np.array([1.0, 'a'], dtype=object)", "np.array(['b', 'a'], dtype=object)\nx[0] = 1", pre=_NP, needs="numpy"),
    *_twin("names of fields", "np.zeros(1, dtype=[('a', 'f8')])", "np.zeros(1, dtype=[('b', 'f8')])", "np.zeros(1, dtype={'names': ['a'], 'formats': ['f8']})", pre=_NP, needs="numpy"),
    *_twin("unit of times", "np.array(['2020-01-01'], dtype='M8[D]')", "np.array(['2020-01-01'], dtype='M8[s]')", "np.array([18262], dtype='M8[D]')", pre=_NP, needs="numpy"),
    *_twin("mask", "np.ma.array([1, 2], mask=[0, 1])", "np.ma.array([1, 2], mask=[1, 0])", "np.ma.masked_array(np.arange(1, 3), np.array([False, True]))", pre=_NP, needs="numpy", source="y = int(x.sum())"),
    *_twin("read-only array", "np.zeros(2)", "a = np.zeros(2)\na.setflags(write=False)\nx = a", "a = np.zeros(2)\na.setflags(write=False)\na.setflags(write=True)\nx = a", pre=_NP, needs="numpy", source="y = x.sum()"),
    *_twin("class of an array", "np.zeros((2, 2))", "np.zeros((2, 2)).view(np.matrix)", "np.asarray(np.zeros((2, 2)).view(np.matrix))", pre=_NP, needs="numpy", source="y = x * x"),
    *_twin("two arrays or two views of one", "a = np.zeros(2)\nx = [a, a[:]]", "x = [np.zeros(2), np.zeros(2)]", "b = np.zeros(2)\nx = [b, b[:]]\ndel b", pre=_NP, needs="numpy", source="x[0][0] = 1\ny = float(x[1][0])"),
    # pandas
    *_twin("dtype of a column", "pd.DataFrame({'a': [1, 2]})", "pd.DataFrame({'a': [1, 2]}, dtype='int32')", "pd.DataFrame([[1], [2]], columns=['a'])", pre=_PD, needs="pandas"),
    *_twin("order of columns", "pd.DataFrame({'a': [1], 'b': [2]})", "pd.DataFrame({'b': [2], 'a': [1]})", "pd.DataFrame({'b': [2], 'a': [1]})[['a', 'b']]", pre=_PD, needs="pandas"),
    *_twin("equal frame of other blocks", "pd.DataFrame({'a': [1., 2.], 'b': [3., 4.]})", "pd.DataFrame({'a': [1., 2.], 'b': [3., 4.5]})", "x = pd.DataFrame([[1., 3.], [2., 4.]], columns=['a', 'b'])", pre=_PD, needs="pandas"),
    *_twin("frame grown by columns", "pd.DataFrame({'a': [1., 2.], 'b': [3., 4.]})", "x = pd.DataFrame({'a': [1., 2.]})\nx['c'] = [3., 4.]", "x = pd.DataFrame({'a': [1., 2.]})\nx['b'] = [3., 4.]", pre=_PD, needs="pandas"),
    *_twin("index", "pd.Series([1, 2], index=[0, 1])", "pd.Series([1, 2], index=[0, 2])", "pd.Series([1, 2], index=pd.Index([0, 1]))", pre=_PD, needs="pandas"),
    *_twin("name of a series", "pd.Series([1, 2], name='a')", "pd.Series([1, 2], name='b')", "pd.Series([1, 2]).rename('a')", pre=_PD, needs="pandas"),
    *_twin("name of an index", "pd.Index([1, 2], name='a')", "pd.Index([1, 2])", "pd.Index([1, 2]).rename('a')", pre=_PD, needs="pandas"),
    *_twin("categories", "pd.Categorical(['a', 'b'], ['a', 'b'])", "pd.Categorical(['a', 'b'], ['b', 'a'])", "pd.Categorical.from_codes([0, 1], ['a', 'b'])", pre=_PD, needs="pandas"),
    *_twin("ordered categories", "pd.Categorical(['a'], ['a', 'b'], ordered=True)", "pd.Categorical(['a'], ['a', 'b'])", "pd.Categorical(['a'], ['a', 'b']).as_ordered()", pre=_PD, needs="pandas"),
    *_twin("time zone", "pd.Series(pd.to_datetime(['2020-01-01']).tz_localize('UTC'))", "pd.Series(pd.to_datetime(['2020-01-01']))", "pd.Series(pd.to_datetime(['2020-01-01'], utc=True))", pre=_PD, needs="pandas"),
    *_twin("attrs", "x = pd.DataFrame({'a': [1]})\nx.attrs['u'] = 'm'", "pd.DataFrame({'a': [1]})", "y = pd.DataFrame({'a': [1]})\ny.attrs = {'u': 'm'}\nx = y\ndel y", pre=_PD, needs="pandas", source="z = x.shape"),
    *_twin("missing value", "pd.Series(['a', None], dtype=object)", "pd.Series(['a', float('nan')], dtype=object)", "pd.Series(['a', 'b'], dtype=object)\nx[1] = None", pre=_PD, needs="pandas"),
    *_twin("nullable integers", "pd.Series([1, None], dtype='Int64')", "pd.Series([1, None], dtype='Int32')", "pd.Series(pd.array([1, pd.NA], dtype='Int64'))", pre=_PD, needs="pandas"),
    *_twin("texts of a frame", "pd.DataFrame({'a': ['p', 'q']})", "pd.DataFrame({'a': ['p', 'Q']})", "pd.DataFrame({'a': [c for c in 'pq']})", pre=_PD, needs="pandas"),
    *_twin("sorted frame", "pd.DataFrame({'a': [2, 1]})", "pd.DataFrame({'a': [2, 1]}).sort_values('a')", "pd.DataFrame({'a': [1, 2]}).iloc[::-1].reset_index(drop=True)", pre=_PD, needs="pandas"),
    *_twin("level names", "pd.MultiIndex.from_tuples([(1, 'a')], names=['i', 'j'])", "pd.MultiIndex.from_tuples([(1, 'a')], names=['i', 'k'])", "pd.MultiIndex.from_product([[1], ['a']], names=['i', 'j'])", pre=_PD, needs="pandas"),
    # others
    *_twin("polars dtype", "pl.DataFrame({'a': [1, 2]})", "pl.DataFrame({'a': [1, 2]}, schema={'a': pl.Int32})", "pl.DataFrame({'a': [0, 1, 2]}).filter(pl.col('a') > 0)", pre="import polars as pl\n", needs="polars", source="y = x.height"),
    *_twin("arrow type", "pa.array([1, 2])", "pa.array([1, 2], pa.int32())", "pa.array([0, 1, 2])[1:]", pre="import pyarrow as pa\n", needs="pyarrow", source="y = len(x)"),
    *_twin("arrow table", "pa.table({'a': [1, 2]})", "pa.table({'b': [1, 2]})", "pa.concat_tables([pa.table({'a': [1]}), pa.table({'a': [2]})])", pre="import pyarrow as pa\n", needs="pyarrow", source="y = x.num_rows"),
    *_twin("sparse layout", "sp.csr_array([[0, 1]])", "sp.csc_array([[0, 1]])", "sp.csr_array(np.array([[0, 1]]))", pre="import scipy.sparse as sp, numpy as np\n", needs="scipy", source="y = int(x.sum())"),
    *_twin("sparse content", "sp.csr_array([[0, 1]])", "sp.csr_array([[0, 2]])", "z = sp.csr_array([[0, 1]])\nz @ z.T\nx = z", pre="import scipy.sparse as sp\n", needs="scipy", source="y = int(x.nnz)"),
    *_twin("parameter of an estimator", "LogisticRegression(C=1.0)", "LogisticRegression(C=1)", "LogisticRegression(C=2.0).set_params(C=1.0)", pre="from sklearn.linear_model import LogisticRegression\n", needs="sklearn", source="y = x.C"),
    *_twin("fitted estimator", "LinearRegression().fit([[0], [1]], [0, 1])", "LinearRegression().fit([[0], [1]], [0, 2])", "LinearRegression().fit([[5], [1]], [0, 3])\nx.fit([[0], [1]], [0, 1])", pre="from sklearn.linear_model import LinearRegression\n", needs="sklearn", source="y = float(x.predict([[2]])[0])"),
    *_twin("forest", "R(n_estimators=2, random_state=0).fit([[0], [1], [2]], [0, 1, 0])", "R(n_estimators=2, random_state=1).fit([[0], [1], [2]], [0, 1, 0])", "R(n_estimators=2, random_state=0).fit([[0], [1], [2]], [0, 1, 0])", pre="from sklearn.ensemble import RandomForestClassifier as R\n", needs="sklearn", source="y = x.predict([[0]])"),
    *_twin("requires_grad", "torch.ones(2)", "torch.ones(2, requires_grad=True)", "torch.ones(2, requires_grad=True).detach()", pre=_TORCH, needs="torch", source="y = float(x.sum())"),
    *_twin("dtype of a tensor", "torch.ones(2)", "torch.ones(2, dtype=torch.float64)", "torch.ones(2, dtype=torch.float64).float()", pre=_TORCH, needs="torch", source="y = float(x.sum())"),
    *_twin("train or eval", "torch.nn.Dropout()", "torch.nn.Dropout().eval()", "torch.nn.Dropout().eval().train()", pre=_TORCH, needs="torch", source="y = x.training"),
    *_twin("tied weights", "l = torch.nn.Linear(2, 2)\nx = torch.nn.ModuleList([l, l])", "import copy\nl = torch.nn.Linear(2, 2)\nx = torch.nn.ModuleList([l, copy.deepcopy(l)])",
           "q = torch.nn.Linear(2, 2)\nx = torch.nn.ModuleList([q])\nx.append(q)", pre=_TORCH + "torch.manual_seed(0)\n", needs="torch", source="y = len(list(x.parameters()))"),
    *_twin("learning rate of an optimizer", "torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)", "torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)",
           "o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)\no.param_groups[0]['lr'] = 0.3\no.param_groups[0]['lr'] = 0.1\nx = o", pre=_TORCH, needs="torch", source="y = x.param_groups[0]['lr']"),
    *_twin("gradient", "p = torch.ones(1, requires_grad=True)\nx = p", "p = torch.ones(1, requires_grad=True)\n(p * 2).sum().backward()\nx = p", "p = torch.ones(1, requires_grad=True)\n(p * 2).sum().backward()\np.grad = None\nx = p",
           pre=_TORCH, needs="torch", source="y = x.grad is None"),
    *_twin("hook of a module", "m = torch.nn.Linear(1, 1)\nx = m", "m = torch.nn.Linear(1, 1)\nm.register_forward_hook(lambda m, i, o: o * 0)\nx = m", "m = torch.nn.Linear(1, 1)\nh = m.register_forward_hook(lambda m, i, o: o * 0)\nh.remove()\nx = m",
           pre=_TORCH + "torch.manual_seed(0)\n", needs="torch", source="y = float(x(torch.ones(1)))"),
    # the process
    case("other hash seed", _C, HIT, cell("x = {'a', 'b', 'c', 'd'}\nd = {k: 1 for k in 'ab'}"), stage("y = sorted(x), d", RAN), restart(PYTHONHASHSEED="7"), cell("x = {'a', 'b', 'c', 'd'}\nd = {k: 1 for k in 'ab'}"),
         stage("y = sorted(x), d", RESTORED), kernel=True),
    case("other hash seed, set of tuples and instances", _C, HIT,
         cell("from dataclasses import dataclass\n@dataclass(frozen=True)\nclass P:\n    a: str\nx = {('a', 1), ('b', 2), P('q'), P('r'), frozenset({'k', 'l'})}"), stage("y = len(x)", RAN), restart(PYTHONHASHSEED="11"),
         cell("from dataclasses import dataclass\n@dataclass(frozen=True)\nclass P:\n    a: str\nx = {('a', 1), ('b', 2), P('q'), P('r'), frozenset({'k', 'l'})}"), stage("y = len(x)", RESTORED), kernel=True),
    case("other hash seed, order read from a set", _C, MISS, cell("x = list({'a', 'b', 'c', 'd', 'e', 'f'})"), stage("y = list(x)", RAN), restart(PYTHONHASHSEED="7"), cell("x = list({'a', 'b', 'c', 'd', 'e', 'f'})[::-1] + ['z']"),
         stage("y = list(x)", RAN), kernel=True),
    case("other process", _C, HIT, cell("import os\np = os.getpid()\nx = object\nclass A: pass\na = A()"), stage("y = type(a).__name__", RAN), restart(), cell("import os\np = os.getpid()\nx = object\nclass A: pass\na = A()"),
         stage("y = type(a).__name__", RESTORED), kernel=True),
    case("process id read", _C, MISS, cell("import os\np = os.getpid()"), stage("y = p > 0", RAN), restart(), cell("import os\np = os.getpid()"), stage("y = p > 0", RAN), kernel=True),
    case("unrelated variable", _C, HIT, cell("x = 1\nother = 2"), stage("y = x", RAN), restart(), cell("x = 1\nother = 3\nmore = [other]"), stage("y = x", RESTORED)),
    case("loaded from the same file by another way", _C, HIT, write("d.json", '{"a": 1}'), cell("import json\nx = json.load(open('d.json'))"), stage("y = x", RAN), restart(), cell("x = {'a': 1}"), stage("y = x", RESTORED), final("y is x", True)),
]  # fmt: skip

_MODEL = """import pydantic
class C(pydantic.BaseModel):
    x: int = 1
    @pydantic.field_validator('x')
    @classmethod
    def v(cls, x): return x + 1
    @pydantic.computed_field
    @property
    def z(self) -> int: return self.x
    @pydantic.field_serializer('x')
    def s(self, x): return x
"""

CASES += twins(
    "validators of pydantic", _C, setup=_MODEL, source="y = C(x=3).x",
    miss=_MODEL.replace("x + 1", "x + 2"), hit=_MODEL + "# more\n", value=("y", 5, 4), needs="pydantic", kernel=True,
)  # fmt: skip
