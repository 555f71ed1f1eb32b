"""Magics and shell lines: the Python inside them is analysed, what is known of the others is used."""

from __future__ import annotations

import ast

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from nbexp.stage.analysis import Analysis, analyse
from nbexp.stage.magics import Magic, as_magic, ends_with_semicolon


def analysis(cell: str) -> Analysis:
    source = TransformerManager().transform_cell(cell)
    return analyse(ast.parse(source), source)


def names(chains: frozenset[tuple[str, ...]]) -> set[str]:
    return {".".join(chain) for chain in chains}


@pytest.mark.parametrize(
    ("cell", "read", "stores"),
    [
        ("%%time\nx = a + 1\nx", "a", "x"),
        ("%%time\nx = 1\n%time y = x + b", "b", "x y"),
        ("%%time\n%%capture out\nx = a", "a", "x out"),
        ("%%time\n!ls {a}\nx = 1", "a", "x"),
        ("%time x = f(a)\nx", "f a", "x"),
        ("%time -a", "a", ""),
        ("%time --no-raise-error x = f(a)\nx", "f a x", "x"),
        ("y = %time f(a)\ny", "f a", "y"),
        ("%timeit -n 10 -r3 f(a)", "f a", ""),
        ("%timeit -n10 -o f(-a)", "f a", ""),
        ("%timeit -v best f(a)", "f a", "best"),
        ("%%timeit b = c\nx = a + b", "a c", ""),
        ("%%timeit\nx = a\nx", "a", ""),
        ("%prun -l 10 -s time f(a)", "f a", ""),
        ("%%prun -q\nx = a", "a", "x"),
        ("%%capture out --no-stderr\nx = f(a)\nx", "f a", "x out"),
        ("def f():\n    %time g(a)\nf()", "g a", "f"),
        ("for i in range(3):\n    %time x = g(i)\nx", "g range", "x i"),
        ("%%time\ndef f(): return a\nf()", "a", "f"),
        ("%%time\n(x := a)", "a", "x"),
    ],
)
def test_python_inside(cell: str, read: str, stores: str) -> None:
    found = analysis(cell)
    assert names(found.live_in - found.kept - found.late) == set(read.split())
    assert found.stores == set(stores.split())
    assert found.dynamic == ()


@pytest.mark.parametrize(
    ("cell", "read", "always"),
    [
        ("!ls {path} $name", "path name", ("!",)),
        ("files = !ls {path}", "path", ("!",)),
        ("!!ls $name", "name", ("!",)),
        ("%%bash\necho $name", "", ("%%bash",)),
        ("%%sx\necho {name}", "name", ("%%sx",)),
        ("%cd {path}", "path", ("%cd",)),
        ("%pip install $package", "package", ("%pip",)),
        ("x?", "x", ("%pinfo",)),
        ("%matplotlib inline", "", ("%matplotlib",)),
        ("x = 1\n!ls {x}", "", ("!",)),
        ("def f(path):\n    !ls {path} {b}\nf(a)", "a b", ("!",)),
    ],
)
def test_shell_lines_and_other_magics(cell: str, read: str, always: tuple[str, ...]) -> None:
    found = analysis(cell)
    assert names(found.live_in) == set(read.split())
    assert found.always == always
    assert found.dynamic == ()


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("%run script.py", "%run"),
        ("%reset -f", "%reset"),
        ("%load x.py", "%load"),
        ("%store -r", "%store"),
        ("%whos", "%whos"),
        ("%%nobody_knows\nx", "%%nobody_knows"),
        ("%%time\n%run script.py", "%run"),
        ("%%time\nx = = 1", "%%time"),
        ("%lprun -f g f()", "%lprun"),
    ],
)
def test_magics_that_could_read_anything(cell: str, why: str) -> None:
    assert analysis(cell).dynamic == (why,)


def test_scripts_bind_their_output() -> None:
    found = analysis("%%bash --out text --err=errors\nls\n")
    assert found.stores == {"text", "errors"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("%%time\nx = 1  # one", "%%time\nx  =  1"),
        ("%time f( x )", "%time f(x)"),
        ("%%time\n%time x=1", "%%time\n%time x = 1"),
        ("!ls  # all", "!ls  # all"),
    ],
)
def test_same_meaning(one: str, other: str) -> None:
    assert analysis(one).digest == analysis(other).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("%%time\nx = 1", "%%time\nx = 2"),
        ("%%time\nx = 1", "%%capture\nx = 1"),
        ("%%time\nx = 1", "x = 1"),
        ("%%timeit x = 1\ny", "%%timeit\nx = 1\ny"),
        ("%timeit -n1 f(x)", "%timeit -n2 f(x)"),
        ("%%time\nf(x)", "%%time\nf(x);"),
        ("!ls", "!ls -l"),
        ("%cd a", "%cd b"),
    ],
)
def test_other_meaning(one: str, other: str) -> None:
    assert analysis(one).digest != analysis(other).digest


@pytest.mark.parametrize(
    ("call", "magic"),
    [
        ("get_ipython().run_line_magic('time', 'x')", Magic("%", "time", "x")),
        ("get_ipython().run_cell_magic('time', '', 'x')", Magic("%%", "time", "", "x")),
        ("get_ipython().system('ls')", Magic("!", "", "ls")),
        ("get_ipython().getoutput('ls')", Magic("!", "", "ls")),
        ("get_ipython().run_line_magic('time', text)", None),
        ("get_ipython().run_cell('x')", None),
        ("shell.run_line_magic('time', 'x')", None),
    ],
)
def test_recognised_calls(call: str, magic: Magic | None) -> None:
    assert as_magic(ast.parse(call, mode="eval").body) == magic


@pytest.mark.parametrize(
    ("source", "ends"),
    [
        ("x;", True),
        ("x;  # quiet", True),
        ("x;\n\n", True),
        ("x", False),
        ("x  # ;", False),
        ("';'", False),
        ("if a:\n    b;\n", True),
        ("x; y", False),
        ("(;", False),
        ("'''\n;", False),
    ],
)
def test_semicolons(source: str, ends: bool) -> None:
    assert ends_with_semicolon(source) is ends


def test_odd_escapes_inside_are_python_too() -> None:
    """Python warns of them when the cell runs; the analysis does not, and does not take them for something else."""
    assert analysis("%%time\nx = '\\d' + y").dynamic == ()
    assert analysis("eval(\"'\\\\d' + y\")").dynamic == ()
