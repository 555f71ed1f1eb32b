"""Code objects told by what they do, on every supported Python found: this file runs itself there, without pytest."""

from __future__ import annotations

import ast
import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]


if __name__ == "__main__":  # without the packages themselves, which need what other Pythons may lack
    for package in ("nbexp", "nbexp.adapters"):
        sys.modules[package] = ModuleType(package)
        sys.modules[package].__path__ = [str(ROOT.joinpath(*package.split(".")))]

bytecode = importlib.import_module("nbexp.code.bytecode")
reads = importlib.import_module("nbexp.code.reads")

#: More names than fit into one byte of an instruction.
MANY = ", ".join(f"n{i}" for i in range(300))

#: Source of a function -> the globals it reads.
NAMES: dict[str, tuple[str, list[str]]] = {
    "global": ("def f(): return a", ["a"]),
    "local": ("def f(a): return a", []),
    "call": ("def f(): return a()", ["a"]),
    "attributes": ("def f(): return np.random.rand", ["np.random.rand"]),
    "method call": ("def f(): return np.random.rand(3)", ["np.random.rand"]),
    "call of a result": ("def f(): return a.b().c", ["a.b"]),
    "method of a result": ("def f(): return a().b()", ["a"]),
    "arguments": ("def f(): return a.b(c.d, e=g.h())", ["a.b", "c.d", "g.h"]),
    "stored attribute": ("def f(): a.b.c = 1", ["a.b"]),
    "item": ("def f(): return a.b['c'].d", ["a.b"]),
    "nested function": ("def f():\n    def g(): return a.b\n    return g", ["a.b"]),
    "lambda": ("def f(): return lambda: a.b", ["a.b"]),
    "default of a nested function": ("def f():\n    def g(x=a.b): pass", ["a.b"]),
    "decorator": ("def f():\n    @a.b\n    def g(): pass", ["a.b"]),
    "list comprehension": ("def f(): return [a.b(x) for x in c]", ["a.b", "c"]),
    "comprehension in a comprehension": ("def f(): return {x: [a for y in b] for x in c}", ["a", "b", "c"]),
    "generator": ("def f(): return sum(a for x in b)", ["a", "b", "sum"]),
    "class body": ("def f():\n    class C(a.B):\n        x = b.c", ["a.B", "b.c"]),
    "comprehension in a class body": ("def f():\n    class C:\n        x = [a.b for y in c]", ["a.b", "c"]),
    "method in a class body": ("def f():\n    class C:\n        def m(self): return a.b", ["a.b"]),
    "base class called": ("def f():\n    class C:\n        def m(self): return super().m()", ["super"]),
    "base class attribute": ("def f():\n    class C:\n        def m(self): return super().m.n + a.b", ["a.b", "super"]),
    "augmented": ("def f():\n    global a\n    a += b", ["a", "b"]),
    "deleted": ("def f():\n    global a\n    del a", []),
    "exception": ("def f():\n    try: pass\n    except a.E as e: return e", ["a.E"]),
    "with": ("def f():\n    with a.b() as c: return c", ["a.b"]),
    "match": ("def f(x):\n    match x:\n        case a.B(c=1): return 1\n        case a.D: return 2", ["a.B", "a.D"]),
    "format": ("def f(): return f'{a.b!r:{c}}'", ["a.b", "c"]),
    "await": ("async def f():\n    async with a.b: return await c.d()", ["a.b", "c.d"]),
    "many names": (f"def f(): return [{MANY}, last.one]", ["last.one"]),
    "walrus": ("def f(): return (x := a.b) and x", ["a.b"]),
    "slice": ("def f(x): return x[a:b.c]", ["a", "b.c"]),
}

#: The same, for Python 3.12 and later.
NEWER_NAMES: dict[str, tuple[str, list[str]]] = {
    "type parameter": ("def f():\n    def g[T: a.B](x: T) -> c.D: return e\n    return g", ["a.B", "c.D", "e"]),
    "generic class": ("def f():\n    class C[T](a.B):\n        x: b.T = c.d\n    return C", ["a.B", "b.T", "c.d"]),
    "type alias": ("def f():\n    type X = a.b\n    return X", ["a.b"]),
    "alias in a class body": ("def f():\n    class C:\n        type X = a.b\n    return C", ["a.b"]),
}

