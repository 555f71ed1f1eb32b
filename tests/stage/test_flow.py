"""Which names a cell reads before it has surely written them: by table, and against what random cells really read."""

from __future__ import annotations

import ast
import sys
import warnings
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbexp.stage.analysis import Analysis, analyse
from tests.stage.programs import CLASSES, FUNCTIONS, NAMES, OutOfFuel, program, run


def analysis(source: str) -> Analysis:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return analyse(ast.parse(source), source)


def names(chains: frozenset[tuple[str, ...]]) -> set[str]:
    return {".".join(chain) for chain in chains}


#: What a cell reads at once, without what only functions that it never mentions read, and without builtins.
READ = {
    # straight lines
    "x = 41; x + 1": "",
    "x = x + 1": "x",
    "x += 1": "x",
    "x.y += z": "x.y x z",
    "a[i] = b": "a i b",
    "a.b.c = 1": "a.b",
    "np.random.rand(3)": "np.random.rand",
    "f(a).b.c": "f a",
    "df = clean(df)": "clean df",
    "del x": "x",
    "x = 1; del x; x": "",
    "x: int": "int",
    "x: T = 1; x": "T",
    "a, *b = c; a + b": "c",
    "[a, (b, c)] = d; a, b, c": "d",
    "import a.b as c, d.e; c, d": "",
    "from a import b as c; c": "",
    "f'{x!r:>{y}} {z=}'": "x y z",
    "'docstring with @name'": "",
    "print(x := 3, x)": "print",
    # branches
    "if c:\n    x = 1\nx": "c x",
    "if c:\n    x = 1\nelse:\n    x = 2\nx": "c",
    "if c:\n    x = 1\nelse:\n    raise ValueError\nx": "c ValueError",
    "if c:\n    x = 1\nelif d:\n    x = 2\nx": "c d x",
    "if True:\n    x = 1\nx": "",
    "if 0:\n    y\nelse:\n    x = 1\nx": "",
    "a and (b := c); b": "a c b",
    "(b := c) and a; b": "a c",
    "(b := c) if a else (b := d); b": "a c d",
    "(b := c) if a else d; b": "a c d b",
    "a < (b := c) < (d := e); b; d": "a c e d",
    "assert (x := y); x": "y x",
    # loops
    "for x in xs:\n    y = x\ny": "xs y",
    "for x in xs:\n    y\n    y = 1": "xs y",
    "for x in range(3):\n    y = x\ny": "range",
    "for x in range(0):\n    y = x\ny": "range y",
    "for x in range(n):\n    y = x\ny": "range n y",
    "n = 3\nfor x in range(n):\n    y = x\ny": "range",
    "n = 3\nn = m\nfor x in range(n):\n    y = x\ny": "range m y",
    "def f():\n    global n\n    n = 0\nn = 3\nf()\nfor x in range(n):\n    y = x\ny": "range y",
    "for x in range(3, -1, -2):\n    y = x\ny": "range",
    "for x in [a, b]:\n    y = x\ny": "a b",
    "for x in [*a]:\n    y = x\ny": "a y",
    "for i, x in enumerate([1], start=2):\n    y = x\ny": "enumerate",
    "for x in tqdm(range(3), desc='d'):\n    y = x\ny": "tqdm range",
    "for x in zip([1], a):\n    y = x\ny": "zip a y",
    "def range(n): return []\nfor x in range(3):\n    y = x\ny": "y",
    "for x in [1]:\n    if c: break\n    y = x\ny": "c y",
    "for x in [1]:\n    if c: continue\n    y = x\ny": "c y",
    "for x in xs:\n    if c:\n        y = 1\n        break\nelse:\n    y = 2\ny": "xs c",
    "while c:\n    y = 1\ny": "c y",
    "while True:\n    y = 1\n    if c: break\ny": "c",
    "while True:\n    if c: break\n    y = 1\ny": "c y",
    "while (x := f()):\n    pass\nx": "f",
    "async for x in xs:\n    y = x\ny": "xs y",
    # exceptions
    "try:\n    x = f()\nexcept E:\n    x = 1\nx": "f E",
    "try:\n    x = f()\nexcept E:\n    pass\nx": "f E x",
    "try:\n    x = f()\nexcept E as e:\n    raise\nx": "f E",
    "try:\n    import a\nexcept ImportError:\n    a = None\na": "ImportError",
    "try:\n    x = f()\nfinally:\n    y = 1\nx, y": "f",
    "try:\n    x = f()\nfinally:\n    g(x)": "f g x",
    "try:\n    f()\nexcept E:\n    pass\nelse:\n    x = 1\nx": "f E x",
    "try:\n    f()\nexcept E as e:\n    print(e)": "f E print",
    "while True:\n    try:\n        x = f()\n        break\n    finally:\n        pass\nx": "f",
    "while True:\n    try:\n        x = f()\n    finally:\n        break\nx": "f x",
    "try:\n    x = 1\nexcept* E:\n    pass\nx": "E x",
    # context managers
    "with open(p) as f:\n    x = f.read()\nx": "open p",
    "with Path(p).open() as f:\n    x = f.read()\nx": "Path p",
    "with torch.no_grad(), np.errstate(all='ignore'):\n    x = f()\nx": "torch.no_grad np.errstate f",
    "with suppress(E):\n    x = f()\nx": "suppress E f x",
    "with timer() as t:\n    x = f()\nx, t": "timer f x",
    "with open(p) as f, timer():\n    x = 1\nx, f": "open p timer x",
    "open = mine\nwith open(p) as f:\n    x = 1\nx": "mine p x",
    "from gzip import open\nwith open(p) as f:\n    x = 1\nx": "p",
    "async with open(p) as f:\n    x = 1\nx": "open p",
    # match
    "match a:\n    case [b, *c]:\n        x = b, c\n    case _:\n        x = 1\nx": "a",
    "match a:\n    case {'k': v, **r}:\n        x = v, r\n    case _ as w:\n        x = w\nx": "a",
    "match a:\n    case K(y=b) | b:\n        x = b\nx": "a K x",
    "match a:\n    case m.X:\n        x = 1\n    case y if f(y):\n        x = 2\nx": "a m.X f x",
    # comprehensions
    "[x for x in xs if x > y]": "xs y",
    "[x for x in x]": "x",
    "[y for x in xs if (y := f(x))]": "xs f",
    "[f(x) for x in xs]; x": "xs f x",
    "{k: v for k, v in d.items() for w in v}": "d.items",
    "(x + y for x in a for y in x)": "a",
    # functions and classes that the cell uses
    "def f(): return g(y)\ndef g(z): return h\nf()": "y h",
    "def f(): return y\ny = 1\nf()": "",
    "def f(): return y\nf()\ny = 1": "y",
    "def f(): return y\ng = [f]\ny = 1": "y",
    "def f(x=y): return x": "y",
    "def f(x):\n    z = 1\n    return lambda w: x + z + w + v\nf(1)": "v",
    "def f():\n    global y\n    y = 1\n    return y\nf()": "",
    "def f():\n    global y\n    y += 1\nf()": "y",
    "def f(n): return 1 if n == 0 else f(n - 1)\nf(3)": "",
    "def f(): return [y for y in z]\nf()": "z",
    "def f():\n    def inner():\n        nonlocal x\n        x = 2\n    x = 1\n    inner()\n    return x\nf()": "",
    "f = lambda: g()\ndef g(): return y\nf()": "y",
    "apply(lambda r: r * k)": "apply k",
    "@deco\ndef f(): return y": "deco y",
    "@deco\ndef f(): return f": "deco f",
    "@cache\ndef f(): return g()\ndef g(): return 1\nf()": "cache",
    "class A:\n    x = y\n    z = x\n    def m(self): return z": "y",
    "class A:\n    def m(self): return y\nA().m()": "y",
    "class A:\n    x = x": "x",
    "class A:\n    def m(): return y\n    z = m()": "y",
    "class A:\n    y = 1\n    z = [y for _ in [1]]": "y",
    "class A(Base):\n    def m(self): return y": "Base y",
    "class A(nn.Module):\n    def m(self): return y": "nn.Module",
    "class A(metaclass=M):\n    def m(self): return y": "M y",
    "class A:\n    def m(self): return __x + self.__y\n__x = 1\nA().m()": "_A__x",
    "@dataclass\nclass A:\n    x: int = f()": "dataclass int f",
    "def f(a: A) -> 'B': pass": "A B",
    # names asked for by text
    "globals()['x']": "x",
    "def f():\n    x = 1\n    return globals()['x']\nf()": "x",
    "def f(x): return eval('x')\nf(1)": "x eval",
    "del globals()['x']": "x",
    "globals()['x'] = 1; x": "",
    "globals().get('x', y)": "x y",
    "if 'm' not in globals():\n    m = 1\nm": "m",
    "eval('x + y')": "x y eval",
    "getattr(np, 'pi')": "np.pi getattr",
    "df.query('a > @thr and b < @cfg.low')": "df.query thr cfg.low",
    "q = 'a > @thr'\nthr = 1\ndf.query(q)": "thr df.query",
    "thr = 1\ndf.query('a > @thr')": "df.query",
    "pd.eval('x + y')": "pd.eval x y",
    "duckdb.sql('SELECT * FROM tab')": "duckdb.sql SELECT FROM tab",
    "run('select a from tab')": "run select a tab",
    "send('alice@example.com')": "send",
}


