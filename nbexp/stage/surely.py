"""Which names a cell reads for sure before it binds them: without a value from above it could only fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbexp.stage.scopes import COMPREHENSIONS, FUNCTIONS, bound
from nbexp.stage.trees import children


def surely_read(tree: ast.Module) -> frozenset[str]:
    """The names that every way through a cell reads before the cell binds them.

    Example:
        >>> sorted(surely_read(ast.parse("a = a + 1; b = 2; c = b if d else e; f = [g for g in h]")))
        ['a', 'd', 'h']
    """
    read: set[str] = set()
    _follow(tree.body, read, set())
    return frozenset(read)


def _follow(body: list[ast.stmt], read: set[str], seen: set[str]) -> None:
    """Add what `body` reads for sure to `read`, and what it may bind to `seen`."""
    for statement in body:
        read |= {name for expression in _always(statement) for name in _names(expression)} - seen
        if _enters(statement):
            targets = [node for node in children(statement) if not isinstance(node, ast.stmt)]
            seen |= {*bound(targets).names}
            _follow(statement.body, read, seen)  # type: ignore[attr-defined]
        seen |= {*bound([statement]).names}


def _enters(statement: ast.stmt) -> bool:
    """Whether the body of a statement runs whenever the statement does, and what it raises is raised."""
    if isinstance(statement, ast.With | ast.AsyncWith):
        return True
    if isinstance(statement, ast.Try):
        return not statement.handlers
    if isinstance(statement, ast.While):
        return isinstance(statement.test, ast.Constant) and bool(statement.test.value)
    return isinstance(statement, ast.For) and _has_items(statement.iter)


def _has_items(node: ast.expr) -> bool:
    if isinstance(node, ast.List | ast.Tuple):
        return any(not isinstance(each, ast.Starred) for each in node.elts)
    match node:
        case ast.Call(ast.Name("range"), [ast.Constant(int(count))]):
            return count > 0
    return False


def _always(statement: ast.stmt) -> list[ast.AST]:
    """The expressions that a statement evaluates whenever it is reached."""
    if isinstance(statement, FUNCTIONS):
        arguments = statement.args
        return [*statement.decorator_list, *arguments.defaults, *filter(None, arguments.kw_defaults)]
    if isinstance(statement, ast.ClassDef):
        return [*statement.decorator_list, *statement.bases, *(each.value for each in statement.keywords)]
    if isinstance(statement, ast.If | ast.While | ast.Assert):
        return [statement.test]
    if isinstance(statement, ast.For | ast.AsyncFor):
        return [statement.iter]
    if isinstance(statement, ast.With | ast.AsyncWith):
        return [statement.items[0].context_expr]
    if isinstance(statement, ast.Match):
        return [statement.subject]
    if isinstance(statement, ast.AugAssign):
        own = [ast.Name(statement.target.id, ast.Load())] if isinstance(statement.target, ast.Name) else []
        return [*own, statement.target, statement.value]
    if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Delete | ast.Raise):
        return [each for each in children(statement) if isinstance(each, ast.expr)]
    return []


def _names(expression: ast.AST) -> Iterator[str]:
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store):
                yield node.id
        elif isinstance(node, ast.IfExp):
            pending.append(node.test)
        elif isinstance(node, ast.BoolOp):
            pending.append(node.values[0])
        elif isinstance(node, ast.Compare):
            pending += [node.left, node.comparators[0]]
        elif isinstance(node, COMPREHENSIONS):
            pending.append(node.generators[0].iter)
        elif not isinstance(node, ast.Lambda):
            pending.extend(children(node))
