"""Code as content: what must change the fingerprint of a function or class, and what must not."""

from __future__ import annotations

import ast
import functools
import random
import subprocess
import sys
import types
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest

from nbexp.adapters.base import Name
from nbexp.adapters.code import code_fingerprint, content_of, describe_code, is_code, resolve
from nbexp.errors import Unfingerprintable
from nbexp.fingerprints.fingerprint import fingerprint, mutables
from nbexp.graphs.patch import detach, patch

PROJECT = "twin_project"


@pytest.fixture(autouse=True)
def _forget_modules() -> Iterator[None]:
    before = dict(sys.modules)
    yield
    for name in set(sys.modules) - set(before):
        if name.startswith("twin_"):
            del sys.modules[name]


def module_of(source: str, *, name: str = PROJECT, file: str = "/nowhere/twin_project.py") -> types.ModuleType:
    """A project module made of `source`, as if it had just been imported."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(dedent(source), file, "exec", dont_inherit=True), module.__dict__)
    return module


def key_of(*names: str, module: str = PROJECT) -> dict[str, str]:
    """What a key would hold for `names`, with all that their code looks up: a small copy of the stage's key."""
    found: dict[str, str] = {}
    pending = [Name(module, tuple(name.split("."))) for name in names]
    while pending:
        there = resolve(pending.pop())
        found |= {f"module {alias}": target for alias, target in there.modules}
        if there.package:
            found[f"package {there.package}"] = ""
        label = str(there.name)
        if there.missing or there.opaque or label in found:
            continue
        mark = code_fingerprint(there.value, label=label) if is_code(there.value) else fingerprint(there.value)
        found[label] = mark.digest.hex()
        found |= {f"package {package}": "" for package in mark.packages}
        found |= {f"import {module}": "" for module in mark.imports}
        pending += mark.reads
    return found


def key_after(source: str, file: str = "/nowhere/twin_project.py") -> dict[str, str]:
    module_of(source, file=file)
    return key_of("f")


SAME = {
    "comment": ("def f(x):\n    return x + 1", "# about f\ndef f(x):\n    # adds\n    return x + 1  # one"),
    "moved down": ("def f(x):\n    return x + 1", "\n\n\ndef other():\n    pass\n\ndef f(x):\n    return x + 1"),
    "spacing": ("def f(x):\n    return x+1", "def f( x ):\n\n    return x   +   1"),
    "layout": (
        "def f(x):\n    if x and x > 1: return [x, x]\n    return None",
        "def f(\n    x\n):\n    if (x and\n        x > 1):\n        return [x,\n            x]\n    return None",
    ),
    "quotes": ("def f(x):\n    return 'a' + \"b\"", "def f(x):\n    return \"a\" + 'b'"),
    "unrelated global": ("def f(x):\n    return x", "K = 3\ndef f(x):\n    return x"),
    "unread attribute of a module": (
        "import twin_helpers as h\ndef f(x):\n    return h.used(x)",
        "import twin_helpers as h\nh.unused = 5\ndef f(x):\n    return h.used(x)",
    ),
    "class moved": ("class f:\n    def m(self): return 1", "\n\nK = 1\nclass f:\n\n    def m(self):\n        return 1"),
    "set constant": ("def f(x): return x in {'a', 'b', 'c'}", "def f(x): return x in {'c', 'b', 'a'}"),
    "cache filled": (
        "import functools\n@functools.lru_cache\ndef f(x): return x",
        "import functools\n@functools.lru_cache\ndef f(x): return x\nf(1); f(2)",
    ),
    "cached property of an instance": (
        "import functools\nclass f:\n    @functools.cached_property\n    def p(self): return 1",
        "import functools\nclass f:\n    @functools.cached_property\n    def p(self): return 1\nf().p",
    ),
    "dispatch cache filled": (
        "import functools\n@functools.singledispatch\ndef f(x): return 0",
        "import functools\n@functools.singledispatch\ndef f(x): return 0\nf(1)",
    ),
    "registered subclass": (
        "import abc\nclass f(abc.ABC):\n    pass",
        "import abc\nclass f(abc.ABC):\n    pass\nisinstance(3, f)",
    ),
    "annotations asked for": ("class f:\n    x = 1", "class f:\n    x = 1\nf.__annotations__"),
    "missing name": ("def f(): return nothing", "def f():\n    return nothing"),
}