IMPORTS: dict[str, tuple[str, list[tuple[str, int, list[str]]]]] = {
    "import": ("def f():\n    import a.b as c", [("a.b", 0, [])]),
    "from": ("def f():\n    from a.b import c, d as e", [("a.b", 0, ["c", "d"])]),
    "star": ("from a import *\n", [("a", 0, ["*"])]),
    "relative": ("def f():\n    from ..a import b", [("a", 2, ["b"])]),
    "of the package": ("def f():\n    from . import b", [("", 1, ["b"])]),
    "nested": ("def f():\n    def g():\n        import a\n    import b", [("a", 0, []), ("b", 0, [])]),
    "by a function": ("def f(): return importlib.import_module('a.b')", [("a.b", 0, [])]),
    "by __import__": ("def f(): return __import__('a')", [("a", 0, [])]),
}

DYNAMIC: dict[str, tuple[str, list[str]]] = {
    "globals": ("def f(): return globals()", ["globals"]),
    "eval": ("def f(x): return eval(x)", ["eval"]),
    "exec": ("def f(x):\n    exec(x)", ["exec"]),
    "an attribute of that name": ("def f(x): return x.eval()", []),
    "modules": ("def f(x): return sys.modules[x]", ["sys.modules"]),
    "import of a variable": ("def f(x): return importlib.import_module(x)", ["import_module"]),
    "frame": ("def f(x): return x.f_globals", ["f_globals"]),
    "getattr": ("def f(x): return getattr(x, 'a')", []),
}

#: Source of a function -> calls that look names up in a text it does not show.
TEXTS: dict[str, tuple[str, list[str]]] = {
    "constant": ("def f(d): return d.query('a > @b')", []),
    "constant and more": ("def f(d, x): return d.query('a', x, y.z, engine='c')", []),
    "constant by name": ("def f(d): return d.eval(expr='a')", []),
    "no text": ("def f(m): return m.eval()", []),
    "no text of a base class": ("class A:\n    def eval(self): return super().eval()", []),
    "not called": ("def f(m): return m.query, m.eval", []),
    "neighbours": ("def f(t, x): return t.query(x, k=3)", []),
    "argument": ("def f(d, e): return d.query(e)", [".query"]),
    "argument by name": ("def f(d, e): return d.query(engine='python', expr=e)", [".query"]),
    "global": ("def f(d): return d.eval(e)", [".eval"]),
    "attribute": ("def f(d): return d.query(e.f)", [".query"]),
    "item": ("def f(d): return d.query(e['f'])", [".query"]),
    "sum": ("def f(d, e): return d.query('a > @' + e)", [".query"]),
    "text with places": ("def f(d, e): return d.query(f'a > {e}')", [".query"]),
    "method of a constant": ("def f(d, e): return d.query('a{}'.format(e))", [".query"]),
    "attribute of a constant": ("def f(d): return d.query('a'.b)", [".query"]),
    "spread": ("def f(d, e): return d.query(*e)", [".query"]),
    "of a module": ("def f(e): return pd.eval(e)", ["pd.eval"]),
    "chosen": ("def f(d, e): return d.query('a' if e else 'b')", [".query"]),
    "of itself": ("class A:\n    def f(self, x): return self.query(x)", ["self.query"]),
    "of what it holds": ("class A:\n    def f(self, x): return self.db.query(x)", [".query"]),
    "function": ("def f(e): return sql(e)", ["sql"]),
    "function with a constant": ("def f(): return sql('e')", []),
    "nested": ("def f(d): return [d.query(e) for e in es]", [".query"]),
    "built-in": ("def f(e): return eval(e)", []),
}

