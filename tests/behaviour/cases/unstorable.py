"""What cannot be kept or cannot be told: the cell runs, nothing is stored, and the reason names what and why."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import (
    HIT,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    Case,
    case,
    cell,
    final,
    replayed,
    restart,
    stage,
    write,
)

_C = "unstorable"


def _never(name: str, source: str, why: str, *, setup: str = "", needs: str = "", known: str = "") -> Case:
    """The stage runs each time, and says which variable is at fault."""
    above = (cell(setup),) if setup else ()
    return case(
        name,
        _C,
        OTHER,
        *above,
        stage(source, UNSTORED, why=why),
        restart(),
        *above,
        stage(source, UNSTORED, why=why),
        needs=needs,
        known=known,
    )


CASES = [
    _never("generator", "g = (i for i in range(3))", "g"),
    _never("generator says what to do", "g = (i for i in range(3))", "list"),
    _never("generator function's generator", "def f():\n    yield 1\ng = f()", "g"),
    _never("lock in an instance", "import threading\nclass A: pass\na = A()\na.inner = A()\na.inner._lock = threading.Lock()", "a.inner._lock"),
    _never("lock in a list", "import threading\nx = [1, {'l': threading.Lock()}]", "x[1]['l']"),
    _never("open file", "f = open('data.txt')", "f", setup="open('data.txt', 'w').close()"),
    _never("socket", "import socket\ns = socket.socket()", "s", setup="import warnings; warnings.simplefilter('ignore')"),
    _never("coroutine", "async def f(): pass\nc = f()", "c", setup="import warnings; warnings.simplefilter('ignore')"),
    _never("database", "import sqlite3\ndb = sqlite3.connect(':memory:')", "db", setup="import warnings; warnings.simplefilter('ignore')"),
    _never("frame", "import sys\nfr = sys._getframe()", "fr"),
    _never("thread", "import threading\nt = threading.Thread(target=print)", "t"),
    _never("executor", "from concurrent.futures import ThreadPoolExecutor\np = ThreadPoolExecutor(1)", "p"),
    _never("iterator over a file", "import csv\nr = csv.reader(open('d.csv'))", "r", setup="open('d.csv', 'w').close()\nimport warnings; warnings.simplefilter('ignore')"),
    replayed("what a training loop leaves behind", _C, "import torch, torch.nn.functional as F\ntorch.manual_seed(0)\nx, t = torch.randn(8, 3), torch.tensor([0, 1] * 4)",
             "net = torch.nn.Linear(3, 2)\nopt = torch.optim.SGD(net.parameters(), lr=0.1)\nfor epoch in range(2):\n    out = net(x)\n    loss = F.cross_entropy(out, t)\n    opt.zero_grad()\n    loss.backward()\n    opt.step()\nloss",
             final("loss.requires_grad, loss.is_leaf, type(loss.grad_fn).__name__, round(loss.item(), 4) > 0", (True, False, "NllLossBackward0", True)), final("out.shape[0]", 8), needs="torch"),
    _never("tensor inside a graph", "t = torch.ones(2, requires_grad=True) * 2", "t", setup="import torch", needs="torch"),
    _never("generator as an input", "y = next(g)", "g", setup="g = (i for i in range(3))"),
    _never("lock as an input", "y = lock.locked()", "lock", setup="import threading\nlock = threading.Lock()"),
    _never("open file as an input", "y = f.read()", "f", setup="import warnings; warnings.simplefilter('ignore')\nopen('data.txt', 'w').close()\nf = open('data.txt')"),
    _never("global of a helper that cannot be told", "y = f()", "g", setup="g = (i for i in range(3))\ndef f():\n    return next(g)"),
    case("a file that is closed is a value", _C, HIT, write("data.txt", "a"), stage("with open('data.txt') as f:\n    y = f.read()", RAN), restart(), stage("with open('data.txt') as f:\n    y = f.read()", RESTORED), final("f.closed", True)),
    case("generator used up inside the stage", _C, HIT, stage("y = sum(i for i in range(4))", RAN), restart(), stage("y = sum(i for i in range(4))", RESTORED), final("y", 6)),
    case("lock deleted before the end", _C, HIT, stage("import threading\nl = threading.Lock()\nwith l:\n    y = 1\ndel l", RAN), restart(), stage("import threading\nl = threading.Lock()\nwith l:\n    y = 1\ndel l", RESTORED), final("y", 1)),
    case("values stay although nothing is kept", _C, OTHER, stage("g = (i for i in range(3))\ny = 5", UNSTORED), final("y", 5), final("next(g)", 0)),
    case("mended", _C, HIT, stage("g = (i for i in range(3))", UNSTORED), stage("g = list(i for i in range(3))", RAN), restart(), stage("g = list(i for i in range(3))", RESTORED), final("g", [0, 1, 2])),
    case("unreachable generator does not matter", _C, HIT, cell("g = (i for i in range(3))\nx = 1"), stage("y = x", RAN), restart(), cell("g = (i for i in range(9))\nx = 1"), stage("y = x", RESTORED)),
    case("a type that says how it is stored", _C, HIT,
         cell("import threading, nbexp\nclass Conn:\n    def __init__(self, url): self.url, self.lock = url, threading.Lock()\nnbexp.register(Conn, describe=lambda c: c.url, reduce=lambda c: (Conn, (c.url,)))"), stage("c = Conn('here')", RAN), restart(),
         cell("import threading, nbexp\nclass Conn:\n    def __init__(self, url): self.url, self.lock = url, threading.Lock()\nnbexp.register(Conn, describe=lambda c: c.url, reduce=lambda c: (Conn, (c.url,)))"), stage("c = Conn('here')", RESTORED),
         final("c.url", "here"), final("c.lock.locked()", False)),
    case("a class whose state lies", _C, OTHER, stage("class Liar:\n    def __init__(self): self.v = 1\n    def __getstate__(self): return {}\n    def __setstate__(self, s): self.v = 2\nx = Liar()", UNSTORED, why="x"),
         stage("class Liar:\n    def __init__(self): self.v = 1\n    def __getstate__(self): return {}\n    def __setstate__(self, s): self.v = 2\nx = Liar()", UNSTORED), final("x.v", 1)),
    _never("list iterator", "it = iter([1, 2, 3])\nnext(it)", "it"),
    replayed("class made inside a function", _C, "", "def make():\n    class A:\n        def m(self): return 3\n    return A\nA = make()\na = A()", final("a.m()", 3), final("type(a) is A", True)),
    replayed("lambda", _C, "", "f = lambda x, k=2: x * k", final("f(4)", 8)),
    replayed("named tuple class", _C, "", "from collections import namedtuple\nP = namedtuple('P', 'a b')\np = P(1, 2)", final("tuple(p)", (1, 2)), final("type(p) is P", True)),
    replayed("enum, dataclass and slots", _C, "", "import enum\nfrom dataclasses import dataclass\nclass E(enum.Enum):\n    A = 1\n@dataclass(slots=True, frozen=True)\nclass D:\n    e: E\nd = D(E.A)", final("d.e is E.A", True), final("d == D(E.A)", True)),
    replayed("metaclass, property, classmethod, super", _C, "",
             "class M(type):\n    def __call__(cls, *a):\n        o = super().__call__(*a)\n        o.made = True\n        return o\nclass B(metaclass=M):\n    def v(self): return 1\nclass A(B):\n    @property\n    def w(self): return super().v() + 1\n    @classmethod\n    def n(cls): return cls.__name__\n    @staticmethod\n    def s(): return 5\na = A()",
             final("(a.w, a.made, A.n(), A.s(), A().made)", (2, True, "A", 5, True))),
    replayed("abstract class and generic", _C, "", "import abc\nfrom typing import Generic, TypeVar\nT = TypeVar('T')\nclass B(abc.ABC):\n    @abc.abstractmethod\n    def m(self): ...\nclass A(B, Generic[T]):\n    def m(self): return 2\na = A[int]()", final("a.m()", 2), final("issubclass(A, B)", True)),
    replayed("exception class and instance", _C, "", "class Bad(ValueError):\n    pass\ne = Bad('x', 1)", final("e.args", ("x", 1)), final("isinstance(e, Bad)", True)),
    replayed("partial, operator and cached function", _C, "", "from functools import partial, lru_cache\nimport operator\n@lru_cache\ndef f(x): return x + 1\np = partial(f, 1)\ng = operator.itemgetter(1)", final("(p(), g('ab'), f(2))", (2, "b", 3))),
    replayed("recursive closure", _C, "", "def outer():\n    def fac(n):\n        return 1 if n < 2 else n * fac(n - 1)\n    return fac\nf = outer()", final("f(4)", 24)),
    replayed("object of no known type under a name whose old value changed too", _C,
             "import numpy as np\nfrom sklearn.neighbors import KDTree\nlog = []\nlast = {'log': log}\nX = np.random.RandomState(0).rand(50, 2)",
             "for k in [1, 2]:\n    log.append(k)\n    last = {'log': log, 'tree': KDTree(X * k)}",
             final("log, last['log'] is log, float(last['tree'].query(X[:1] * 2)[0][0, 0])", ([1, 2], True, 0.0)), needs="sklearn"),
]  # fmt: skip
