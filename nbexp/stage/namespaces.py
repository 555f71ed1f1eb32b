"""Code that asks for names by text: ``globals()["x"]``, ``"x" in globals()``, ``eval("a + b")`` (part of `flow`).

With a constant text these read one name; with any other every variable counts.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from nbexp.stage.assumptions import chain_of
from nbexp.stage.parsing import parse_expression
from nbexp.stage.trees import walk

if TYPE_CHECKING:
    from nbexp.stage.flow import Flow

_NAMESPACES = frozenset({"globals", "locals", "vars", "dir"})


def is_namespace(flow: Flow, node: ast.AST) -> bool:
    """Whether `node` is ``globals()``, or ``locals()``, ``vars()``, ``dir()`` at top level."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)) or node.args or node.keywords:
        return False
    name = node.func.id
    outside = name == "globals" or flow.scope.kind == "module"
    return name in _NAMESPACES and outside and _is_builtin(flow, name)


def _is_builtin(flow: Flow, name: str) -> bool:
    return flow.scope.is_global(name) and name not in flow.cell.top.names


def text_of(node: ast.AST | None) -> str | None:
    """The value of a constant string; None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def global_item(flow: Flow, node: ast.Subscript) -> str | None:
    """``x`` for ``globals()["x"]``; None for any other item."""
    return text_of(node.slice) if is_namespace(flow, node.value) else None


def asks_for_name(flow: Flow, node: ast.Compare, state: set[str]) -> bool:
    """Count ``"model" in globals()`` as reading one name; False if `node` is something else.

    ``"torch" in sys.modules`` reads none.
    """
    text = text_of(node.left)
    if text is None or len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
        return False
    if is_namespace(flow, node.comparators[0]):
        flow.load_global(text, state)
        return True
    return chain_of(node.comparators[0]) == ("sys", "modules") and text != "__main__"


def namespace_get(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """Count ``globals().get("x", default)`` as reading one name; False if `node` is something else."""
    func, text = node.func, text_of(node.args[0]) if node.args else None
    if text is None or not (isinstance(func, ast.Attribute) and func.attr == "get" and is_namespace(flow, func.value)):
        return False
    flow.load_global(text, state)
    for each in node.args[1:]:
        flow.read(each, state)
    return True


def builtin_call(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """Count a call of a builtin that works on names; False if `node` is something else."""
    if not isinstance(node.func, ast.Name) or node.func.id not in _BUILTINS or not _is_builtin(flow, node.func.id):
        return False
    if not _BUILTINS[node.func.id](flow, node, state):
        return False
    flow.count((node.func.id,), state)
    return True


def _vars(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """``vars(x)`` and ``dir(x)`` look into x; without an argument, inside a function, at its own names."""
    if not node.args and flow.scope.kind != "function":
        return False
    for each in node.args:
        flow.read(each, state)
    return True


def _eval(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """``eval("a + b")`` is that expression; in given namespaces it is read as if it were in this one too.

    Inside a function a name of its own that is not bound yet is looked up among the globals, unlike in plain code.
    """
    text = text_of(node.args[0]) if node.args else None
    try:
        inner = parse_expression(text or "")
    except (SyntaxError, ValueError):
        return False
    if any(isinstance(each, ast.NamedExpr) for each in walk(inner)):
        return False
    outside = flow.scope
    flow.scope = outside if outside.kind in ("module", "class") else flow.cell.module
    flow.read(inner, state)
    flow.scope = outside
    for each in node.args[1:]:
        flow.read(each, state)
    return True


def _getattr(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    """``getattr(module, "name")`` reads that attribute only."""
    chain, name = (chain_of(node.args[0]), text_of(node.args[1])) if len(node.args) > 1 else (None, None)
    if chain is None or name is None:
        return False
    flow.load((*chain, name), state)
    for each in node.args[2:]:
        flow.read(each, state)
    return True


_BUILTINS: dict[str, Callable[[Flow, ast.Call, set[str]], bool]] = {
    "vars": _vars,
    "dir": _vars,
    "locals": _vars,
    "eval": _eval,
    "getattr": _getattr,
}