#: Pairs of sources that do the same.
SAME = {
    "lines": ("def f(x):\n    return [x, x]", "def f(x):\n\n    return [\n        x,\n        x,\n    ]"),
    "one line": ("def f(x):\n    if x: return 1\n    return 2", "def f(x):\n    if x:\n        return 1\n    return 2"),
    "pass": ("def f(x):\n    pass\n    return x", "def f(x): pass; return x"),
    "loop": ("def f(x):\n    while True:\n        x()", "def f(x):\n    while True: x()"),
    "handler": (
        "def f(x):\n    try: return x()\n    except E: return 1\n    finally: x.y()",
        "def f(x):\n    try:\n        return x()\n    except E:\n        return 1\n    finally:\n        x.y()",
    ),
    "class body moved": (
        "def f():\n    class C:\n        def m(self): self.b = self.a = 1",
        "\n\n\ndef f():\n    class C:\n        def m(self):\n            self.b = self.a = 1",
    ),
    "set": ("def f(x): return x in {'a', 'b', 'c', 3, None}", "def f(x): return x in {None, 3, 'c', 'b', 'a'}"),
    "folded": ("def f(): return 2 * 3", "def f(): return 6"),
}

DIFFERENT = {
    "constant": ("def f(): return 1", "def f(): return 2"),
    "type": ("def f(): return 1", "def f(): return 1.0"),
    "bool": ("def f(): return 1", "def f(): return True"),
    "zero": ("def f(): return 0.0", "def f(): return -0.0"),
    "complex zero": ("def f(): return 0j", "def f(): return -0j"),
    "tuple": ("def f(): return (1, 0)", "def f(): return (True, 0)"),
    "set": ("def f(x): return x in {1, 2}", "def f(x): return x in {1.0, 2}"),
    "a set and a tuple": ("def f(x): return x in {1, 2}", "def f(x): return x in (1, 2)"),
    "ellipsis": ("def f(): return ...", "def f(): return None"),
    "surrogate": ("def f(): return '\\ud800'", "def f(): return '\\ud801'"),
    "jump": (
        "def f(x):\n    while x:\n        if x: continue\n        x()",
        "def f(x):\n    while x:\n        if x: break\n        x()",
    ),
    "name": ("def f(): return a", "def f(): return b"),
    "attribute": ("def f(): return a.b", "def f(): return a.c"),
    "order": ("def f(x): return [a(), b()]", "def f(x): return [b(), a()]"),
    "argument": ("def f(x): return x", "def f(y): return y"),
    "positional only": ("def f(x): return x", "def f(x, /): return x"),
    "keyword": ("def f(x): return x(a=1)", "def f(x): return x(b=1)"),
    "comparison": ("def f(x): return x < 1", "def f(x): return x > 1"),
    "extent of try": (
        "def f(x):\n    try:\n        x()\n        x()\n    except E: pass",
        "def f(x):\n    x()\n    try: x()\n    except E: pass",
    ),
    "doc": ("def f():\n    'a'", "def f():\n    'b'"),
    "doc inside": ("def f():\n    def g():\n        'a'", "def f():\n    def g():\n            'b'"),
    "name inside": ("def f():\n    def g(): pass", "def f():\n    def h(): pass"),
    "value of a loop": ("def f(x): return [y for y in x]", "def f(x): return {y for y in x}"),
}


def _code(source: str) -> CodeType:
    whole = compile(dedent(source), "<test>", "exec", dont_inherit=True)
    functions = [value for value in whole.co_consts if isinstance(value, CodeType) and value.co_name == "f"]
    return functions[0] if functions else whole


def _names(source: str) -> list[str]:
    names = {".".join(path) for path in reads.reads(_code(source)).names}
    return sorted(name for name in names if not name.startswith("__") and not name.strip("n").isdigit())


def _imports(source: str) -> list[tuple[str, int, list[str]]]:
    found = reads.reads(_code(source)).imports
    return sorted((each.module, each.level, list(each.names)) for each in found)


