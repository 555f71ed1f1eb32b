"""Walking syntax trees, held against Python's own walk."""

from __future__ import annotations

import ast
import inspect
import sys
from types import ModuleType

import pytest

from nbexp.stage.trees import children, walk

#: What is left out.
WORDS = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)

NEWER = "type X[T] = list[T]\ndef f[T: int](a: T) -> T: ...\n" if sys.version_info >= (3, 12) else ""

RARE = """
async def f(a, /, b: int = 1, *c, d=2, **e) -> None:
    global g
    async with a as b, c: await d
    async for i in a: yield {**b, 'x': f'{c!r:>{d}}'}
    else: nonlocal_ = lambda *x, y=1: (yield)
try:
    match x:
        case {'a': [1, *rest], **others} if (y := 2): pass
        case C(1, k=None) | (2 as z): pass
except (A, B) as error:
    raise C from error
finally:
    del a[1:2, ...], a.b
class D(E, metaclass=F):
    x: int = not a @ b < c is not d
"""


def is_node(node: ast.AST) -> bool:
    return not isinstance(node, WORDS)


@pytest.mark.parametrize("module", [ast, inspect, pytest], ids=lambda module: module.__name__)
def test_walk_of_modules(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    assert walk(tree) == [*filter(is_node, ast.walk(tree))]


def test_children_of_rare_nodes() -> None:
    for node in filter(is_node, ast.walk(ast.parse(RARE + NEWER))):
        assert children(node) == [*filter(is_node, ast.iter_child_nodes(node))], ast.dump(node)
