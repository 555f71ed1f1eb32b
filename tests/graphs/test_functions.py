"""Functions and classes of a cell, stored and brought back with the code of the current cell."""

from __future__ import annotations

import abc
import ast
import dataclasses
import enum
import functools
import inspect
import linecache
import sys
import traceback
import types
import typing
from collections.abc import Callable
from typing import Any

import pytest

from nbexp.errors import NbexpError, Unstorable
from nbexp.graphs.codetable import CodeTable
from nbexp.graphs.graph import CodeSource, dump, load

HEAD = """
import abc, collections, dataclasses, enum, functools, typing
"""


class Cell:
    """A cell run in a module that stands for the notebook."""

    def __init__(self, source: str, name: str = "<cell 1>") -> None:
        self.source, self.name = source, name
        self.codes = [compile(ast.Module([node], []), name, "exec") for node in ast.parse(source, name).body]

    @property
    def table(self) -> CodeTable:
        return CodeTable(self.codes)

    def run(self, namespace: dict[str, Any]) -> dict[str, Any]:
        before = set(namespace)
        for code in self.codes:
            exec(code, namespace)
        return {name: value for name, value in namespace.items() if name not in before}


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The namespace of a module ``__main__`` of this test alone."""
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    exec(HEAD, module.__dict__)
    return module.__dict__


def made_here(value: Any) -> bool:
    """A `by_reference` for which all of the notebook is made by the stage."""
    return bool(value.__module__ != "__main__")


def again(value: Any, code: CodeSource | None = None, now: CodeSource | None = None) -> Any:
    dumped = dump(value, by_reference=made_here, code=code)
    return load(dumped.graph, [bytearray(b) for b in dumped.buffers], code=now or code)


def run_again(notebook: dict[str, Any], source: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a cell made, and what comes back from the store."""
    cell = Cell(source)
    made = cell.run(notebook)
    return made, again(made, cell.table)


# -- functions ---------------------------------------------------------------------------------------------------------


def test_globals_are_those_of_the_live_notebook(notebook: dict[str, Any]) -> None:
    _, loaded = run_again(notebook, "scale = 2\ndef f(x): return x * scale")
    notebook["scale"] = 10
    assert loaded["f"](3) == 30
    assert loaded["f"].__globals__ is notebook


def test_everything_a_function_has_comes_back(notebook: dict[str, Any]) -> None:
    source = '''
def f(a: int, /, b=[1], *rest, c: str = "c", **more) -> float:
    """Doc."""
    return a, b, rest, c, more
f.mark = {"x": 1}
'''
    made, loaded = run_again(notebook, source)
    f, g = made["f"], loaded["f"]
    assert g is not f
    assert g(1, c="d") == (1, [1], (), "d", {})
    for name in (
        "__name__",
        "__qualname__",
        "__module__",
        "__doc__",
        "__defaults__",
        "__kwdefaults__",
        "__annotations__",
    ):
        assert getattr(g, name) == getattr(f, name)
    assert g.mark == {"x": 1}
    assert inspect.signature(g) == inspect.signature(f)
    assert g.__defaults__[0] is not f.__defaults__[0]


CLOSURES = """
def make():
    n = 0
    def inc():
        nonlocal n
        n += 1
        return n
    def get():
        return n
    def fact(k):
        return 1 if k < 2 else k * fact(k - 1)
    def even(k): return k == 0 or odd(k - 1)
    def odd(k): return k != 0 and even(k - 1)
    return inc, get, fact, even, odd
inc, get, fact, even, odd = make()
late = (lambda: (lambda: missing, locals().setdefault("x", 1)))()[0]
"""


def test_closures_share_their_cells_and_recurse(notebook: dict[str, Any]) -> None:
    made, loaded = run_again(notebook, CLOSURES)
    loaded["inc"]()
    assert loaded["get"]() == 1
    assert made["get"]() == 0
    assert loaded["fact"](5) == 120
    assert loaded["even"](10)
    assert not loaded["odd"](10)


def test_an_empty_cell_stays_empty(notebook: dict[str, Any]) -> None:
    source = """
def make():
    def f(): return x
    if False: x = 1
    return f
f = make()
"""
    _, loaded = run_again(notebook, source)
    with pytest.raises(NameError):
        loaded["f"]()


def test_methods_bound_to_objects_and_their_own_functions(notebook: dict[str, Any]) -> None:
    source = """
import types
class A:
    def f(self): return self.x
a = A(); a.x = 1; a.g = types.MethodType(lambda self: self.x + 1, a); a.h = a.f
f = a.f
"""
    _, loaded = run_again(notebook, source)
    assert loaded["f"].__self__ is loaded["a"]
    assert loaded["f"].__func__ is loaded["A"].f
    loaded["a"].x = 5
    assert loaded["f"]() == loaded["a"].h() == 5
    assert loaded["a"].g() == 6


