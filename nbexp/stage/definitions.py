"""Functions, classes and lambdas: what making them reads now, and what calling them reads later (part of `flow`)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nbexp.stage import assumptions
from nbexp.stage.assumptions import Chain
from nbexp.stage.findings import Definition, State
from nbexp.stage.parsing import parse_expression
from nbexp.stage.scopes import (
    FUNCTIONS,
    FunctionNode,
    Scope,
    bound,
    defaults,
    inner_scope,
    parameters,
    type_parameters,
)
from nbexp.stage.trees import children, walk

if TYPE_CHECKING:
    from nbexp.stage.flow import Flow


def function_definition(flow: Flow, node: FunctionNode, state: set[str]) -> State:
    """``def``: decorators, defaults and annotations are evaluated now; an unknown decorator may call the function."""
    for each in [*node.decorator_list, *defaults(node.args)]:
        flow.read(each, state)
    _annotations(flow, node, state)
    quiet = all(flow.cell.trusts(assumptions.quiet_decorator(each)) for each in node.decorator_list)
    if not (flow.top and quiet):
        flow.count_all(flow.cell.reads(node, flow.scope), state)
    flow.define(node.name, state)
    return state


def named_lambda(flow: Flow, node: ast.Lambda, names: Sequence[str], state: set[str]) -> None:
    """``f = lambda: …`` is a definition too."""
    for value in defaults(node.args):
        flow.read(value, state)
    if not (flow.top and flow.scope.kind == "module"):
        flow.count_all(flow.cell.reads(node, flow.scope), state)
    for name in names:
        flow.define(name, state)


def class_definition(flow: Flow, node: ast.ClassDef, state: set[str]) -> State:
    """``class``: its body runs now, in a scope of its own; unknown decorators and bases may call its methods."""
    outside = flow.scope
    for each in node.decorator_list:
        flow.read(each, state)
    flow.scope = _generic_scope(node, outside)
    for each in [*node.bases, *(keyword.value for keyword in node.keywords)]:
        flow.read(each, state)
    _type_parameters(flow, node, state)
    after = _class_body(flow, node, state)
    flow.scope = outside
    if after is None:
        return None
    if flow.top and not _is_quiet(flow, node):
        flow.count_all(flow.cell.reads(node, outside), after)
    flow.define(node.name, after)
    return after


def _class_body(flow: Flow, node: ast.ClassDef, state: set[str]) -> State:
    own = bound(node.body)
    names = (set(own.names) | own.deleted) - own.outer - own.nonlocals
    flow.classes += 1
    flow.scope = inner_scope("class", flow.scope, names, own.outer, node.name, f"{flow.classes}.")
    flow.scope.unbound = {flow.scope.mangled(name) for name in own.deleted}
    flow.methods.append(named_definitions(node.body))
    after = flow.block(node.body, state)
    flow.methods.pop()
    return after


_NAMED = (*FUNCTIONS, ast.ClassDef)


def _is_quiet(flow: Flow, node: ast.ClassDef) -> bool:
    """Whether making the class calls none of its methods."""
    chains = [assumptions.quiet_decorator(each) for each in node.decorator_list]
    chains += [assumptions.quiet_base(each) for each in node.bases]
    return not node.keywords and all(flow.cell.trusts(chain) for chain in chains)


def type_alias(flow: Flow, node: ast.AST, state: set[str]) -> State:
    """``type X = …`` (Python 3.12): the value is evaluated when somebody asks for it."""
    name, value = node.name, node.value  # type: ignore[attr-defined]  # no such class on 3.11
    outside, flow.scope = flow.scope, _generic_scope(node, flow.scope)
    flow.read(value, state)
    _type_parameters(flow, node, state)
    flow.scope = outside
    flow.store(name.id, state)
    return state


def read_annotation(flow: Flow, node: ast.expr | None, state: set[str]) -> None:
    """An annotation; one in quotes is evaluated by some libraries, so its names count as names in a text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for chain in _names_of_source(node.value):
            flow.load(chain, state, textual=True)
    elif node is not None:
        flow.read(node, state)


def _names_of_source(text: str) -> frozenset[Chain]:
    try:
        tree = parse_expression(text)
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset((node.id,) for node in walk(tree) if isinstance(node, ast.Name))


def _annotations(flow: Flow, node: FunctionNode, state: set[str]) -> None:
    outside, flow.scope = flow.scope, _generic_scope(node, flow.scope)
    for argument in parameters(node.args):
        read_annotation(flow, argument.annotation, state)
    read_annotation(flow, node.returns, state)
    _type_parameters(flow, node, state)
    flow.scope = outside


def _type_parameters(flow: Flow, node: ast.AST, state: set[str]) -> None:
    for parameter in getattr(node, "type_params", ()):
        flow.read_children(parameter, state)


def _generic_scope(node: ast.AST, scope: Scope) -> Scope:
    names = type_parameters(node)
    return Scope("comprehension", scope, names, owner=scope.owner) if names else scope


def statements_of_scope(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements of one scope, those in blocks included, without the bodies of functions and classes."""
    for statement in body:
        yield statement
        if isinstance(statement, _NAMED):
            continue
        for child in children(statement):
            if isinstance(child, ast.stmt):
                yield from statements_of_scope([child])
            elif isinstance(child, ast.ExceptHandler | ast.match_case):
                yield from statements_of_scope(child.body)


def named_definitions(body: Iterable[ast.stmt]) -> dict[str, list[Definition]]:
    """The functions and classes that one scope binds, and lambdas that are given a name at once."""
    found: dict[str, list[Definition]] = {}
    for node in statements_of_scope(body):
        if isinstance(node, _NAMED):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Lambda):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found