DIFFERENT = {
    "body": ("def f(x): return x + 1", "def f(x): return x + 2"),
    "int and float": ("def f(x): return 1", "def f(x): return 1.0"),
    "int and bool": ("def f(x): return 1", "def f(x): return True"),
    "sign of zero": ("def f(x): return 0.0", "def f(x): return -0.0"),
    "str and bytes": ("def f(x): return 'a'", "def f(x): return b'a'"),
    "constant in a tuple": ("def f(x): return (1, 2)", "def f(x): return (1, 2.0)"),
    "constant in a set": ("def f(x): return x in {1, 2}", "def f(x): return x in {1, 3}"),
    "default": ("def f(x=1): return x", "def f(x=2): return x"),
    "type of default": ("def f(x=1): return x", "def f(x=True): return x"),
    "keyword default": ("def f(*, x=1): return x", "def f(*, x=2): return x"),
    "keyword only": ("def f(x): return x", "def f(*, x): return x"),
    "operator": ("def f(x): return x < 1", "def f(x): return x <= 1"),
    "call of an attribute": ("def f(x): return x.a()", "def f(x): return x.b()"),
    "exception caught": (
        "def f(x):\n    try: return x()\n    except ValueError: return 1",
        "def f(x):\n    try: return x()\n    except KeyError: return 1",
    ),
    "extent of try": (
        "def f(x):\n    try:\n        y = x()\n        z = x()\n    except ValueError: z = y = 1\n    return z",
        "def f(x):\n    y = x()\n    try:\n        z = x()\n    except ValueError: z = y = 1\n    return z",
    ),
    "docstring": ("def f():\n    'one'", "def f():\n    'two'"),
    "docstring set later": ("def f(): pass", "def f(): pass\nf.__doc__ = 'two'"),
    "nested function": (
        "def f():\n    def g(): return 1\n    return g()",
        "def f():\n    def g(): return 2\n    return g()",
    ),
    "nested name": (
        "def f():\n    def g(): return 1\n    return g",
        "def f():\n    def h(): return 1\n    return h",
    ),
    "async": ("def f(): return 1", "async def f(): return 1"),
    "generator": ("def f(): return 1", "def f():\n    return 1\n    yield"),
    "annotation": ("def f(x: int): return x", "def f(x: float): return x"),
    "attribute": ("def f(): pass\nf.rate = 1", "def f(): pass\nf.rate = 2"),
    "closure": (
        "def make(k):\n    def f(x): return x + k\n    return f\nf = make(1)",
        "def make(k):\n    def f(x): return x + k\n    return f\nf = make(2)",
    ),
    "closure over a mutable": (
        "def make(k):\n    def f(x): return k\n    return f\nf = make([1])",
        "def make(k):\n    def f(x): return k\n    return f\nf = make([2])",
    ),
    "decorator": (
        "def deco(g):\n    def h(*a): return g(*a)\n    return h\n@deco\ndef f(x): return x",
        "def deco(g):\n    def h(*a): return g(*a) + 1\n    return h\n@deco\ndef f(x): return x",
    ),
    "decorated function": (
        "def deco(g):\n    def h(*a): return g(*a)\n    return h\n@deco\ndef f(x): return x",
        "def deco(g):\n    def h(*a): return g(*a)\n    return h\n@deco\ndef f(x): return x + 1",
    ),
    "wrapped function": (
        "import functools\ndef deco(g):\n    @functools.wraps(g)\n    def h(*a): return 1\n    return h\n"
        "@deco\n@deco\ndef f(x): return x",
        "import functools\ndef deco(g):\n    @functools.wraps(g)\n    def h(*a): return 1\n    return h\n"
        "@deco\n@deco\ndef f(x): return x + 1",
    ),
    "wrapped set by hand": (
        "def f(x): return x\nf.__wrapped__ = lambda: 1",
        "def f(x): return x\nf.__wrapped__ = lambda: 2",
    ),
    "decorated by a class": (
        "class deco:\n    def __init__(self, g): self.g = g\n    def __call__(self, x): return self.g(x)\n"
        "@deco\ndef f(x): return x",
        "class deco:\n    def __init__(self, g): self.g = g\n    def __call__(self, x): return self.g(x) + 1\n"
        "@deco\ndef f(x): return x",
    ),
    "cached function": (
        "import functools\n@functools.lru_cache\ndef f(x): return x",
        "import functools\n@functools.lru_cache\ndef f(x): return x + 1",
    ),
    "size of a cache": (
        "import functools\n@functools.lru_cache(maxsize=1)\ndef f(x): return x",
        "import functools\n@functools.lru_cache(maxsize=2)\ndef f(x): return x",
    ),
    "dispatch": (
        "import functools\n@functools.singledispatch\ndef f(x): return 0\n@f.register\ndef _(x: int): return 1",
        "import functools\n@functools.singledispatch\ndef f(x): return 0\n@f.register\ndef _(x: int): return 2",
    ),
    "lambda": ("f = lambda x: x + 1", "f = lambda x: x + 2"),
    "partial": (
        "import functools\ndef g(x, y): return x\nf = functools.partial(g, 1)",
        "import functools\ndef g(x, y): return y\nf = functools.partial(g, 1)",
    ),
    "helper": ("def g(): return 1\ndef f(): return g()", "def g(): return 2\ndef f(): return g()"),
    "helper of a helper": (
        "def h(): return 1\ndef g(): return h()\ndef f(): return g()",
        "def h(): return 2\ndef g(): return h()\ndef f(): return g()",
    ),
    "helper in a comprehension": (
        "def g(x): return 1\ndef f(x): return [g(y) for y in x]",
        "def g(x): return 2\ndef f(x): return [g(y) for y in x]",
    ),
    "helper in a local class": (
        "def g(x): return 1\ndef f(x):\n    class C:\n        y = g(x)\n    return C",
        "def g(x): return 2\ndef f(x):\n    class C:\n        y = g(x)\n    return C",
    ),
    "helper as a default": ("def g(): return 1\ndef f(h=g): pass", "def g(): return 2\ndef f(h=g): pass"),
    "helper in a container": (
        "def g(): return 1\nT = {'a': [g]}\ndef f(): return T['a'][0]()",
        "def g(): return 2\nT = {'a': [g]}\ndef f(): return T['a'][0]()",
    ),
    "recursion": (
        "def f(n): return n and f(n - 1)",
        "def f(n): return n and f(n - 2)",
    ),
    "mutual recursion": (
        "def f(n): return n and g(n)\ndef g(n): return f(n - 1)",
        "def f(n): return n and g(n)\ndef g(n): return f(n - 2)",
    ),
    "global": ("K = 1\ndef f(): return K", "K = 2\ndef f(): return K"),
    "type of a global": ("K = 1\ndef f(): return K", "K = True\ndef f(): return K"),
    "global that appears": ("def f(): return K", "K = 2\ndef f(): return K"),
    "global of a constructor": ("def f(): return len([])", "def len(x): return 3\ndef f(): return len([])"),
    "global through globals()": ("K = 1\ndef f(): return globals()['K']", "K = 2\ndef f(): return globals()['K']"),
    "global through eval": ("K = 1\ndef f(): return eval('K')", "K = 2\ndef f(): return eval('K')"),
    "global in a query": (
        "k = 1\ndef f(df): return df.query('a > @k')",
        "k = 2\ndef f(df): return df.query('a > @k')",
    ),
    "global read by SQL": (
        "rows = [1]\ndef f(db): return db.sql('select * from rows')",
        "rows = [2]\ndef f(db): return db.sql('select * from rows')",
    ),
    "aliases exchanged": (
        "def a(): return 1\ndef b(): return 2\ng, h = a, b\ndef f(): return g() - h()",
        "def a(): return 1\ndef b(): return 2\ng, h = b, a\ndef f(): return g() - h()",
    ),
    "modules exchanged": (
        "import math as m, cmath as n\ndef f(): return m.sqrt(n.sqrt(2))",
        "import math as n, cmath as m\ndef f(): return m.sqrt(n.sqrt(2))",
    ),
    "import inside": ("def f():\n    import numpy\n    return 1", "def f():\n    import pandas\n    return 1"),
    "method": ("class f:\n    def m(self): return 1", "class f:\n    def m(self): return 2"),
    "private method": ("class f:\n    def __m(self): return 1", "class f:\n    def __m(self): return 2"),
    "class attribute": ("class f:\n    k = 1", "class f:\n    k = 2"),
    "mutable class attribute": ("class f:\n    k = [1]", "class f:\n    k = [2]"),
    "class attribute set later": ("class f: pass", "class f: pass\nf.k = 1"),
    "base": (
        "class A:\n    def m(self): return 1\nclass f(A): pass",
        "class A:\n    def m(self): return 2\nclass f(A): pass",
    ),
    "other base": ("class A: pass\nclass B: pass\nclass f(A): pass", "class A: pass\nclass B: pass\nclass f(B): pass"),
    "order of bases": (
        "class A: pass\nclass B: pass\nclass f(A, B): pass",
        "class A: pass\nclass B: pass\nclass f(B, A): pass",
    ),
    "metaclass": (
        "class M(type):\n    def __call__(cls): return 1\nclass f(metaclass=M): pass",
        "class M(type):\n    def __call__(cls): return 2\nclass f(metaclass=M): pass",
    ),
    "property": (
        "class f:\n    @property\n    def p(self): return 1",
        "class f:\n    @property\n    def p(self): return 2",
    ),
    "setter": (
        "class f:\n    @property\n    def p(self): return 1\n    @p.setter\n    def p(self, v): self.x = v",
        "class f:\n    @property\n    def p(self): return 1\n    @p.setter\n    def p(self, v): self.y = v",
    ),
    "static method": (
        "class f:\n    @staticmethod\n    def m(): return 1",
        "class f:\n    @staticmethod\n    def m(): return 2",
    ),
    "class method": (
        "class f:\n    @classmethod\n    def m(cls): return 1",
        "class f:\n    @classmethod\n    def m(cls): return 2",
    ),
    "kind of method": (
        "class f:\n    @classmethod\n    def m(cls): return 1",
        "class f:\n    @staticmethod\n    def m(cls): return 1",
    ),
    "cached property": (
        "import functools\nclass f:\n    @functools.cached_property\n    def p(self): return 1",
        "import functools\nclass f:\n    @functools.cached_property\n    def p(self): return 2",
    ),
    "nested class": (
        "class f:\n    class g:\n        def m(self): return 1",
        "class f:\n    class g:\n        def m(self): return 2",
    ),
    "slots": ("class f:\n    __slots__ = ('a',)", "class f:\n    __slots__ = ('b',)"),
    "helper of a method": (
        "def g(): return 1\nclass f:\n    def m(self): return g()",
        "def g(): return 2\nclass f:\n    def m(self): return g()",
    ),
    "order of fields": (
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    a: int = 1\n    b: int = 2",
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    b: int = 2\n    a: int = 1",
    ),
    "default of a field": (
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    a: int = 1",
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    a: int = 2",
    ),
    "factory of a field": (
        "from dataclasses import *\n@dataclass\nclass f:\n    a: list = field(default_factory=lambda: [1])",
        "from dataclasses import *\n@dataclass\nclass f:\n    a: list = field(default_factory=lambda: [2])",
    ),
    "metadata of a field": (
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    a: int = dataclasses.field(metadata={'k': 1})",
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    a: int = dataclasses.field(metadata={'k': 2})",
    ),
    "frozen": (
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    a: int",
        "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass f:\n    a: int",
    ),
    "value of a member": ("import enum\nclass f(enum.Enum):\n    A = 1", "import enum\nclass f(enum.Enum):\n    A = 2"),
    "type of a member": (
        "import enum\nclass f(enum.Enum):\n    A = 1",
        "import enum\nclass f(enum.Enum):\n    A = True",
    ),
    "new member": (
        "import enum\nclass f(enum.Enum):\n    A = 1",
        "import enum\nclass f(enum.Enum):\n    A = 1\n    B = 2",
    ),
    "alias of a member": (
        "import enum\nclass f(enum.Enum):\n    A = 1",
        "import enum\nclass f(enum.Enum):\n    A = 1\n    B = 1",
    ),
    "method of an enumeration": (
        "import enum\nclass f(enum.Enum):\n    A = 1\n    def m(self): return 1",
        "import enum\nclass f(enum.Enum):\n    A = 1\n    def m(self): return 2",
    ),
    "field of a named tuple": (
        "import typing\nclass f(typing.NamedTuple):\n    a: int = 1",
        "import typing\nclass f(typing.NamedTuple):\n    a: int = 2",
    ),
    "abstract": (
        "import abc\nclass f(abc.ABC):\n    def m(self): pass",
        "import abc\nclass f(abc.ABC):\n    @abc.abstractmethod\n    def m(self): pass",
    ),
    "bound of a type variable": (
        "import typing\nT = typing.TypeVar('T', bound=int)\nclass f(typing.Generic[T]): pass",
        "import typing\nT = typing.TypeVar('T', bound=str)\nclass f(typing.Generic[T]): pass",
    ),
    "method patched in": (
        "class f:\n    def m(self): return 1",
        "class f:\n    def m(self): return 1\nf.m = lambda self: 2",
    ),
    "instance of a class": (
        "class C:\n    def m(self): return 1\nc = C()\ndef f(): return c.m()",
        "class C:\n    def m(self): return 2\nc = C()\ndef f(): return c.m()",
    ),
    "own globals": (
        "ns = {}\nexec('k = 1\\ndef f(): return k', ns)\nf = ns['f']",
        "ns = {}\nexec('k = 2\\ndef f(): return k', ns)\nf = ns['f']",
    ),
    "helper in own globals": (
        "ns = {}\nexec('def g(): return f() + 1\\ndef f(): return g()', ns)\nf = ns['f']",
        "ns = {}\nexec('def g(): return f() + 2\\ndef f(): return g()', ns)\nf = ns['f']",
    ),
    "builtin patched": (
        "def f(x): return sorted(x)",
        "import functools\ndef sorted(x): return x\ndef f(x): return sorted(x)",
    ),
}


