"""What each kind of expression reads, in the order in which Python evaluates it: part of the flow analysis (`flow`)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from nbexp.stage.assumptions import chain_of
from nbexp.stage.namespaces import asks_for_name, global_item
from nbexp.stage.scopes import Scope, bound, defaults
from nbexp.stage.strings import names_in_text
from nbexp.stage.trees import walk

if TYPE_CHECKING:
    from nbexp.stage.flow import Flow

_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


#: Attributes through which code reaches objects that it has no name for, in the notebook or a module.
_ANY_OBJECT = frozenset({"__subclasses__", "f_globals", "f_locals", "get_objects", "get_referrers"})


def _name(flow: Flow, node: ast.Name, state: set[str]) -> None:
    flow.load((node.id,), state)


def _attribute(flow: Flow, node: ast.Attribute, state: set[str]) -> None:
    if node.attr in _ANY_OBJECT:
        flow.cell.dynamic[node.attr] = None
        flow.cell.any_import = True
    chain = chain_of(node)
    if chain is None:
        flow.read(node.value, state)
    else:
        flow.load(chain, state)


def _constant(flow: Flow, node: ast.Constant, state: set[str]) -> None:
    if type(node.value) is str:
        for chain in names_in_text(node.value):
            flow.load(chain, state, textual=True)


def _named(flow: Flow, node: ast.NamedExpr, state: set[str]) -> None:
    flow.read(node.value, state)
    flow.store(node.target.id, state)


def _maybe(flow: Flow, state: set[str]) -> set[str]:
    """The state for a part that may not be evaluated: what it binds is not sure afterwards."""
    return set(state) if flow.cell.branching else state


def _boolean(flow: Flow, node: ast.BoolOp, state: set[str]) -> None:
    flow.read(node.values[0], state)
    inner = _maybe(flow, state)
    for each in node.values[1:]:
        flow.read(each, inner)


def _conditional(flow: Flow, node: ast.IfExp, state: set[str]) -> None:
    flow.read(node.test, state)
    one, other = _maybe(flow, state), _maybe(flow, state)
    flow.read(node.body, one)
    flow.read(node.orelse, other)
    state |= one & other


def _compare(flow: Flow, node: ast.Compare, state: set[str]) -> None:
    if asks_for_name(flow, node, state):
        return
    flow.read(node.left, state)
    flow.read(node.comparators[0], state)
    inner = _maybe(flow, state)
    for each in node.comparators[1:]:
        flow.read(each, inner)


def _subscript(flow: Flow, node: ast.Subscript, state: set[str]) -> None:
    name = global_item(flow, node)
    if name is not None:
        flow.load_global(name, state)
        return
    module = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if chain_of(node.value) == ("sys", "modules") and isinstance(module, str) and module != "__main__":
        flow.cell.imports.add(module)
    else:
        flow.read(node.value, state)
    flow.read(node.slice, state)


def _lambda(flow: Flow, node: ast.Lambda, state: set[str]) -> None:
    for value in defaults(node.args):
        flow.read(value, state)
    flow.count_all(flow.cell.reads(node, flow.scope), state)


def _comprehension(flow: Flow, node: _Comprehension, state: set[str]) -> None:
    """The first iterable belongs to the scope around; the rest runs once per item, maybe never."""
    flow.read(node.generators[0].iter, state)
    outside, inner = flow.scope, _maybe(flow, state)
    names = {name for each in node.generators for name in bound([each.target]).names}
    flow.scope = Scope("comprehension", outside, {outside.mangled(name) for name in names}, owner=outside.owner)
    for position, each in enumerate(node.generators):
        if position:
            flow.read(each.iter, inner)
        _target(flow, each.target, inner)
        for test in each.ifs:
            flow.read(test, inner)
    for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
        flow.read(part, inner)
    flow.scope = outside


def _target(flow: Flow, node: ast.expr, state: set[str]) -> None:
    """What the target of a comprehension reads: ``for cache[key] in rows``, hardly ever."""
    if not isinstance(node, ast.Name):
        for part in walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                flow.load((part.id,), state)


#: What to do with an expression, by its class; each handler is given expressions of that class only.
READERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Constant: _constant,
    ast.NamedExpr: _named,
    ast.BoolOp: _boolean,
    ast.IfExp: _conditional,
    ast.Compare: _compare,
    ast.Subscript: _subscript,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
}