@pytest.mark.parametrize("source", READ)
def test_reads(source: str) -> None:
    found = analysis(source)
    assert names(found.live_in - found.late - found.kept) == set(READ[source].split())
    assert not found.dynamic


#: The same, in what Python 3.12 and 3.13 added.
GENERIC = {
    "type X[T: B] = list[T] | Y; X": "B list Y",
    "def f[T: B](x: T) -> T: return T, z\nf(1)": "B z",
    "class A[T](Base[T]):\n    x: T\n    def m(self): return T, q": "Base q",
    "def f[*Ts, **P](): return Ts, P\nf()": "",
}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with Python 3.12")
@pytest.mark.parametrize("source", GENERIC)
def test_reads_of_generic_code(source: str) -> None:
    found = analysis(source)
    assert names(found.live_in - found.late - found.kept) == set(GENERIC[source].split())


#: Functions that the cell never mentions: only code from above could call them, by their names.
LATE = {
    "def f(): return y": "y",
    "def f(): return g()\ndef g(): return h()\ndef h(): return 1": "",
    "def f(): return y\ny = 1": "",
    "def f(): return y\nlog()\ny = 1": "y",
    "def f(): return y\n@a\ndef y(): pass": "y",
    "def f(): return y\ndef g(x: list[int]): pass\ny = 1": "y",
    "class A:\n    def m(self): return y": "y",
    "if c:\n    def f(): return y\n    def y(): return 1\nlog()": "",
}