#: For Python 3.12 and later.
NEWER = {
    "bound of a type parameter": ("def f[T: int](x: T): return x", "def f[T: str](x: T): return x"),
    "type parameter of a class": ("class f[T: int]: pass", "class f[T: str]: pass"),
    "type alias": ("type X = int\ndef f(x: X): return x", "type X = str\ndef f(x: X): return x"),
    "alias that contains itself": ("type f = list[f] | int", "type f = list[f] | str"),
    "alias with a parameter": ("type f[T: int] = list[T]", "type f[T: str] = list[T]"),
}


def _helpers() -> None:
    module_of("def used(x): return x", name="twin_helpers")


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME)
def test_the_same(before: str, after: str) -> None:
    _helpers()
    assert key_after(before) == key_after(after, "/elsewhere/renamed.py")


@pytest.mark.parametrize(("before", "after"), DIFFERENT.values(), ids=DIFFERENT)
def test_a_difference(before: str, after: str) -> None:
    assert key_after(before) != key_after(after)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
@pytest.mark.parametrize(("before", "after"), NEWER.values(), ids=NEWER)
def test_a_difference_in_newer_syntax(before: str, after: str) -> None:
    first = key_after(before)
    assert key_after("\n\n" + before, "/elsewhere/renamed.py") == first
    assert key_after(after) != first