def test_wrapped_functions(notebook: dict[str, Any]) -> None:
    source = '''
calls = []
@functools.lru_cache(maxsize=7, typed=True)
def cached(x):
    calls.append(x)
    return x
cached(1)
@functools.singledispatch
def kind(x): return "other"
@kind.register
def _(x: int): return "int"
partial = functools.partial(cached, 3)
def deco(f):
    @functools.wraps(f)
    def inner(*a): return ("deco", f(*a))
    return inner
@deco
def wrapped(x):
    """Doc."""
    return x
'''
    _, loaded = run_again(notebook, source)
    assert loaded["cached"].cache_parameters() == {"maxsize": 7, "typed": True}
    assert loaded["cached"].cache_info().currsize == 0
    assert loaded["partial"].func is loaded["cached"]
    assert loaded["kind"](1) == "int"
    assert loaded["kind"](1.0) == "other"
    assert loaded["wrapped"](2) == ("deco", 2)
    assert loaded["wrapped"].__wrapped__(2) == 2
    assert loaded["wrapped"].__doc__ == "Doc."


def test_generated_functions_with_globals_of_their_own(notebook: dict[str, Any]) -> None:
    source = """
space = {"k": 3}
exec("def f(): return k", space)
f = space["f"]
"""
    _, loaded = run_again(notebook, source)
    loaded["space"]["k"] = 4
    assert loaded["f"]() == 4
    assert loaded["space"]["f"] is loaded["f"]
    assert loaded["space"]["__builtins__"] is __builtins__ or loaded["space"]["__builtins__"] is vars(
        __import__("builtins")
    )


def test_local_functions_of_modules_are_bound_to_their_module() -> None:
    def local() -> Any:
        return HEAD

    loaded = load(dump(local).graph)
    assert loaded.__globals__ is globals()
    assert loaded() == HEAD


def test_functions_by_reference_are_the_live_ones(notebook: dict[str, Any]) -> None:
    Cell("def f(): return 1\nclass A: pass\na = A()").run(notebook)
    dumped = dump({"f": notebook["f"], "a": notebook["a"]})
    Cell("def f(): return 2\nclass A: new = True").run(notebook)
    loaded = load(dumped.graph)
    assert loaded["f"] is notebook["f"]
    assert loaded["a"].new


def test_a_replaced_definition_is_stored_by_value(notebook: dict[str, Any]) -> None:
    Cell("def f(): return 1\nold = f\ndef f(): return 2").run(notebook)
    old, new = load(dump([notebook["old"], notebook["f"]]).graph)
    assert new is notebook["f"]
    assert old() == 1


def test_modules_come_back_by_name() -> None:
    assert load(dump([ast, abc]).graph) == [ast, abc]
    with pytest.raises(Unstorable) as failed:
        dump({"m": types.ModuleType("nowhere")}, label="v")
    assert failed.value.path == "v['m']"


# -- code of the current cell ------------------------------------------------------------------------------------------


def test_code_is_that_of_the_current_text(notebook: dict[str, Any]) -> None:
    source = "def f():\n    def g():\n        raise ValueError\n    return g\ng = f()\n"
    source += "h = [lambda: 1,\n lambda: 2,\n lambda: 1]"
    moved = Cell("# a comment\n\n" + source.replace("\n    return", "  # more\n\n    return"), "<cell 2>")
    cell = Cell(source)
    made = cell.run(notebook)
    loaded = again(made, cell.table, moved.table)
    assert loaded["f"].__code__ is moved.codes[0].co_consts[0]
    assert loaded["g"].__code__.co_firstlineno == made["g"].__code__.co_firstlineno + 2
    assert loaded["g"].__code__.co_filename == "<cell 2>"
    assert [h() for h in loaded["h"]] == [1, 2, 1]
    assert [h.__code__.co_firstlineno for h in loaded["h"]] == [9, 10, 11]


def test_tracebacks_and_sources_are_those_of_the_current_text(notebook: dict[str, Any]) -> None:
    cell = Cell("def f():\n    return 1 / 0\n")
    moved = Cell("# new\ndef f():\n    return 1 / 0  # boom\n", "<cell now>")
    loaded = again(cell.run(notebook), cell.table, moved.table)
    linecache.cache[moved.name] = (len(moved.source), None, moved.source.splitlines(True), moved.name)
    try:
        loaded["f"]()
    except ZeroDivisionError as error:
        text = traceback.format_exc()
        assert "# boom" in text
        assert error.__traceback__ is not None
    else:
        raise AssertionError
    assert inspect.getsource(loaded["f"]).endswith("# boom\n")
    del linecache.cache[moved.name]


