"""Code and values that a stage reaches without naming them: through pickles, subclasses, frames and lazy sources."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import (
    MISS,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    Case,
    case,
    cell,
    final,
    restart,
    stage,
    twins,
    write,
)

_C = "reached"

_CLASS = "class C:\n    def f(self): return {}"


def _pickled(name: str, modules: str, save: str, load: str, needs: str = "") -> list[Case]:
    """An object written by the cell above; its class is edited, or only commented."""
    setup = f"import {modules}\n{_CLASS}\n{save}"
    return twins(
        f"class found in a pickle: {name}", _C, setup=setup.format(1), source=f"y = {load}.f()",
        miss=setup.format(2), hit=setup.format("1  # one"), value=("y", 2, 1), needs=needs,
    )  # fmt: skip


def _caller(look: str) -> list[Case]:
    """A module that reads a variable of the notebook."""
    module = f"import inspect, sys\ndef g(name):\n    return {look}[name]\n"
    setup = f"with open('looks.py', 'w') as out: out.write({module!r})\ndel out\nimport looks\nv = "
    return twins(
        f"a module reads the notebook: {look}", _C, setup=setup + "1", source="y = looks.g('v')",
        miss=setup + "2", hit=setup + "1  # one", value=("y", 2, 1),
    )  # fmt: skip


def _lazy(name: str, setup: str, source: str, needs: str = "") -> Case:
    """A source whose data lie outside: never fingerprinted by its name."""
    return case(
        name, _C, OTHER, write("d.csv", "a,b\n1,2\n"), cell(setup), stage(source, UNSTORED, why="cannot be fingerprinted"),
        write("d.csv", "a,b\n1,3\n"), restart(), cell(setup), stage(source, UNSTORED, output="3"), needs=needs,
    )  # fmt: skip


def _former(name: str, classes: str) -> list[Case]:
    """A class that code reaches although its name is another's by now; its method reads a variable."""
    return twins(
        name, _C, setup=f"m = 1\n{classes}", source="y = a.get()",
        miss=f"m = 2\n{classes}", hit=f"m = 2 - 1\n{classes}", value=("y", 2, 1),
    )  # fmt: skip