@pytest.mark.parametrize("source", [source for pair in DIFFERENT.values() for source in pair])
def test_made_again_elsewhere(source: str) -> None:
    """Comments, blank lines and layout gone, another file, another module object: the same key."""
    first = key_after(source)
    again = "\n\n\n" + ast.unparse(ast.parse(dedent(source)))
    assert key_after(again, "/elsewhere/renamed.py") == first


_ELSEWHERE = """
import json, sys
from tests.adapters.test_code import DIFFERENT, key_after
print(json.dumps([key_after(source) for pair in DIFFERENT.values() for source in pair], sort_keys=True))
"""


@pytest.mark.slow
def test_other_processes_and_hash_seeds() -> None:
    def keys(seed: str) -> str:
        command = [sys.executable, "-W", "ignore", "-c", _ELSEWHERE]
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "PATH": ""}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert keys("1") == keys("2")


# -- what the interpreter does must not show -----------------------------------------------------------------------


def test_specialised_code_is_the_same_code() -> None:
    module = module_of("def f(x, y):\n    z = x + y\n    for i in range(3): z += i\n    return [z, len([z])]")
    cold = code_fingerprint(module.f).digest
    again = module_of("def f(x, y):\n    z = x + y\n    for i in range(3): z += i\n    return [z, len([z])]")
    for _ in range(5000):
        again.f(1, 2)
    assert code_fingerprint(again.f).digest == cold