def test_code_that_does_something_else_is_not_taken(notebook: dict[str, Any]) -> None:
    cell = Cell("def f(): return 1")
    dumped = dump(cell.run(notebook), by_reference=made_here, code=cell.table)
    with pytest.raises(NbexpError, match='"f"'):
        load(dumped.graph, code=Cell("def f(): return 1.0").table)
    with pytest.raises(NbexpError, match='"f"'):
        load(dumped.graph)


def test_code_made_elsewhere_is_stored(notebook: dict[str, Any]) -> None:
    cell = Cell("ns = {}\nexec('def f(): return 5', ns)\nf = ns['f']\ndel ns")
    made = cell.run(notebook)
    assert cell.table.find(made["f"].__code__) is None
    assert again(made, cell.table)["f"]() == 5


def test_code_compiled_again_is_found(notebook: dict[str, Any]) -> None:
    source = "def f(): return 1\ndef g():\n    return 1"
    table, other = Cell(source).table, Cell(source)
    made = other.run(notebook)
    for name in "fg":
        address = table.find(made[name].__code__)
        assert address is not None
        found = table.get(address)
        assert found is not None
        assert found.co_firstlineno == made[name].__code__.co_firstlineno
    assert table.get((7, (), b"")) is None
    assert table.get((0, (3,), b"")) is None


# -- classes -----------------------------------------------------------------------------------------------------------

