"""What each kind of statement reads and writes, and where control goes from it: part of the flow analysis (`flow`).

Each handler is given the state before its statement, which it may change, and returns the state after it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from nbexp.stage import assumptions
from nbexp.stage.assumptions import chain_of
from nbexp.stage.definitions import class_definition, function_definition, named_lambda, read_annotation, type_alias
from nbexp.stage.findings import State
from nbexp.stage.items import has_items
from nbexp.stage.namespaces import global_item
from nbexp.stage.scopes import bound
from nbexp.stage.trees import walk

if TYPE_CHECKING:
    from nbexp.stage.flow import Flow


def meet(states: Iterable[State]) -> State:
    """The state where ways come together: what was written on each of them that can be taken at all."""
    reached = [state for state in states if state is not None]
    return set.intersection(*reached) if reached else None


# assignments


def assign_to(flow: Flow, node: ast.expr, state: set[str]) -> None:
    """Something is assigned to (or deleted from) the target `node`."""
    if isinstance(node, ast.Name):
        flow.store(node.id, state)
    elif isinstance(node, ast.Tuple | ast.List):
        for each in node.elts:
            assign_to(flow, each, state)
    elif isinstance(node, ast.Starred):
        assign_to(flow, node.value, state)
    elif isinstance(node, ast.Attribute):
        flow.read(node.value, state)
    elif isinstance(node, ast.Subscript):
        _assign_to_item(flow, node, state)


def _assign_to_item(flow: Flow, node: ast.Subscript, state: set[str]) -> None:
    name = global_item(flow, node)
    if name is None:
        flow.read(node.value, state)
        flow.read(node.slice, state)
    else:
        state.add(name)
        flow.cell.stores[name] = None


def _expression(flow: Flow, node: ast.Expr, state: set[str]) -> State:
    if not isinstance(node.value, ast.Constant):  # a docstring is not evaluated
        flow.read(node.value, state)
    return state


def _assign(flow: Flow, node: ast.Assign | ast.AnnAssign, state: set[str]) -> State:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [each.id for each in targets if isinstance(each, ast.Name)]
    if isinstance(node.value, ast.Lambda) and len(names) == len(targets):
        named_lambda(flow, node.value, names, state)
    elif node.value is not None:
        flow.read(node.value, state)
        for each in targets:
            assign_to(flow, each, state)
    return state


def _annotated(flow: Flow, node: ast.AnnAssign, state: set[str]) -> State:
    if flow.scope.kind != "function":  # a function does not evaluate those of its variables
        read_annotation(flow, node.annotation, state)
    if node.value is None and not isinstance(node.target, ast.Name):
        flow.read_children(node.target, state)
    return _assign(flow, node, state)


def _augmented(flow: Flow, node: ast.AugAssign, state: set[str]) -> State:
    chain = chain_of(node.target)
    if chain is not None:
        flow.load(chain, state)
    flow.read(node.value, state)
    assign_to(flow, node.target, state)
    return state


def _delete(flow: Flow, node: ast.Delete, state: set[str]) -> State:
    for each in node.targets:
        for part in walk(each):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Del):
                flow.load((part.id,), state)
        name = global_item(flow, each) if isinstance(each, ast.Subscript) else None
        if name is not None:
            flow.load_global(name, state)
        assign_to(flow, each, state)
    return state


def _import(flow: Flow, node: ast.Import, state: set[str]) -> State:
    for alias in node.names:
        flow.cell.imports.add(alias.name)
        flow.cell.any_import |= alias.name == "sys" and alias.asname is not None
        flow.note_dynamic("", (alias.name,))
        flow.store(alias.asname or alias.name.partition(".")[0], state)
    return state


def _import_from(flow: Flow, node: ast.ImportFrom, state: set[str]) -> State:
    if node.level:
        flow.cell.dynamic["relative import"] = None
    elif node.module is not None:
        flow.cell.imports.add(node.module)
        flow.cell.candidates.update(f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
        for alias in node.names:
            flow.note_dynamic("", (node.module, alias.name))
    for alias in node.names:
        if alias.name != "*":
            flow.store(alias.asname or alias.name, state)
    return state


# control


def _nothing(flow: Flow, node: ast.stmt, state: set[str]) -> State:
    return state


def _leave(flow: Flow, node: ast.stmt, state: set[str]) -> State:
    flow.read_children(node, state)
    return None


def _assert(flow: Flow, node: ast.Assert, state: set[str]) -> State:
    flow.read_children(node, set(state))  # not evaluated at all under -O
    return state


def _break(flow: Flow, node: ast.Break, state: set[str]) -> State:
    flow.breaks[-1].append(state)
    return None


def _continue(flow: Flow, node: ast.Continue, state: set[str]) -> State:
    flow.continues[-1].append(state)
    return None


def _if(flow: Flow, node: ast.If, state: set[str]) -> State:
    flow.read(node.test, state)
    if isinstance(node.test, ast.Constant):
        return flow.block(node.body if node.test.value else node.orelse, state)
    return meet([flow.block(node.body, set(state)), flow.block(node.orelse, state)])


def _loop(flow: Flow, body: Sequence[ast.stmt], state: set[str]) -> tuple[list[State], list[State]]:
    """One pass through a loop's body: the states in which the next pass begins, and those after a break."""
    flow.breaks.append([])
    flow.continues.append([])
    end = flow.block(body, state)
    return [end, *flow.continues.pop()], flow.breaks.pop()