def test_traced_code_is_the_same_code() -> None:
    module = module_of("def f(x): return x + 1")
    traced = module_of("def f(x): return x + 1", name="twin_traced")
    traced.f.__module__ = PROJECT
    old = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        traced.f(1)
    finally:
        sys.settrace(old)
    assert describe_code(module.f).meta[0][3] == describe_code(traced.f).meta[0][3]


# -- references and content ----------------------------------------------------------------------------------------


def test_a_function_found_by_name_is_a_reference_as_a_value() -> None:
    module = module_of("def f(x): return x + 1")
    before = fingerprint([module.f])
    assert before.reads == {Name(PROJECT, ("f",))}
    module = module_of("def f(x): return x + 2")
    assert fingerprint([module.f]).digest == before.digest
    assert code_fingerprint(module.f).digest != before.digest


@pytest.mark.parametrize(
    ("source", "expression"),
    [
        ("f = lambda x: x + {}", "f"),
        ("def make():\n    def inner(x): return x + {}\n    return inner\nf = make()", "f"),
        ("def make():\n    class inner:\n        def m(self): return {}\n    return inner\nf = make()", "f"),
        ("def f(x): return x + {}\nold = f\ndef f(x): return 0", "old"),
    ],
    ids=["lambda", "closure", "local class", "replaced"],
)
def test_code_without_a_name_is_content_where_it_is_held(source: str, expression: str) -> None:
    marks = [fingerprint([getattr(module_of(source.format(n)), expression)]).digest for n in (1, 1, 2)]
    assert marks[0] == marks[1] != marks[2]