@pytest.mark.parametrize("source", LATE)
def test_late_reads(source: str) -> None:
    assert names(analysis(source).late) == set(LATE[source].split())
    assert analysis(source).late <= analysis(source).live_in


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("for x in xs:\n    y = x", "x y"),
        ("if c:\n    x = 1", "x"),
        ("x = 1\nif c:\n    x = 2", ""),
        ("try:\n    f()\nexcept E as e:\n    pass", ""),
        ("def f():\n    global x\n    x = 1\nf()", "x"),
        ("with suppress(E):\n    x = 1", "x"),
        ("with open(p) as f:\n    x = 1", ""),
    ],
)
def test_kept_names(source: str, kept: str) -> None:
    found = analysis(source)
    assert names(found.kept) == set(kept.split())
    assert found.kept <= found.live_in


@pytest.mark.parametrize(
    ("source", "root", "written"),
    [
        ("lr = 0.1\ntrain()", "train", {"lr"}),
        ("train()\nlr = 0.1", "train", set()),
        ("if c:\n    lr = 0.1\ntrain()", "train", set()),
        ("train()\nlr = 0.1\ntrain()", "train", set()),
        ("def f(): train()\nlr = 0.1\nf()", "train", {"f", "lr"}),
        ("def f(): train()\nlr = g()\nf()", "train", {"f"}),
    ],
)
def test_what_is_written_before_a_name_is_used(source: str, root: str, written: set[str]) -> None:
    assert analysis(source).written_before.get(root, frozenset()) == written


@pytest.mark.parametrize(
    ("source", "assumed", "otherwise"),
    [
        ("with open(p) as f:\n    x = 1\nx", "open", "x"),
        ("for i in range(2):\n    x = 1\nx", "range", "x i"),
        ("class A(nn.Module):\n    def m(self): return g()\ndef g(): pass\nA()", "nn.Module", "g"),
        ("x = 1", "", ""),
    ],
)
def test_assumptions_are_handed_back(source: str, assumed: str, otherwise: str) -> None:
    found = analysis(source)
    assert (names(found.assumed), names(found.otherwise)) == (set(assumed.split()), set(otherwise.split()))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("exec(code)", "exec"),
        ("eval(code)", "eval"),
        ("eval('(x := 1)')", "eval"),
        ("f(**globals())", "globals"),
        ("globals()[name]", "globals"),
        ("vars()", "vars"),
        ("[locals() for _ in x]", "locals"),
        ("run = exec", "exec"),
        ("def f(): exec(code)", "exec"),
        ("import sys\nsys.modules[name]", "sys.modules"),
        ("sys._getframe(1)", "sys._getframe"),
        ("import __main__", "__main__"),
        ("from __main__ import x", "__main__.x"),
        ("importlib.import_module('__main__')", "__main__"),
        ("get_ipython().user_ns['x']", "get_ipython()"),
        ("from . import x", "relative import"),
        ("df.query('a > @' + name)", "a name made for @"),
        ("import duckdb\nduckdb.sql(make())", "a text made for sql()"),
    ],
)
def test_every_variable_counts(source: str, why: str) -> None:
    assert why in analysis(source).dynamic


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "vars(args)",
        "dir(x)",
        "def f():\n    return locals()",
        "'torch' in sys.modules",
        "sys.modules['torch']",
        "def exec(code): pass\nexec('x')",
        "globals()['x']",
    ],
)
def test_not_every_variable_counts(source: str) -> None:
    assert analysis(source).dynamic == ()