#: Source of a cell -> what must hold for what it made, and for what comes back.
CLASSES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "plain": (
        '''
class A:
    """Doc."""
    items = []
    count = 0
    def __init__(self, x): self.x = x; type(self).count += 1
    def get(self): return self.x
    @property
    def double(self): return 2 * self.x
    @double.setter
    def double(self, v): self.x = v / 2
    @classmethod
    def make(cls): return cls(7)
    @staticmethod
    def three(): return 3
    @functools.cached_property
    def slow(self): return [self.x]
a = A(1)
A.items.append(a)
''',
        lambda m: (
            m.A.items == [m.a]
            and m.a.get() == 1
            and m.A.__doc__ == "Doc."
            and m.A.make().double == 14
            and m.A.three() == 3
            and m.a.slow is m.a.slow
            and type(m.a) is m.A
            and m.A.count >= 1
        ),
    ),
    "inheritance": (
        """
class A:
    def who(self): return "A"
class B(A):
    def who(self): return "B" + super().who()
    def cls(self): return __class__
class C(B, dict): pass
c = C(k=1); c.x = 2
""",
        lambda m: (
            m.c.who() == "BA" and m.c.cls() is m.B and m.C.__mro__[1:3] == (m.B, m.A) and m.c == {"k": 1} and m.c.x == 2
        ),
    ),
    "dataclass": (
        """
@dataclasses.dataclass(order=True)
class P:
    x: int
    y: list = dataclasses.field(default_factory=list, metadata={"k": 1})
@dataclasses.dataclass(frozen=True, slots=True)
class Q:
    x: int = 1
p, q = P(1, [2]), Q(5)
""",
        lambda m: (
            dataclasses.replace(m.p, x=3) == m.P(3, [2])
            and repr(m.P(1)) == "P(x=1, y=[])"
            and m.P(1) < m.P(2)
            and dataclasses.fields(m.P)[0].default is dataclasses.MISSING
            and dataclasses.asdict(m.q) == {"x": 5}
            and dataclasses.fields(m.P)[1].metadata == {"k": 1}
            and hash(m.q) == hash(m.Q(5))
            and not hasattr(m.q, "__dict__")
        ),
    ),
    "enum": (
        """
class Color(enum.Enum):
    RED = 1
    BLUE = 2
    CRIMSON = 1
    def low(self): return self.name.lower()
class Bits(enum.IntFlag):
    X = 1; Y = 2
class Name(str, enum.Enum):
    A = "a"
class Planet(enum.Enum):
    EARTH = (1.0, 2.0)
    def __init__(self, mass, radius): self.mass = mass; self.radius = radius
c, both = Color.BLUE, Bits.X | Bits.Y
""",
        lambda m: (
            m.c is m.Color.BLUE is m.Color(2) is m.Color["BLUE"]
            and m.Color.CRIMSON is m.Color.RED
            and len(m.Color) == 2
            and m.c.low() == "blue"
            and m.both is m.Bits.X | m.Bits.Y
            and m.both == 3
            and m.Bits.X in m.both
            and m.Name.A == "a"
            and m.Name("a") is m.Name.A
            and m.Planet.EARTH.radius == 2.0
            and type(m.c) is m.Color
            and not hasattr(m.Color.RED, "_nothing")
            and repr(m.both) == repr(m.Bits(3))
        ),
    ),
    "named tuple": (
        """
class N(typing.NamedTuple):
    a: int
    b: str = "q"
    def both(self): return (self.a, self.b)
M = collections.namedtuple("M", "x y")
n, m = N(1), M(2, 3)
""",
        lambda m: (
            m.n == m.N(1)
            and m.n._replace(a=2).both() == (2, "q")
            and m.n._asdict() == {"a": 1, "b": "q"}
            and m.N._fields == ("a", "b")
            and m.m.y == 3
            and type(m.m) is m.M
            and m.M._make([1, 2]).x == 1
        ),
    ),
    "abstract": (
        """
class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...
    @classmethod
    def __subclasshook__(cls, C): return NotImplemented
class Square(Shape):
    def area(self): return 4
class Other: pass
Shape.register(Other)
s = Square()
""",
        lambda m: (
            isinstance(m.s, m.Shape)
            and m.s.area() == 4
            and issubclass(m.Other, m.Shape)
            and not issubclass(int, m.Shape)
            and inspect.isabstract(m.Shape)
            and not inspect.isabstract(m.Square)
        ),
    ),
    "slots": (
        """
class S:
    __slots__ = ("a", "_b", "__weakref__")
    def __init__(self): self.a = 1
class T(S):
    __slots__ = {"c": "doc"}
s, t = S(), T()
t.c = [1]
""",
        lambda m: (
            m.s.a == 1 and not hasattr(m.s, "_b") and m.t.c == [1] and m.t.a == 1 and not hasattr(m.t, "__dict__")
        ),
    ),
    "metaclass": (
        """
made = []
class Meta(type):
    def __new__(mcs, name, bases, ns, **kw):
        made.append(name)
        return super().__new__(mcs, name, bases, dict(ns, tag=name, **kw))
    def __len__(cls): return 42
class A(metaclass=Meta, extra=1): pass
class B(A): pass
""",
        lambda m: m.made == ["A", "B"] and m.B.tag == "B" and m.A.extra == 1 and len(m.B) == 42 and type(m.B) is m.Meta,
    ),
    "hooks of subclasses": (
        """
seen = []
class Field:
    def __set_name__(self, owner, name): seen.append((owner.__name__, name)); self.name = name
    def __get__(self, obj, owner): return self.name
class Base:
    def __init_subclass__(cls, **kw): seen.append(cls.__name__); super().__init_subclass__(**kw)
class Slotted:
    __slots__ = ()
    def __init_subclass__(cls, **kw): seen.append(cls.__name__)
class A(Base): f = Field()
class B(A, dict): pass
class C(Slotted): pass
class D(C, Base): pass
""",
        lambda m: (
            m.seen == [("A", "f"), "A", "B", "C", "D"] and m.A().f == "f" and m.B.__bases__ == (m.A, dict) and m.D()
        ),
    ),
    "generic": (
        """
T = typing.TypeVar("T", bound="int")
P = typing.ParamSpec("P")
UserId = typing.NewType("UserId", int)
class Box(typing.Generic[T]):
    item: T
class Proto(typing.Protocol):
    def run(self) -> int: ...
alias = Box[int]
opt = typing.Optional[T]
""",
        lambda m: (
            m.alias.__origin__ is m.Box
            and m.Box.__parameters__ == (m.T,)
            and typing.get_args(m.opt)[0] is m.T
            and m.UserId(3) == 3
            and m.UserId.__supertype__ is int
            and m.P.__name__ == "P"
            and m.T.__bound__ is not None
        ),
    ),
    "attributes that lead back": (
        """
class Node:
    root = None
    registry = {}
    def __init_subclass__(cls): Node.registry[cls.__name__] = cls
Node.root = Node()
Node.root.cls = Node
class Leaf(Node): pass
class Error(Exception):
    def __init__(self, code): super().__init__(f"code {code}"); self.code = code
    def __reduce__(self): return (type(self), (self.code,))
e = Error(3)
""",
        lambda m: (
            m.Node.root.cls is m.Node and m.Node.registry == {"Leaf": m.Leaf} and m.e.code == 3 and str(m.e) == "code 3"
        ),
    ),
    "nested": (
        """
class Outer:
    class Inner:
        value = 1
    def make(self): return self.Inner()
o = Outer().make()
def local():
    class Local:
        def me(self): return Local
    return Local
L = local()
""",
        lambda m: type(m.o) is m.Outer.Inner and m.L().me() is m.L and m.L.__qualname__ == "local.<locals>.Local",
    ),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_come_back(name: str, notebook: dict[str, Any]) -> None:
    source, holds = CLASSES[name]
    made, loaded = run_again(notebook, source)
    assert holds(types.SimpleNamespace(**made)), "the test is wrong"
    # `holds` makes instances, whose classes count them: what comes back must hold as well, after all that
    assert holds(types.SimpleNamespace(**loaded))