def test_a_method_leads_to_its_class() -> None:
    module = module_of("class C:\n    def m(self): return 1")
    assert fingerprint(module.C.m).reads == {Name(PROJECT, ("C", "m"))}
    assert resolve(Name(PROJECT, ("C", "m"))).value is module.C


def test_a_bound_method_holds_its_object() -> None:
    module = module_of("class C:\n    def __init__(self, n): self.n = n\n    def m(self): return self.n")
    one, same, other = (fingerprint(module.C(n).m).digest for n in (1, 1, 2))
    assert one == same != other


def test_closures_share_their_variables() -> None:
    source = """
        def pair():
            n = 0
            def add():
                nonlocal n
                n += 1
                return n
            def get(): return n
            return add, get
    """
    module = module_of(source)
    add, get = module.pair()
    assert fingerprint((add, get)).digest == fingerprint(module.pair()).digest
    assert fingerprint((add, get)).digest != fingerprint((module.pair()[0], module.pair()[1])).digest
    before = code_fingerprint(get).digest
    add()
    assert code_fingerprint(get).digest != before


def test_a_closure_over_itself() -> None:
    source = "def make(k):\n    def f(n): return k if n == 0 else f(n - 1)\n    return f"
    module = module_of(source)
    marks = [code_fingerprint(module.make(k)).digest for k in (1, 1, 2)]
    assert marks[0] == marks[1] != marks[2]


def test_functions_of_a_module_that_is_gone() -> None:
    source = "k = {}\ndef g(): return k\ndef f(): return g()"
    marks = []
    for k in (1, 1, 2):
        function = module_of(source.format(k)).f
        del sys.modules[PROJECT]
        marks.append(code_fingerprint(function).digest)
    assert marks[0] == marks[1] != marks[2]


def test_a_function_that_reads_an_unfingerprintable_global_of_its_own() -> None:
    namespace: dict[str, Any] = {"rows": (row for row in ())}
    exec("def f(): return rows", namespace)
    with pytest.raises(Unfingerprintable, match=r"helper\.__globals__\['rows'\]"):
        code_fingerprint(namespace["f"], label="helper")


