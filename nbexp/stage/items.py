"""Whether a loop surely runs at least once, so that what its body binds is bound afterwards (part of `flow`)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nbexp.stage.assumptions import keeper

if TYPE_CHECKING:
    from nbexp.stage.flow import Flow


def has_items(flow: Flow, node: ast.expr, state: set[str]) -> bool:
    """Whether iterating over `node`, evaluated at a point with `state`, gives at least one item for sure.

    Example:
        ``range(3)``, ``[a, b]``, ``enumerate("ab")`` have; ``rows`` and ``[*rows]`` may have none.
    """
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return any(not isinstance(each, ast.Starred) for each in node.elts)
    if isinstance(node, ast.Dict):
        return any(key is not None for key in node.keys)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes) and len(node.value) > 0
    if isinstance(node, ast.Name):
        value = _single(flow, node, state)
        return isinstance(value, ast.Tuple | ast.Constant) and has_items(flow, value, state)
    return isinstance(node, ast.Call) and bool(node.args) and _call_has_items(flow, node, state)


def _single(flow: Flow, node: ast.Name, state: set[str]) -> ast.expr | None:
    """The one value that the cell ever gives to a name, if the name surely has it here."""
    known = node.id in state and flow.scope.is_global(node.id) and node.id not in flow.cell.stores
    return flow.cell.single.get(node.id) if known else None


def _call_has_items(flow: Flow, node: ast.Call, state: set[str]) -> bool:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in ("range", "trange"):
        return _counts(flow, node.args, state) and flow.cell.trusts((name,))
    if name == "zip":
        return all(has_items(flow, each, state) for each in node.args) and flow.cell.trusts((name,))
    return has_items(flow, node.args[0], state) and flow.cell.trusts(keeper(node))


def _counts(flow: Flow, arguments: list[ast.expr], state: set[str]) -> bool:
    """Whether a range with these arguments has a number in it."""
    numbers = [number for each in arguments if (number := _number(flow, each, state)) is not None]
    return len(numbers) == len(arguments) <= 3 and 0 not in numbers[2:] and len(range(*numbers)) > 0


def _number(flow: Flow, node: ast.expr, state: set[str]) -> int | None:
    if isinstance(node, ast.Name):
        value = _single(flow, node, state)
        return _number(flow, value, state) if isinstance(value, ast.Constant) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _number(flow, node.operand, state)
        return None if number is None else -number
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None