CASES = [
    *_pickled("pickle.loads", "pickle", "data = pickle.dumps(C())", "pickle.loads(data)"),
    *_pickled("pickle.load", "pickle", "with open('o', 'wb') as out: pickle.dump(C(), out)\ndel out", "pickle.load(open('o', 'rb'))"),
    *_pickled("joblib.load", "joblib", "joblib.dump(C(), 'o');", "joblib.load('o')", needs="joblib"),
    *_pickled("torch.load", "torch", "torch.save(C(), 'o')", "torch.load('o', weights_only=False)", needs="torch"),
    *_pickled("numpy.load", "numpy", "numpy.save('o.npy', numpy.array([C()], object))", "numpy.load('o.npy', allow_pickle=True)[0]", needs="numpy"),
    *_pickled("pandas.read_pickle", "pandas", "pandas.Series([C()]).to_pickle('o')", "pandas.read_pickle('o')[0]", needs="pandas"),
    *twins("helper of a class found in a pickle", _C, setup="import pickle\ndef g(): return 1\nclass C:\n    def f(self): return g()\ndata = pickle.dumps(C())", source="y = pickle.loads(data).f()",
           miss="import pickle\ndef g(): return 2\nclass C:\n    def f(self): return g()\ndata = pickle.dumps(C())", hit="import pickle\ndef g():\n    return 1\nclass C:\n    def f(self): return g()\nother = 1\ndata = pickle.dumps(C())", value=("y", 2, 1)),
    *twins("subclasses", _C, setup="class B: pass\nclass P(B):\n    def f(self): return 1", source="y = [each().f() for each in B.__subclasses__()]",
           miss="class B: pass\nclass P(B):\n    def f(self): return 2", hit="class B: pass\nclass P(B):\n    # one\n    def f(self): return 1", value=("y", [2], [1])),
    *twins("subclasses, asked for by a method", _C, setup="class B:\n    @classmethod\n    def count(cls): return len(cls.__subclasses__())\nclass P(B): pass", source="y = B.count()",
           miss="class B:\n    @classmethod\n    def count(cls): return len(cls.__subclasses__())\nclass P(B): pass\nclass Q(B): pass", hit="class B:\n    @classmethod\n    def count(cls):\n        return len(cls.__subclasses__())\nclass P(B): pass", value=("y", 2, 1)),
    *twins("get_ipython in a helper", _C, setup="v = 1\ndef g(): return get_ipython().user_ns['v']", source="y = g()", miss="v = 2\ndef g(): return get_ipython().user_ns['v']", hit="v = 2 - 1\ndef g(): return get_ipython().user_ns['v']", value=("y", 2, 1)),
    *_caller("sys._getframe(1).f_globals"),
    *_caller("inspect.stack(0)[1].frame.f_globals"),
    *_caller("vars(sys.modules['__main__'])"),
    _lazy("polars LazyFrame", "import polars as pl\nlazy = pl.scan_csv('d.csv')", "lazy.collect()['b'][0]", needs="polars"),
    _lazy("pyarrow dataset", "import pyarrow.dataset as ds\nlazy = ds.dataset('d.csv', format='csv')", "lazy.to_table()['b'][0].as_py()", needs="pyarrow"),
    _lazy("iterator over a file's lines", "lazy = iter(open('d.csv').read().split())", "list(lazy)[-1]"),
    case("polars LazyFrame as an output", _C, OTHER, cell("import polars as pl"), write("d.csv", "a\n1\n"), stage("lazy = pl.scan_csv('d.csv')", UNSTORED, why="cannot be fingerprinted"), needs="polars"),
    *[case(f"an iterator goes on: {make}", _C, OTHER, cell(f"it = {make}"), stage("y = next(it)", UNSTORED, why="iterator"), stage("z = next(it)", UNSTORED, why="iterator", name="t")) for make in ("iter([1, 2])", "iter({1: 2, 3: 4})", "iter((1, 2))", "iter('ab')", "reversed([1, 2])", "iter([1, 2].pop, 0)")],
    case("an object that cannot take over content was changed", _C, OTHER, cell("import xml.etree.ElementTree as ET\nr = ET.fromstring('<a k=\"1\"/>')"), stage("r.text = '2'", RAN), restart(),
         cell("import xml.etree.ElementTree as ET\nr = ET.fromstring('<a k=\"1\"/>')"), stage("r.text = '2'", RAN, why="cannot be replaced in place"), final("r.text", "2")),
    case("what an object that cannot take over content refers to was changed", _C, OTHER, cell("import xml.etree.ElementTree as ET\nr = ET.fromstring('<a k=\"1\"/>')"), stage("r.set('k', '2')", RAN), restart(),
         cell("import xml.etree.ElementTree as ET\nr = ET.fromstring('<a k=\"1\"/>')"), stage("r.set('k', '2')", RESTORED), final("r.get('k')", "2")),
    case("what an object that cannot take over content refers to is another", _C, OTHER, cell("import xml.etree.ElementTree as ET\nr = ET.fromstring('<a><b/></a>')"), stage("b = ET.fromstring('<b/>')\nr[0] = b", RAN), restart(),
         cell("import xml.etree.ElementTree as ET\nr = ET.fromstring('<a><b/></a>')"), stage("b = ET.fromstring('<b/>')\nr[0] = b", RAN), final("r[0] is b", True)),
    case("torch.from_file is seen", _C, MISS, cell("import torch\nname = 'm'"), write("m.bin", b"\0\0\0\0"), stage("y = torch.from_file(name + '.bin', size=4, dtype=torch.uint8).sum().item()", RAN), write("m.bin", b"\0\0\1\0"), restart(), cell("import torch\nname = 'm'"),
         stage("y = torch.from_file(name + '.bin', size=4, dtype=torch.uint8).sum().item()", RAN), needs="torch"),
    case("pyarrow.input_stream is seen", _C, MISS, cell("import pyarrow as pa\nname = 'm'"), write("m.bin", b"a"), stage("with pa.input_stream(name + '.bin') as f: y = f.read()\ndel f", RAN), write("m.bin", b"b"), restart(), cell("import pyarrow as pa\nname = 'm'"),
         stage("with pa.input_stream(name + '.bin') as f: y = f.read()\ndel f", RAN), needs="pyarrow"),
    *_former("class that extends the former one of its name", "class A:\n    def get(self): return m\na = A()\nclass A(A): pass"),
    *_former("inherited by the one of its name", "class A:\n    def get(self): return m\nclass A(A): pass\na = A()"),
    *_former("nested in the former one of its name", "class A:\n    class B:\n        def get(self): return m\na = A.B()\nclass A(A): pass"),
]  # fmt: skip