def failures() -> list[str]:
    """What is wrong on the Python that runs this."""
    found = []

    def check(kind: str, name: str, got: Any, wanted: Any) -> None:
        if got != wanted:
            found.append(f"{kind} {name}: {got!r}, not {wanted!r}")

    names = NAMES | (NEWER_NAMES if sys.version_info >= (3, 12) else {})
    for name, (source, wanted) in names.items():
        check("names", name, _names(source), wanted)
    for name, (source, imports) in IMPORTS.items():
        check("imports", name, _imports(source), imports)
    for name, (source, wanted) in DYNAMIC.items():
        check("dynamic", name, sorted(reads.reads(_code(source)).dynamic), wanted)
    for name, (source, wanted) in TEXTS.items():
        whole = compile(dedent(source), "<test>", "exec", dont_inherit=True)
        check("texts", name, sorted(reads.reads(whole).texts), wanted)
    for name, (one, other) in SAME.items():
        check("same", name, bytecode.content(_code(one)) == bytecode.content(_code(other)), True)
    for name, (one, other) in DIFFERENT.items():
        check("different", name, bytecode.content(_code(one)) == bytecode.content(_code(other)), False)
    check("specialised", "f", *_before_and_after_running())
    check("layout", "of the standard library", _share_of_layouts_told_apart() < 0.05, True)
    return found


def _before_and_after_running() -> tuple[bytes, bytes]:
    source = "def f(x):\n    z = x.real + a\n    for i in range(3): z += i\n    return [z, len([z]), C.k]"
    namespace: dict[str, Any] = {"a": 1, "C": type("C", (), {"k": 1})}
    exec(compile(source, "<test>", "exec", dont_inherit=True), namespace)
    before = bytecode.content(namespace["f"].__code__)
    for _ in range(5000):
        namespace["f"](1)
    return bytecode.content(namespace["f"].__code__), before


def _share_of_layouts_told_apart() -> float:
    """The share of code objects of some real modules that change with their layout (`ast.unparse`): needless misses."""
    folder = Path(os.__file__).parent
    pairs = []
    for file in ("argparse.py", "inspect.py", "typing.py", "dataclasses.py", "enum.py", "tarfile.py"):
        source = (folder / file).read_text(encoding="utf-8")
        again = "\n\n" + ast.unparse(ast.parse(source))
        pairs += list(
            zip(
                _functions(compile(source, "a", "exec", dont_inherit=True)),
                _functions(compile(again, "b", "exec", dont_inherit=True)),
                strict=True,
            )
        )
    for one, other in pairs:
        assert reads.reads(one) == reads.reads(other), one
    return sum(bytecode.content(one) != bytecode.content(other) for one, other in pairs) / len(pairs)


def _functions(code: CodeType) -> list[CodeType]:
    found = []
    for inner in bytecode.nested(code):
        found += [inner, *_functions(inner)]
    return found


def test_this_python() -> None:
    assert failures() == []


def test_content_does_not_depend_on_hash_seeds() -> None:
    digests = {_run([sys.executable], seed)["content"] for seed in ("1", "2", "3")}
    assert len(digests) == 1


def test_other_pythons() -> None:
    """Those found beside this one; none found is no failure, as the same checks run in this one."""
    for python in _other_pythons():
        assert _run([python], "1")["failures"] == [], python


def _other_pythons() -> list[str]:
    names = [f"python3.{minor}" for minor in (11, 12, 13) if minor != sys.version_info.minor]
    folders = [
        *os.environ.get("PATH", "").split(os.pathsep),
        *map(str, Path.home().glob(".pyenv/versions/3.1[123].*/bin")),
    ]
    found = [shutil.which(name, path=folder) for name in names for folder in folders if "shims" not in folder]
    return sorted({path for path in found if path})


def _run(command: list[str], seed: str) -> dict[str, Any]:
    done = subprocess.run(
        [*command, __file__], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


if __name__ == "__main__":
    sources = [source for pair in (SAME | DIFFERENT).values() for source in pair]
    contents = [bytecode.content(_code(source)).hex() for source in sources]
    print(json.dumps({"failures": failures(), "content": "".join(contents)}))
