"""Stages that can do nothing but compute: ``batch_size = 2 * base + 1``. There is nothing to watch while they run."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from nbexp.fingerprints.fingerprint import atom
from nbexp.stage.reach import Root

#: Statements and expressions that call no code of anybody's as long as all values are numbers, texts and the like.
_PLAIN = (
    ast.Module, ast.Assign, ast.AugAssign, ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.unaryop,
    ast.boolop, ast.cmpop, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr,
    ast.FormattedValue, ast.Tuple, ast.List, ast.Set, ast.Dict,
)  # fmt: skip


def only_computes(tree: ast.Module, roots: Iterable[Root]) -> bool:
    """Whether a cell can print, show, read, draw, set and start nothing, whatever its values.

    Args:
        tree: Its body. roots: What it reads, before it runs.

    Example:
        >>> only_computes(ast.parse("c = a + 1"), [])
        True
        >>> only_computes(ast.parse("c = f(1)"), [])
        False
    """
    return all(atom(root.value) for root in roots) and all(isinstance(node, _PLAIN) for node in ast.walk(tree))