def _for(flow: Flow, node: ast.For | ast.AsyncFor, state: set[str]) -> State:
    flow.read(node.iter, state)
    inner = set(state)
    assign_to(flow, node.target, inner)
    ends, breaks = _loop(flow, node.body, inner)
    runs = isinstance(node, ast.For) and has_items(flow, node.iter, state)
    return meet([flow.block(node.orelse, meet(ends) if runs else state), *breaks])


def _while(flow: Flow, node: ast.While, state: set[str]) -> State:
    flow.read(node.test, state)
    _, breaks = _loop(flow, node.body, set(state))
    forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
    return meet([flow.block(node.orelse, None if forever else state), *breaks])


def _try(flow: Flow, node: ast.Try, state: set[str]) -> State:
    """An exception may come at once, so handlers begin with what was written before; ``finally`` does too."""
    start = set(state)
    ways = [flow.block(node.orelse, flow.block(node.body, state))]
    ways += [_handler(flow, handler, set(start)) for handler in node.handlers]
    after = meet(ways)
    if not node.finalbody:
        return after
    last = flow.block(node.finalbody, set(start))
    return None if after is None or last is None else after | last


def _handler(flow: Flow, node: ast.ExceptHandler, state: set[str]) -> State:
    if node.type is not None:
        flow.read(node.type, state)
    if node.name:
        flow.store(node.name, state)
    return flow.block(node.body, state)


def _with(flow: Flow, node: ast.With | ast.AsyncWith, state: set[str]) -> State:
    """After a context manager that may swallow an exception, only what stood before its body is sure."""
    swallowed: State = None
    for item in node.items:
        flow.read(item.context_expr, state)
        if isinstance(item.optional_vars, ast.Name):
            flow.store(item.optional_vars.id, state)
        if swallowed is None and not flow.cell.trusts(assumptions.transparent(item.context_expr)):
            swallowed = set(state)
        if item.optional_vars is not None:
            assign_to(flow, item.optional_vars, state)
    return meet([flow.block(node.body, state), swallowed])


def _match(flow: Flow, node: ast.Match, state: set[str]) -> State:
    flow.read(node.subject, state)
    ways: list[State] = []
    for case in node.cases:
        inner = set(state)
        flow.read(case.pattern, inner)
        for name in bound([case.pattern]).names:
            flow.store(name, inner)
        if case.guard is not None:
            flow.read(case.guard, inner)
        ways.append(flow.block(case.body, inner))
        if case.guard is None and _matches_all(case.pattern):
            return meet(ways)
    return meet([*ways, state])


def _matches_all(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _matches_all(pattern.pattern))


#: What to do with a statement, by its class; each handler is given statements of that class only.
STATEMENTS: dict[type[ast.stmt], Callable[..., State]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.AnnAssign: _annotated,
    ast.Delete: _delete,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _nothing,
    ast.Nonlocal: _nothing,
    ast.Pass: _nothing,
    ast.Raise: _leave,
    ast.Return: _leave,
    ast.Assert: _assert,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: _match,
    ast.FunctionDef: function_definition,
    ast.AsyncFunctionDef: function_definition,
    ast.ClassDef: class_definition,
    **({ast.TypeAlias: type_alias} if hasattr(ast, "TypeAlias") else {}),
}