def test_a_class_attribute_that_cannot_be_told_is_named() -> None:
    module = module_of("class C:\n    rows = (row for row in ())")
    with pytest.raises(Unfingerprintable, match=r'"C\.rows"'):
        code_fingerprint(module.C, label="C")


# -- installed code ------------------------------------------------------------------------------------------------


def _installed() -> list[tuple[str, Any, str]]:
    import numpy as np
    import pandas as pd
    import scipy.special

    return [
        ("function", pd.read_csv, "pandas"),
        ("class", pd.DataFrame, "pandas"),
        ("method", pd.DataFrame.mean, "pandas"),
        ("compiled by Cython", np.random.default_rng, "numpy"),
        ("numpy function", np.mean, "numpy"),
        ("C function", np.frombuffer, "numpy"),
        ("ufunc", np.add, "numpy"),
        ("ufunc of another package", scipy.special.expit, "scipy"),
        ("method of the global generator", np.random.rand, "numpy"),
        ("module", np.random, "numpy"),
    ]


@pytest.mark.parametrize(("value", "package"), [row[1:] for row in _installed()], ids=[row[0] for row in _installed()])
def test_installed_code_is_told_by_name_and_package(value: Any, package: str) -> None:
    mark = code_fingerprint(value)
    assert is_code(value)
    assert mark.packages - {"numpy"} == {package} - {"numpy"}  # some are objects of a type of numpy's
    assert package in mark.packages
    assert (mark.reads, mark.nodes) == (frozenset(), ())


def test_installed_code_is_told_apart() -> None:
    values = [value for _, value, _ in _installed()]
    assert len({code_fingerprint(value).digest for value in values}) == len(values)


def test_functions_of_the_global_generator_do_not_hold_its_state() -> None:
    before = fingerprint([random.shuffle, random.random]).digest
    random.random()
    assert fingerprint([random.shuffle, random.random]).digest == before


def test_a_method_of_an_own_generator_holds_its_state() -> None:
    one, other = random.Random(1), random.Random(2)
    assert fingerprint(one.shuffle).digest != fingerprint(other.shuffle).digest


@pytest.mark.parametrize(
    "value", [len, str.upper, "a".join, (3).__add__, dict.fromkeys, int.__dict__["real"], functools.wraps]
)
def test_code_of_python_itself(value: Any) -> None:
    assert code_fingerprint(value).digest == code_fingerprint(value).digest
    assert code_fingerprint(value).packages == frozenset()


def test_an_installed_function_wrapped_by_the_project_is_project_code(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    source = (
        "import functools, numpy as np\n@functools.wraps(np.mean)\ndef mean(*a): return {}\ndef f(x): return np.mean(x)"
    )
    before = key_after(source.format(1))
    keys = []
    for n in (1, 1, 2):
        module = module_of(source.format(n))
        monkeypatch.setattr(np, "mean", module.mean)
        keys.append(key_of("f"))
        monkeypatch.undo()
    assert keys[0] == keys[1] != keys[2]
    assert keys[0] != before


def test_a_decorator_of_a_package_adds_the_package() -> None:
    source = "import torch\n@torch.no_grad()\ndef f(x): return x + {}"
    pytest.importorskip("torch")
    keys = [key_after(source.format(n)) for n in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]
    assert "package torch" in keys[0]


# -- numbering and patches -----------------------------------------------------------------------------------------


def test_content_is_numbered_as_it_is_fingerprinted() -> None:
    module = module_of("class C:\n    rows = [[1], {2: 3}]\n    def m(self, x=[4]): return x")
    assert code_fingerprint(module.C).nodes == mutables(content_of(module.C))
    assert module.C.rows in code_fingerprint(module.C).nodes


def test_a_closure_takes_over_the_state_of_another() -> None:
    source = "def make(n):\n    def get(): return n\n    return get"
    module = module_of(source)
    live, new = module.make(1), module.make(2)
    for old, fresh in zip(mutables(live), mutables(new), strict=True):
        patch(old, detach(fresh))
    assert live() == 2
    assert fingerprint(live).digest == fingerprint(new).digest


def test_pydantic_models_are_the_same_in_every_process() -> None:
    pytest.importorskip("pydantic")
    source = "import pydantic\nclass f(pydantic.BaseModel):\n    x: int = {}"
    keys = [key_after(source.format(n)) for n in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]