@pytest.mark.parametrize(
    ("source", "texts", "libraries"),
    [
        ("df.query(q)", "q", set()),
        ("df.query(cfg.where)", "cfg.where df.query", {"duckdb", "pandas"}),
        ("df.query(expr=q)", "q", set()),
        ("df.query(open(f).read())", "df.query f open", {"duckdb", "pandas"}),
        ("df.eval(make())", "df.eval make", {"pandas"}),
        ("df.query(f'a > {df.a.mean()}')", "", set()),
        ("tree.query(points[:3], k=2)", "", set()),
        ("class A:\n    def f(self, x): return self.query(x)", "", {"duckdb"}),
        ("q = f'a > {x}'\ndf.query(q)", "x", set()),
        ("df.query(f'a > {x:.2f}')", "", set()),
        ("df.query('a > {}'.format(x))", "x", set()),
        ("df.query(make())", "df.query make", {"duckdb", "pandas"}),
        ("def f(d, q): return d.query(q)\nf(df, 'a')", "df", {"duckdb", "pandas"}),
        ("q = 'a'\nif c:\n    q = f()\nduckdb.sql(q)", "duckdb.sql c f", {"duckdb", "polars"}),
        ("model.eval()", "", set()),
        ("trainer.evaluate(make())", "trainer.evaluate make", {"numexpr"}),
    ],
)
def test_texts_that_name_variables(source: str, texts: str, libraries: set[str]) -> None:
    found = analysis(source)
    assert names(found.texts) == set(texts.split())
    assert {library for library, _ in found.dynamic_with} == libraries


def test_code_nested_too_deeply_counts_every_variable() -> None:
    source = "y = " + "+".join(["x"] * 1_500)
    found = analysis(source)
    assert found.dynamic
    assert ("x",) in found.live_in
    assert found.stores == {"y"}


OWN = {*NAMES, *FUNCTIONS, *CLASSES}


def check_against_what_runs(seed: int, runs: int) -> None:
    """A random cell never reads a value from above that the analysis does not name, whatever way it takes."""
    source = program(Random(seed))
    found = analysis(source)
    assert not found.dynamic
    for number in range(runs):
        check_run(source, number, found)


def check_run(source: str, number: int, found: Analysis) -> None:
    by_name = number % 3 == 2
    space, finished = run(source, number, by_name=by_name, overwritten=found.written_before)
    counted = found.live_in - found.kept if by_name else found.live_in - found.kept - found.late
    assert space.read <= {chain[0] for chain in counted}, source
    changed = {name for name in OWN if not space.is_from_above(name)}
    assert changed <= found.stores | found.deletes, source
    if finished:
        sure = found.stores - found.deletes - {chain[0] for chain in found.live_in}
        assert not {name for name in sure & OWN if space.is_from_above(name)}, source


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_random_cells(seed: int) -> None:
    check_against_what_runs(seed, runs=9)


@pytest.mark.soak
@pytest.mark.parametrize("start", range(0, 10_000, 1_000))
def test_many_random_cells(start: int) -> None:
    for seed in range(start, start + 1_000):
        check_against_what_runs(seed, runs=12)


def test_the_oracle_sees_what_is_read() -> None:
    space, finished = run("a = 1\nb; a", 0, by_name=False, overwritten={})
    assert finished
    assert space.read == {"b"}


def test_endless_cells_end() -> None:
    space, finished = run("while True:\n    a()", 0, by_name=False, overwritten={})
    assert not finished
    assert issubclass(OutOfFuel, BaseException)
    assert space.read == {"a"}