@pytest.mark.parametrize("name", CLASSES)
def test_every_load_makes_new_classes(name: str, notebook: dict[str, Any]) -> None:
    cell = Cell(CLASSES[name][0])
    made = cell.run(notebook)
    one, other = again(made, cell.table), again(made, cell.table)
    classes = [key for key, value in made.items() if isinstance(value, type)]
    assert all(len({id(space[key]) for space in (made, one, other)}) == 3 for key in classes)
    for key in classes:
        type.__setattr__(one[key], "_mark", 1)
        assert not hasattr(other[key], "_mark")
        assert not hasattr(made[key], "_mark")


@pytest.mark.parametrize("name", CLASSES)
def test_attributes_keep_their_order(name: str, notebook: dict[str, Any]) -> None:
    made, loaded = run_again(notebook, CLASSES[name][0])
    for key, value in made.items():
        if isinstance(value, type):
            names = [attribute for attribute in vars(value) if attribute != "__slotnames__"]
            assert [*vars(loaded[key])] == names
            assert [base.__name__ for base in loaded[key].__mro__] == [base.__name__ for base in value.__mro__]


def test_instances_of_live_classes_keep_their_class(notebook: dict[str, Any]) -> None:
    Cell("class A: pass").run(notebook)
    made = Cell("a = A()\nclass B(A): pass\nb = B()").run(notebook)
    dumped = dump(made, by_reference=lambda value: getattr(value, "__name__", "") == "A")
    loaded = load(dumped.graph)
    assert type(loaded["a"]) is notebook["A"]
    assert loaded["B"].__bases__ == (notebook["A"],)
    assert loaded["B"] is not made["B"]


def test_classes_of_native_kinds_are_refused(notebook: dict[str, Any]) -> None:
    made = Cell("import ctypes\nclass S(ctypes.Structure):\n    _fields_ = [('x', ctypes.c_int)]").run(notebook)
    with pytest.raises(Unstorable) as failed:
        dump({"S": made["S"]}, by_reference=made_here, label="v")
    assert failed.value.path == "v['S']"


def test_types_without_a_name_in_builtins() -> None:
    values = [types.FunctionType, types.CodeType, types.ModuleType, type(None), types.GeneratorType, int, type]
    assert load(dump(values).graph) == values


def test_sentinels_of_libraries_stay_themselves() -> None:
    assert load(dump([dataclasses.MISSING, inspect.Parameter.empty, enum.Enum]).graph)[0] is dataclasses.MISSING


def test_generator_functions_come_back_and_generators_do_not(notebook: dict[str, Any]) -> None:
    made, loaded = run_again(notebook, "def f():\n    yield 1\nasync def g(): return 2")
    assert [*loaded["f"]()] == [1]
    assert inspect.iscoroutinefunction(loaded["g"])
    with pytest.raises(Unstorable):
        dump(made["f"]())


def test_decorated_attributes_on_wrappers(notebook: dict[str, Any]) -> None:
    source = """
def mark(f):
    f.marked = True
    return f
class A:
    @mark
    @staticmethod
    def s(): return 1
    @mark
    @classmethod
    def c(cls): return cls
    @functools.partialmethod
    def p(self): return 2
"""
    made, loaded = run_again(notebook, source)
    for name in ("s", "c"):
        assert vars(vars(loaded["A"])[name])["marked"] is vars(vars(made["A"])[name])["marked"] is True
    assert loaded["A"]().p() == 2
    assert loaded["A"].c() is loaded["A"]


def test_lru_cache_around_a_method(notebook: dict[str, Any]) -> None:
    _, loaded = run_again(notebook, "class A:\n    @functools.lru_cache\n    def f(self, x): return x + 1")
    assert loaded["A"]().f(1) == 2
    assert isinstance(vars(loaded["A"])["f"], type(functools.lru_cache(len)))
